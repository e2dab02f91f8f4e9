// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * From an address to the block that it lies in.
 *
 * The range from the first block to the last is cut into buckets of equal size, some two for each
 * block.  A bucket knows the first block that starts in it or later; the few of one bucket are
 * searched by halves.
 */
#ifndef REACH_INDEX_H
#define REACH_INDEX_H

#include "reach/reach.h"

struct block_index {
    const char *blocks; ///< struct reach_block each
    size_t stride;      ///< bytes from one to the next
    uint32_t count;
    uint32_t shift; ///< log2 of a bucket's bytes
    uint64_t low;   ///< first byte of the first block
    uint64_t size;  ///< bytes from there to the end of the last one
    size_t bucket_count;
    uint32_t *firsts; ///< bucket_count + 1 of them: index of the first block from there on
    size_t memory_size;
};

/// `stride` as in the input; 0: nothing lies between. False: no memory.
bool block_index_init(
    struct block_index *index, const struct reach_block *blocks, size_t count, size_t stride);
void block_index_release(struct block_index *index);

/// Bytes of a block that can be pointed at.
ALWAYS_INLINE uint64_t block_extent(const struct reach_block *block)
{
    return block->size == 0 ? 1 : block->size;
}

/// Where a block's description lies, to be fetched ahead.
ALWAYS_INLINE const void *block_index_place(const struct block_index *index, uint32_t block)
{
    return index->blocks + block * index->stride;
}

/// A block by its number.
ALWAYS_INLINE struct reach_block block_index_get(const struct block_index *index, uint32_t block)
{
    struct reach_block found;
    memcpy(&found, index->blocks + block * index->stride, sizeof(found));
    return found;
}

/// The last of the blocks [first, end) that starts at `address` or before; first - 1: none.
uint32_t block_index_last_before(
    const struct block_index *index, uint32_t first, uint32_t end, uint64_t address);

/// The block of an address that is covered, or REACH_NO_BLOCK.
ALWAYS_INLINE uint32_t block_index_find(const struct block_index *index, uint64_t address)
{
    const size_t bucket = (address - index->low) >> index->shift;
    const uint32_t first = index->firsts[bucket];
    const uint32_t end = index->firsts[bucket + 1];
    // The one before the bucket may reach into it.
    uint32_t found = first - 1;
    if (first != end) {
        found = block_index_last_before(index, first, end, address);
    }
    if (found == UINT32_MAX) {
        return REACH_NO_BLOCK;
    }
    const struct reach_block block = block_index_get(index, found);
    return address - block.start < block_extent(&block) ? found : REACH_NO_BLOCK;
}

#endif
