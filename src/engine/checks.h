// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Fill patterns of heaps with HALDE_CHECK_*: bytes behind a block's user size, bytes of freed
 * blocks.
 *
 * Such heaps are serial: every operation holds the mutex.  Blocks of LARGE_ALONE_SIZE and more have
 * no tail, as on Windows.
 */
#ifndef ENGINE_CHECKS_H
#define ENGINE_CHECKS_H

#include "engine/block.h"

enum {
    TAIL_SIZE = 16,
    TAIL_BYTE = 0xab,
};

/// Bytes that a request takes more for the heap's checks.
ALWAYS_INLINE size_t checks_extra(const struct heap *heap)
{
    return (heap->checks & HALDE_CHECK_TAIL) != 0 ? TAIL_SIZE : 0;
}

/// A block was given out or resized: fills what is new (0xBAADF00D, when fills are on) and its
/// tail.
void checks_block_given(const struct block *block, const void *data, size_t old_size);
/// A block is about to be freed: fills it.
void checks_block_freed(const struct block *block, void *data);
/// Part of a block was given back in place: fills it.
void checks_range_freed(const struct heap *heap, uintptr_t start, uintptr_t end);
/// Fills a fresh span, whose blocks count as freed.
void checks_span_created(const struct slice *span);

/// Checks a busy block's tail. HALDE_OK or HALDE_BLOCK_DAMAGED.
enum halde_status checks_tail(
    const struct block *block, const void *data, struct halde_damage *damage);
/// Checks freed memory. HALDE_OK or HALDE_BLOCK_DAMAGED.
enum halde_status checks_freed(const void *data, size_t size, struct halde_damage *damage);

#endif
