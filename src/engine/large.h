// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Large blocks: beyond the last size class, slices of their own.
 *
 * Below LARGE_ALONE_SIZE they lie inside the heap's regions, from there on outside, straight from
 * the pool, and come last in a walk.  The descriptor of the first slice holds the user size.  All
 * central.
 */
#ifndef ENGINE_LARGE_H
#define ENGINE_LARGE_H

#include "engine/pool.h"

ALWAYS_INLINE bool slice_is_large(const struct slice *slice)
{
    return slice_kind(slice) == SLICE_LARGE || slice_kind(slice) == SLICE_ALONE;
}

ALWAYS_INLINE void *large_block(const struct slice *slice)
{
    return (void *)(slice_address(slice) + slice->first_offset);
}

/// Bytes a large block may grow to without more slices.
ALWAYS_INLINE size_t large_capacity(const struct slice *slice)
{
    return ((size_t)slice->slice_count << SLICE_SHIFT) - slice->first_offset;
}

/// Allocates `size` bytes, of which `user_size` are the caller's; `alignment` is a power of two.
/// `is_clean` receives whether all bytes are zero. NULL: no memory.
void *large_alloc(
    struct heap *heap, size_t size, size_t user_size, size_t alignment, bool *is_clean);
void large_free(struct heap *heap, struct slice *slice);
/// Resizes in place. `may_extend`: slices behind it may be taken. Returns false when it cannot be.
bool large_resize(
    struct heap *heap, struct slice *slice, size_t size, size_t user_size, bool may_extend);
/// Makes a block zero by giving its memory back, if it is so large that this pays. Returns whether
/// it is zero.
bool large_zero(struct slice *slice);
/// Releases the blocks outside of regions when the heap is destroyed.
void large_release_all(struct heap *heap);
/// Copies `size` bytes between two large blocks, by moving pages where that is faster.
void large_copy(const struct slice *from, const struct slice *to, size_t size);

#endif
