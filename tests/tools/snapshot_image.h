// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** Images made up from a seed, and whether two images say the same. */
#ifndef TESTS_SNAPSHOT_IMAGE_H
#define TESTS_SNAPSHOT_IMAGE_H

#include "check.h"

#include "image/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct dice {
    uint64_t state;
};

static inline uint64_t roll(struct dice *dice)
{
    dice->state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t value = dice->state;
    value = (value ^ value >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ value >> 27) * UINT64_C(0x94D049BB133111EB);
    return value ^ value >> 31;
}

/// Mostly small, sometimes anything, sometimes the greatest.
static inline uint64_t roll_value(struct dice *dice)
{
    uint64_t value = roll(dice);
    switch (roll(dice) % 8) {
    case 0:
        return 0;
    case 1:
        return value;
    case 2:
        return UINT64_MAX;
    default:
        return value % 1000;
    }
}

static inline uint32_t made_string(struct image *image, struct dice *dice, const char *what)
{
    char text[64];
    if (roll(dice) % 4 == 0) {
        return 0;
    }
    snprintf(text, sizeof(text), "%s-%u\xff\n", what, (unsigned)(roll(dice) % 20));
    return image_add_string(image, text);
}

static inline void make_modules(struct image *image, struct dice *dice)
{
    for (unsigned index = 0; index < 7; index++) {
        struct image_module module;
        memset(&module, 0, sizeof(module)); // its padding, too
        module.start = 0x400000 + index * 0x200000;
        module.end = 0x400000 + index * 0x200000 + 0x100000;
        module.bias = roll_value(dice);
        module.path = made_string(image, dice, "module");
        module.build_id_size = (uint8_t)(roll(dice) % 21);
        for (unsigned byte = 0; byte < module.build_id_size; byte++) {
            module.build_id[byte] = (uint8_t)roll(dice);
        }
        image_add_module(image, &module);
    }
}

static inline void make_mappings(struct image *image, struct dice *dice)
{
    for (unsigned index = 0; index < 40; index++) {
        struct image_mapping mapping;
        memset(&mapping, 0, sizeof(mapping)); // its padding, too
        mapping.start = 0x10000000 + index * 0x40000ull;
        mapping.end = 0x10000000 + index * 0x40000ull + 0x20000;
        mapping.offset = roll_value(dice);
        mapping.path = made_string(image, dice, "mapping");
        mapping.is_readable = roll(dice) % 2;
        mapping.is_writable = roll(dice) % 2;
        mapping.is_executable = roll(dice) % 2;
        mapping.is_shared = roll(dice) % 2;
        image_add_mapping(image, &mapping);
    }
}

static inline void make_threads(struct image *image, struct dice *dice)
{
    for (unsigned index = 0; index < 5; index++) {
        struct image_thread thread;
        memset(&thread, 0, sizeof(thread)); // its padding, too
        thread.id = (uint32_t)roll_value(dice);
        thread.name = made_string(image, dice, "thread");
        thread.stack_pointer = roll_value(dice);
        thread.thread_pointer = roll_value(dice);
        thread.register_count = (uint32_t)(roll(dice) % 33);
        for (unsigned number = 0; number < thread.register_count; number++) {
            thread.registers[number] = roll_value(dice);
        }
        image_add_thread(image, &thread);
    }
}

static inline void make_stacks(struct image *image, struct dice *dice, unsigned count)
{
    uint64_t frames[100];
    for (unsigned index = 0; index < count; index++) {
        size_t depth = 1 + roll(dice) % 100;
        // The outer half is shared, as it is in programs.
        for (size_t frame = 0; frame < depth; frame++) {
            uint64_t place = frame * 2 > depth ? (depth - frame) * 16 : roll(dice) % 0x1000000;
            frames[frame] = 0x400000 + place;
        }
        image_add_stack(image, frames, depth);
    }
}

static inline void make_heaps(struct image *image, struct dice *dice, unsigned count)
{
    for (unsigned index = 0; index < count; index++) {
        struct image_region regions[3];
        struct image_heap heap;
        memset(&heap, 0, sizeof(heap)); // its padding, too
        heap.handle = roll(dice);
        heap.name = made_string(image, dice, "heap");
        heap.flags = (uint32_t)roll_value(dice);
        heap.checks = (uint32_t)roll_value(dice);
        heap.is_process_heap = roll(dice) % 2;
        heap.is_debug_heap = roll(dice) % 2;
        heap.is_recorded = roll(dice) % 2;
        heap.is_exact = roll(dice) % 2;
        heap.locked_by = (uint32_t)roll_value(dice);
        heap.maximum_size = roll_value(dice);
        heap.reserved_size = roll_value(dice);
        heap.committed_size = roll_value(dice);
        heap.resident_size = roll_value(dice);
        heap.busy_count = roll_value(dice);
        heap.busy_size = roll_value(dice);
        heap.slack_size = roll_value(dice);
        heap.free_size = roll_value(dice);
        heap.cached_size = roll_value(dice);
        heap.largest_free_size = roll_value(dice);
        heap.large_count = roll_value(dice);
        heap.large_size = roll_value(dice);
        heap.region_count = (uint32_t)(roll(dice) % 4);
        heap.regions = regions;
        for (unsigned region = 0; region < 3; region++) {
            regions[region] =
                (struct image_region){roll_value(dice), roll_value(dice), roll_value(dice)};
        }
        image_add_heap(image, &heap);
    }
}

