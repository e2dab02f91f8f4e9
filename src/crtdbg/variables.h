// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The variables of the debug heap that programs may see: flag word, break number, hooks.
 *
 * Programs assign to them at will: every access of ours is an atomic one, relaxed for numbers,
 * acquire and release for functions.
 */
#ifndef CRTDBG_VARIABLES_H
#define CRTDBG_VARIABLES_H

#include "crtdbg/api.h"

#include "base/compiler.h"

/// The library's own _CrtDefaultAllocHook(), by a name that nobody can take over.
HIDDEN int debug_allow_all(int operation, void *block, size_t size, int block_use, long request,
    const unsigned char *file, int line);

#endif
