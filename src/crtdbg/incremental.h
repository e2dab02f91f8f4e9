// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Incremental checks: each operation of the debug heap pays for looking at a few blocks, the next
 * ones of a round through the whole heap, in place of looking at all of them every so many
 * operations.
 *
 * The heap is stopped for a batch of blocks at a time, so an operation looks at none or at a batch:
 * what it pays is bounded, whatever the heap holds.  A damaged block is found at most as many
 * operations later as there are blocks, divided by the count.
 */
#ifndef CRTDBG_INCREMENTAL_H
#define CRTDBG_INCREMENTAL_H

#include "base/compiler.h"

enum {
    INCREMENTAL_COUNT_MAX = 4096, ///< blocks of an operation
};

/// Reads the options. Called once, early.
void incremental_init(void);

/// Blocks that each operation checks; 0: none. Any thread, relaxed.
extern HIDDEN _Atomic(size_t) incremental_count;

/// Whether operations check a few blocks each.
ALWAYS_INLINE bool incremental_is_on(void)
{
    return atomic_load_explicit(&incremental_count, memory_order_relaxed) != 0;
}

/// Checks the next blocks and reports what is wrong with them.
void incremental_check(void);

#endif