/// Blocks that lie as in a heap: of a few sizes, side by side.
static inline void make_blocks(struct image *image, struct dice *dice, size_t count)
{
    uint64_t address = 0x7f0000000000;
    uint32_t file = made_string(image, dice, "file.c");
    for (size_t index = 0; index < count; index++) {
        uint64_t size = 16 + roll(dice) % 3 * 48;
        struct image_block block = {
            .address = address,
            .size = size - roll(dice) % 16,
            .time_ns = index * 1000 + roll(dice) % 1000000,
            .heap = image->heap_count ? (uint32_t)(roll(dice) % image->heap_count) : 0,
            .stack = (uint32_t)(roll(dice) % image->stack_count),
            .thread_id = (uint32_t)(1000 + roll(dice) % 4),
            .kind = (uint8_t)(roll(dice) % 16 ? IMAGE_BUSY : roll(dice) % 5),
            .flags = (uint8_t)roll(dice),
            .class_ = (uint8_t)(roll(dice) % 5),
        };
        struct image_detail detail = {
            .number = index,
            .gap = (uint32_t)(roll(dice) % 2 * 16),
            .file = roll(dice) % 4 ? file : 0,
            .line = (int32_t)roll_value(dice),
            .weight = (uint32_t)roll_value(dice),
            .type = (uint16_t)(roll(dice) % 5),
            .subtype = (uint16_t)roll_value(dice),
        };
        bool has_detail = roll(dice) % 8 != 0;
        block.slack = (uint32_t)(size - block.size);
        image_add_block(image, &block, has_detail ? &detail : NULL);
        address += size + (roll(dice) % 100 == 0 ? 65536 : 0);
    }
}

static inline void make_damages(struct image *image, struct dice *dice)
{
    for (unsigned index = 0; index < 3; index++) {
        struct image_damage damage;
        memset(&damage, 0, sizeof(damage)); // its padding, too
        damage.heap = roll_value(dice);
        damage.block = roll_value(dice);
        damage.address = roll_value(dice);
        damage.text = made_string(image, dice, "damage");
        image_add_damage(image, &damage);
    }
}

static inline void make_leaders(struct image *image, struct dice *dice)
{
    image->leaders = malloc((image->block_count + 1) * sizeof(*image->leaders));
    for (size_t index = 0; index < image->block_count; index++) {
        bool is_other = roll(dice) % 8 == 0;
        image->leaders[index] = (uint32_t)(is_other ? roll(dice) % image->block_count : index);
    }
}

static inline struct image *make_image(
    uint64_t seed, unsigned heaps, unsigned stacks, size_t blocks)
{
    struct dice dice = {seed};
    struct image *image = image_create();
    image->process_id = (uint32_t)roll_value(&dice);
    image->name = image_add_string(image, "program");
    image->command_line = image_add_string(image, "program --with \"arguments\" \xc3\xa4");
    image->mode = image_add_string(image, "exact");
    image->library_version = image_add_string(image, "1.2.3");
    image->taken_at = 1700000000;
    image->time_ns = roll_value(&dice);
    image->pause_ns = roll_value(&dice);
    image->read_size = roll_value(&dice);
    image->resident_size = roll_value(&dice);
    image->sample_interval = roll_value(&dice);
    image->has_free_blocks = roll(&dice) % 2;
    make_modules(image, &dice);
    make_mappings(image, &dice);
    make_threads(image, &dice);
    make_stacks(image, &dice, stacks);
    make_heaps(image, &dice, heaps);
    make_blocks(image, &dice, heaps ? blocks : 0);
    make_damages(image, &dice);
    make_leaders(image, &dice);
    return image;
}

// ---- Comparing ----

static inline bool same_string(
    const struct image *a, uint32_t number_a, const struct image *b, uint32_t number_b)
{
    return strcmp(image_string(a, number_a), image_string(b, number_b)) == 0;
}

static inline bool same_stack(
    const struct image *a, uint32_t number_a, const struct image *b, uint32_t number_b)
{
    size_t count_a;
    size_t count_b;
    const uint64_t *frames_a = image_frames(a, number_a, &count_a);
    const uint64_t *frames_b = image_frames(b, number_b, &count_b);
    return count_a == count_b &&
           (count_a == 0 || memcmp(frames_a, frames_b, count_a * sizeof(*frames_a)) == 0);
}

// Copies a struct with its numbers of strings and stacks cleared, to be compared with memcmp().
#define EXPECT_SAME_BYTES(left, right) EXPECT_TRUE(memcmp(&(left), &(right), sizeof(left)) == 0)

