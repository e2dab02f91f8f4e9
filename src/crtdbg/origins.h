// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Origins: where in its sources a program asked for a block.  A debug block's record has room for a
 * number; what it stands for is kept here once, however many blocks come from there: the pointer to
 * the file's name as the program gave it, a copy of the name, the line.
 *
 * Origins are found by pointer, line and copy: another module may come to have its own name where
 * that of an unloaded one was.  They never change or go.  The table grows up to ORIGINS_MAX; when
 * it is full, or there is no memory for it, a block has no origin.
 *
 * Threads: any, in a section (section.h), so that fork finds the lock free.  Finding takes no lock;
 * adding does.
 */
#ifndef CRTDBG_ORIGINS_H
#define CRTDBG_ORIGINS_H

#include "base/compiler.h"

enum {
    ORIGIN_NONE = 0,    ///< no file, line 0
    ORIGIN_IGNORED = 1, ///< what Microsoft's heap notes for a block that it does not track
    ORIGINS_MAX = 1 << 20,
};

struct origin {
    const char *file; ///< as the program gave it; perhaps of a module that is gone by now; or NULL
    const char *copy; ///< of the name, or NULL
    int32_t line;
    uint32_t next; ///< number of an older one with the same hash, or 0
};

/// The number of a place that is not ORIGIN_NONE's, made when it is new. In a section.
uint32_t origin_find(const char *file, int32_t line);

/// The number of any place. In a section.
ALWAYS_INLINE uint32_t origin_number(const char *file, int32_t line)
{
    return LIKELY(file == NULL && line == 0) ? ORIGIN_NONE : origin_find(file, line);
}

/// What a number stands for. Constant for ever, never NULL. Any thread.
const struct origin *origin_of_number(uint32_t number);

/// Where the address of the origins stands, 0 before the first one: for readers outside of the
/// process.  An origin's number is its index.
const void *origins_place(void);

#endif
