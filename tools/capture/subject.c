// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "capture/subject.h"

#include <stdlib.h>

bool subject_open(const struct cli *cli, const char *what, int flags, struct subject *subject)
{
    *subject = (struct subject){0};
    if (!capture_is_snapshot(what)) {
        subject->image = open_image(cli, what, cli_value(cli, "executable"), flags);
        return subject->image != NULL;
    }
    char *error = NULL;
    subject->capture = capture_open(what, &error);
    if (!subject->capture) {
        cli_error(cli, "%s", error);
        free(error);
        return false;
    }
    if (subject->capture->warning) {
        cli_note(cli, "%s: %s", what, subject->capture->warning);
    }
    subject->image = subject->capture->image;
    subject->capture->image = NULL;
    return true;
}

void subject_close(struct subject *subject)
{
    image_destroy(subject->image);
    capture_close(subject->capture);
    *subject = (struct subject){0};
}

bool subject_is_sampled(const struct image *image)
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

struct block_sum subject_estimate(const struct image *image, const struct image_block *block)
{
    if (!subject_is_sampled(image) || !is_recorded(image, block)) {
        return (struct block_sum){1, block->size};
    }
    if (!(block->flags & IMAGE_BLOCK_IS_SAMPLED)) {
        return (struct block_sum){0, 0};
    }
    uint64_t size = block->size ? block->size : 1;
    uint64_t weight = block->weight > size ? block->weight : size;
    return (struct block_sum){share_of(weight, size, block->address), weight};
}
