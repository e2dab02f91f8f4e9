// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "reach/index.h"

#include "base/bits.h"
#include "reach/pages.h"

enum {
    BUCKETS_PER_BLOCK = 2,
    BUCKETS_MIN = 64,
    SHIFT_MIN = 4, // no two blocks are closer than 16 bytes
};

// The smallest buckets of which there are not too many.
static uint32_t choose_shift(uint64_t size, size_t block_count)
{
    const uint64_t limit = size_max(block_count * BUCKETS_PER_BLOCK, BUCKETS_MIN);
    uint32_t shift = SHIFT_MIN;
    while (size >> shift >= limit) {
        shift++;
    }
    return shift;
}

static void fill_buckets(struct block_index *index)
{
    size_t bucket = 0;
    for (uint32_t i = 0; i < index->count; i++) {
        const size_t own = (block_index_get(index, i).start - index->low) >> index->shift;
        while (bucket <= own && bucket <= index->bucket_count) {
            index->firsts[bucket++] = i;
        }
    }
    while (bucket <= index->bucket_count) {
        index->firsts[bucket++] = index->count;
    }
}

bool block_index_init(
    struct block_index *index, const struct reach_block *blocks, size_t block_count, size_t stride)
{
    *index = (struct block_index){
        .blocks = (const char *)blocks,
        .stride = stride != 0 ? stride : sizeof(*blocks),
        .count = (uint32_t)block_count,
    };
    if (block_count == 0) {
        return true;
    }
    const struct reach_block last = block_index_get(index, index->count - 1);
    index->low = block_index_get(index, 0).start;
    index->size = last.start - index->low + block_extent(&last);
    index->shift = choose_shift(index->size, block_count);
    index->bucket_count = ((index->size - 1) >> index->shift) + 1;
    index->memory_size = (index->bucket_count + 1) * sizeof(*index->firsts);
    index->firsts = pages_take(index->memory_size);
    if (index->firsts == NULL) {
        return false;
    }
    fill_buckets(index);
    return true;
}

void block_index_release(struct block_index *index)
{
    pages_give_back(index->firsts, index->memory_size);
    index->firsts = NULL;
}

uint32_t block_index_last_before(
    const struct block_index *index, uint32_t first, uint32_t end, uint64_t address)
{
    while (first < end) {
        const uint32_t middle = first + (end - first) / 2;
        if (block_index_get(index, middle).start <= address) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    return first - 1;
}
