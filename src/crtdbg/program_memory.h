// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Memory that functions of the API hand to the program: from the debug heap, with the type, file
 * and line of a `_dbg` call, or from the program's own malloc(), as it would get it itself.
 */
#ifndef CRTDBG_PROGRAM_MEMORY_H
#define CRTDBG_PROGRAM_MEMORY_H

#include "base/compiler.h"

/// Whom a block is for.
struct origin {
    bool is_debug; ///< of a `_dbg` call; the rest is then its parameters
    int block_use;
    const char *file;
    int line;
};

#define PLAIN_ORIGIN ((struct origin){.is_debug = false})
#define DEBUG_ORIGIN(block_use, file, line) ((struct origin){true, (block_use), (file), (line)})

/// `count` items of `size` bytes; NULL and errno ENOMEM. For free().
void *program_allocate(struct origin origin, size_t count, size_t size);
/// The same, zeroed.
void *program_allocate_zeroed(struct origin origin, size_t count, size_t size);
/// Frees a block of the same origin.
void program_free(struct origin origin, void *block);

#endif