static inline void expect_same_heaps(const struct image *a, const struct image *b)
{
    EXPECT_SIZE(a->heap_count, b->heap_count);
    for (size_t index = 0; index < a->heap_count && index < b->heap_count; index++) {
        struct image_heap left = a->heaps[index];
        struct image_heap right = b->heaps[index];
        EXPECT_TRUE(same_string(a, left.name, b, right.name));
        EXPECT_SIZE(left.region_count, right.region_count);
        if (left.region_count == right.region_count && left.region_count) {
            EXPECT_TRUE(memcmp(left.regions, right.regions,
                            left.region_count * sizeof(left.regions[0])) == 0);
        }
        left.name = right.name = 0;
        left.regions = right.regions = NULL;
        EXPECT_SAME_BYTES(left, right);
    }
}

static inline bool same_block(const struct image *a, size_t index, const struct image *b)
{
    struct image_block left = a->blocks[index];
    struct image_block right = b->blocks[index];
    struct image_detail left_detail = *image_detail(a, &left);
    struct image_detail right_detail = *image_detail(b, &right);
    bool is_same = same_string(a, left_detail.file, b, right_detail.file) &&
                   same_stack(a, left.stack, b, right.stack) &&
                   (!a->leaders || a->leaders[index] == b->leaders[index]);
    left_detail.file = right_detail.file = 0;
    left.stack = right.stack = 0;
    left.detail = right.detail = 0;
    return is_same && memcmp(&left, &right, sizeof(left)) == 0 &&
           memcmp(&left_detail, &right_detail, sizeof(left_detail)) == 0;
}

static inline void expect_same_blocks(const struct image *a, const struct image *b)
{
    EXPECT_SIZE(a->block_count, b->block_count);
    EXPECT_TRUE(!a->leaders == !b->leaders);
    for (size_t index = 0; index < a->block_count && index < b->block_count; index++) {
        if (!same_block(a, index, b)) {
            test_fail(CHECK_HERE, "block %zu is another one", index);
            return;
        }
    }
}

static inline void expect_same_modules(const struct image *a, const struct image *b)
{
    EXPECT_SIZE(a->module_count, b->module_count);
    for (size_t index = 0; index < a->module_count && index < b->module_count; index++) {
        struct image_module left = a->modules[index];
        struct image_module right = b->modules[index];
        EXPECT_TRUE(same_string(a, left.path, b, right.path));
        left.path = right.path = 0;
        EXPECT_SAME_BYTES(left, right);
    }
}

static inline void expect_same_mappings(const struct image *a, const struct image *b)
{
    EXPECT_SIZE(a->mapping_count, b->mapping_count);
    for (size_t index = 0; index < a->mapping_count && index < b->mapping_count; index++) {
        struct image_mapping left = a->mappings[index];
        struct image_mapping right = b->mappings[index];
        EXPECT_TRUE(same_string(a, left.path, b, right.path));
        left.path = right.path = 0;
        EXPECT_SAME_BYTES(left, right);
    }
}

static inline void expect_same_threads(const struct image *a, const struct image *b)
{
    EXPECT_SIZE(a->thread_count, b->thread_count);
    for (size_t index = 0; index < a->thread_count && index < b->thread_count; index++) {
        struct image_thread left = a->threads[index];
        struct image_thread right = b->threads[index];
        EXPECT_TRUE(same_string(a, left.name, b, right.name));
        left.name = right.name = 0;
        EXPECT_SAME_BYTES(left, right);
    }
}

static inline void expect_same_damages(const struct image *a, const struct image *b)
{
    EXPECT_SIZE(a->damage_count, b->damage_count);
    for (size_t index = 0; index < a->damage_count && index < b->damage_count; index++) {
        struct image_damage left = a->damages[index];
        struct image_damage right = b->damages[index];
        EXPECT_TRUE(same_string(a, left.text, b, right.text));
        left.text = right.text = 0;
        EXPECT_SAME_BYTES(left, right);
    }
}

static inline void expect_same_scalars(const struct image *a, const struct image *b)
{
    EXPECT_SIZE(a->process_id, b->process_id);
    EXPECT_TRUE(same_string(a, a->name, b, b->name));
    EXPECT_TRUE(same_string(a, a->command_line, b, b->command_line));
    EXPECT_TRUE(same_string(a, a->mode, b, b->mode));
    EXPECT_TRUE(same_string(a, a->library_version, b, b->library_version));
    EXPECT_SIZE(a->taken_at, b->taken_at);
    EXPECT_SIZE(a->time_ns, b->time_ns);
    EXPECT_SIZE(a->pause_ns, b->pause_ns);
    EXPECT_SIZE(a->read_size, b->read_size);
    EXPECT_SIZE(a->resident_size, b->resident_size);
    EXPECT_SIZE(a->sample_interval, b->sample_interval);
    EXPECT_SIZE(a->has_free_blocks, b->has_free_blocks);
}

static inline void expect_same_images(const struct image *a, const struct image *b)
{
    expect_same_scalars(a, b);
    expect_same_heaps(a, b);
    expect_same_blocks(a, b);
    expect_same_modules(a, b);
    expect_same_mappings(a, b);
    expect_same_threads(a, b);
    expect_same_damages(a, b);
}

#endif
