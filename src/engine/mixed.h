// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The mixed span: where a heap starts.
 *
 * The first slice of a growable heap, or all slices of a small fixed-size one, hold blocks of all
 * sizes. A map, out of band, has one byte per 16-byte granule: 0 free, the state where a block
 * starts, STATE_CONTINUATION for its other granules.  Allocation bumps `top` or takes the first
 * free granules that fit; freed neighbours are one free range at once, because nothing separates
 * them.
 *
 * Every block has at least MIXED_OVERHEAD bytes behind its user size, as on Windows.
 * Central: the caller has the heap's mutex or its bias.
 */
#ifndef ENGINE_MIXED_H
#define ENGINE_MIXED_H

#include "engine/pool.h"

#include <string.h>

/// Prepares the span for `limit_size` bytes from the region's start on.
void mixed_init(struct heap *heap, size_t limit_size, size_t header_size);
/// Tells the span how many bytes of its region are reported as committed.
ALWAYS_INLINE void mixed_set_committed(struct heap *heap, size_t size)
{
    size_t granules = size >> GRANULE_SHIFT;
    heap->mixed.committed = granules < heap->mixed.limit ? (uint32_t)granules : heap->mixed.limit;
}

/// Gives the map back, when it is not the one inside the heap.
void mixed_release(struct heap *heap);

/// Bytes a request takes here.
ALWAYS_INLINE size_t mixed_block_size(size_t size)
{
    return bits_round_up(size_max(size, GRANULE_SIZE) + MIXED_OVERHEAD, GRANULE_SIZE);
}

/// Allocates room for `size` bytes, of which `user_size` are the caller's, at a multiple of
/// `alignment` (a power of two, at least GRANULE_SIZE). NULL when nothing fits.
void *mixed_alloc(struct heap *heap, size_t size, size_t user_size, size_t alignment);
/// The quick case of mixed_alloc(): a small block above all others, where memory is reported as
/// committed and mapped already, and nothing was freed below.  NULL: not that case.
ALWAYS_INLINE void *mixed_bump(struct heap *heap, size_t size)
{
    enum {
        MARK_SIZE = 32
    }; // continuation bytes stored at once; above `top` the map's bytes mean nothing
    struct mixed *mixed = &heap->mixed;
    uint32_t count = (uint32_t)(mixed_block_size(size) >> GRANULE_SHIFT);
    uint32_t granule = mixed->top;
    uint32_t end = granule + count;
    bool is_quick = mixed->free_count == 0 && count <= MARK_SIZE &&
                    granule + MARK_SIZE < mixed->map_count &&
                    end + (2 * REGION_HEADER_SIZE >> GRANULE_SHIFT) <= mixed->committed;
    if (!is_quick) {
        return NULL;
    }
    memset(mixed->map + granule + 1, STATE_CONTINUATION, MARK_SIZE);
    mixed->map[granule] = (uint8_t)(((size_t)count << GRANULE_SHIFT) - size + 1);
    mixed->top = end;
    mixed->high = end > mixed->high ? end : mixed->high;
    return (void *)(heap->handle + ((uintptr_t)granule << GRANULE_SHIFT));
}

/// Frees the block that starts at a granule.
void mixed_free(struct heap *heap, uint32_t granule);
/// Resizes in place; sizes as in mixed_alloc(). Returns false when it cannot be; then nothing has
/// changed.
bool mixed_resize(struct heap *heap, uint32_t granule, size_t size, size_t user_size);

/// Granules of the block that starts at `granule`.
uint32_t mixed_block_granules(const struct mixed *mixed, uint32_t granule);
/// The first granule from `granule` on, up to `end`, whose byte is not `value`.
uint32_t mixed_skip(const struct mixed *mixed, uint32_t granule, uint32_t end, uint8_t value);
/// Whether a state byte is the start of a busy block.
ALWAYS_INLINE bool mixed_is_start(uint8_t state)
{
    return state != 0 && state != STATE_CONTINUATION;
}

#endif
