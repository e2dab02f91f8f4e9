// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * What malloc(), free(), operator new and operator delete inline: the engine's fast paths on the
 * process heap, in this one place.
 */
#ifndef MALLOC_HOT_H
#define MALLOC_HOT_H

#include "engine/fast.h"
#include "malloc/family.h"

/// NULL, with nothing changed, when the fast path will not do.
ALWAYS_INLINE void *hot_alloc(size_t size)
{
    return fast_malloc(size);
}

/// False, with nothing changed, when the fast path will not do: for NULL, too.
ALWAYS_INLINE bool hot_free(void *block)
{
    return fast_free_any(block);
}

#endif
