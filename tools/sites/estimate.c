// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// What sampled blocks stand for.

#include "sites/sites.h"

bool site_is_sampled(const struct image *image)
{
    return image->sample_interval != 0;
}

static bool is_recorded(const struct image *image, const struct image_block *block)
{
    return block->heap < image->heap_count && image->heaps[block->heap].is_recorded;
}

// How often `part` goes into `whole`, rounded up as often as the rest demands: which blocks are
// rounded up follows from their addresses, so that many small shares add up to the right sum.
static uint64_t share_of(uint64_t whole, uint64_t part, uint64_t address)
{
    static const uint64_t GOLDEN_RATIO =
        0x9e3779b97f4a7c15; // of 2^64: multiples of it are evenly spread
    double rest = (double)(whole % part) / (double)part;
    double draw = (double)(address * GOLDEN_RATIO >> 11) * 0x1p-53;
    return whole / part + (draw < rest);
}

struct site_sum site_estimate(const struct image *image, const struct image_block *block)
{
    if (!site_is_sampled(image) || !is_recorded(image, block)) {
        return (struct site_sum){1, block->size};
    }
    if (!(block->flags & IMAGE_BLOCK_IS_SAMPLED)) {
        return (struct site_sum){0, 0};
    }
    uint64_t size = block->size ? block->size : 1;
    uint64_t weight = image_detail(image, block)->weight;
    weight = weight > size ? weight : size;
    return (struct site_sum){share_of(weight, size, block->address), weight};
}
