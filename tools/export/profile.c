// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "export/profile.h"

#include "cli/memory.h"
#include "sites/sites.h"

#include <stdlib.h>

// What the blocks of the image say.
static void add_blocks(struct profile_row *rows, const struct image *image)
{
    for (size_t index = 0; index < image->block_count; index++) {
        const struct image_block *block = &image->blocks[index];
        if (block->kind == IMAGE_BUSY && block->stack < image->stack_count) {
            struct site_sum sum = site_estimate(image, block);
            rows[block->stack].values[PROFILE_LIVE_COUNT] += sum.count;
            rows[block->stack].values[PROFILE_LIVE_SIZE] += sum.bytes;
        }
    }
}

// What was recorded: sums over all intervals, and without an image what is live from them.
static void add_changes(struct profile_row *rows, const struct capture *capture)
{
    for (size_t index = 0; index < capture->change_count; index++) {
        const struct capture_change *change = &capture->changes[index];
        uint64_t *values = rows[change->stack].values;
        values[PROFILE_ALLOCATED_COUNT] += change->allocated_count;
        values[PROFILE_ALLOCATED_SIZE] += change->allocated_size;
        if (!capture->has_image) {
            values[PROFILE_LIVE_COUNT] += change->allocated_count - change->freed_count;
            values[PROFILE_LIVE_SIZE] += change->allocated_size - change->freed_size;
        }
    }
}

static bool has_value(const struct profile_row *row)
{
    uint64_t any = 0;
    for (unsigned value = 0; value < PROFILE_VALUE_COUNT; value++) {
        any |= row->values[value];
    }
    return any != 0;
}

static void keep_rows_with_values(struct profile *profile, size_t count)
{
    for (size_t stack = 0; stack < count; stack++) {
        profile->rows[stack].stack = (uint32_t)stack;
        if (has_value(&profile->rows[stack])) {
            profile->rows[profile->count++] = profile->rows[stack];
        }
    }
}

struct profile *profile_create(const struct subject *subject, struct symbols *symbols)
{
    const struct image *image = subject->image;
    const struct capture *capture = subject->capture;
    struct profile *profile = must_allocate(1, sizeof(*profile));
    profile->image = image;
    profile->symbols = symbols;
    profile->taken_at = image->taken_at;
    profile->rows = must_allocate(image->stack_count + 1, sizeof(*profile->rows));
    add_blocks(profile->rows, image);
    if (capture && capture->interval_count) {
        add_changes(profile->rows, capture);
        profile->has_allocated = true;
        profile->duration_ns = capture->intervals[capture->interval_count - 1].end_ns;
        profile->taken_at = capture->process.started_at;
    }
    keep_rows_with_values(profile, image->stack_count);
    return profile;
}

void profile_destroy(struct profile *profile)
{
    if (profile) {
        free(profile->rows);
        free(profile);
    }
}

uint64_t profile_total(const struct profile *profile, enum profile_value value)
{
    uint64_t total = 0;
    for (size_t row = 0; row < profile->count; row++) {
        total += profile->rows[row].values[value];
    }
    return total;
}

static bool is_allocator(const struct profile *profile, uint64_t address)
{
    const struct symbol_frame *frames;
    size_t count = symbols_find(profile->symbols, address, true, &frames);
    for (size_t index = 0; index < count; index++) {
        if (!frames[index].is_allocator) {
            return false;
        }
    }
    return true;
}

const uint64_t *profile_frames(const struct profile *profile, uint32_t stack, size_t *count)
{
    const uint64_t *frames = image_frames(profile->image, stack, count);
    size_t first = 0;
    while (first < *count && is_allocator(profile, frames[first])) {
        first++;
    }
    // Of a stack that is all the allocator's, something has to be left.
    first = first == *count ? 0 : first;
    *count -= first;
    return frames ? frames + first : NULL;
}
