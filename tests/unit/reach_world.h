// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * A make-believe process for tests of the leak search: memory at addresses of its own, blocks in
 * it, and roots.
 */
#ifndef UNIT_REACH_WORLD_H
#define UNIT_REACH_WORLD_H

#include "check.h"
#include "reach/reach.h"

#include <stdlib.h>
#include <string.h>

#define WORLD_BASE UINT64_C(0x7f0000000000)

struct world {
    uint8_t *bytes;
    size_t size;
    size_t hole_start; ///< offsets of bytes that cannot be read
    size_t hole_end;
    struct reach_block *blocks;
    size_t block_count;
    struct reach_range roots[8];
    struct reach_range constants[4];
    uint64_t words[8];
    struct reach_input input;
    struct reach reach;
    size_t calls; ///< of the reader
    struct block_map map;
    struct reach by_map;
};

static inline size_t world_read(void *context, uint64_t address, void *buffer, size_t size)
{
    struct world *world = context;
    world->calls++;
    if (address < WORLD_BASE || address >= WORLD_BASE + world->size) {
        return 0;
    }
    const size_t offset = address - WORLD_BASE;
    if (offset >= world->hole_start && offset < world->hole_end) {
        return 0;
    }
    size_t end = world->size;
    if (offset < world->hole_start && world->hole_start != world->hole_end) {
        end = world->hole_start;
    }
    if (size > end - offset) {
        size = end - offset;
    }
    memcpy(buffer, world->bytes + offset, size);
    return size;
}

static inline void world_init(struct world *world, size_t size, size_t block_capacity)
{
    *world = (struct world){.size = size};
    world->bytes = calloc(1, size);
    world->blocks = calloc(block_capacity, sizeof(*world->blocks));
    ASSERT_TRUE(world->bytes != NULL && world->blocks != NULL);
    world->input = (struct reach_input){
        .blocks = world->blocks,
        .roots = world->roots,
        .words = world->words,
        .constants = world->constants,
        .read = world_read,
        .context = world,
        .heuristics = REACH_USUAL,
    };
}

static inline void world_release(struct world *world)
{
    reach_release(&world->reach);
    reach_release(&world->by_map);
    block_map_release(&world->map);
    free(world->bytes);
    free(world->blocks);
}

/// A block at an offset; blocks come in order of addresses. Returns its number.
static inline uint32_t world_add(struct world *world, size_t offset, size_t size)
{
    world->blocks[world->block_count] = (struct reach_block){WORLD_BASE + offset, size};
    world->input.block_count = ++world->block_count;
    return (uint32_t)world->block_count - 1;
}

static inline void world_add_root(struct world *world, size_t offset, size_t size)
{
    ASSERT_TRUE(world->input.root_count < 8);
    world->roots[world->input.root_count++] =
        (struct reach_range){WORLD_BASE + offset, WORLD_BASE + offset + size};
}

static inline void world_put(struct world *world, size_t offset, uint64_t word)
{
    memcpy(world->bytes + offset, &word, sizeof(word));
}

static inline size_t world_offset(const struct world *world, uint32_t block)
{
    return world->blocks[block].start - WORLD_BASE;
}

/// Word `index` of a block points into another, `offset` bytes from its start.
static inline void world_point(
    struct world *world, uint32_t from, size_t index, uint32_t to, size_t offset)
{
    world_put(world, world_offset(world, from) + index * 8, world->blocks[to].start + offset);
}

/// The block that starts in a granule: a reach_describer.
static inline bool world_describe(void *context, uint64_t granule, struct reach_block *block)
{
    struct world *world = context;
    size_t first = 0;
    size_t end = world->block_count;
    while (first < end) {
        const size_t middle = first + (end - first) / 2;
        if (world->blocks[middle].start < granule) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    if (first == world->block_count || world->blocks[first].start - granule >= 16) {
        return false;
    }
    *block = world->blocks[first];
    return true;
}

// The leader's number in the list.
static inline uint32_t world_leader_by_map(const struct world *world, size_t lost)
{
    struct reach_block leader = {0};
    const uint32_t index = world->by_map.leaders[lost];
    EXPECT_TRUE(world_describe(
        (void *)(uintptr_t)world, world->by_map.lost[index].start & ~UINT64_C(15), &leader));
    for (uint32_t i = 0; i < world->block_count; i++) {
        if (world->blocks[i].start == leader.start) {
            return i;
        }
    }
    return REACH_NO_BLOCK;
}

// Blocks of which no two start in the same 16 bytes, as a map wants them.
static inline bool world_has_map(const struct world *world)
{
    for (size_t i = 1; i < world->block_count; i++) {
        if (world->blocks[i].start >> 4 == world->blocks[i - 1].start >> 4) {
            return false;
        }
    }
    return world->block_count > 0 && world->input.blocks == world->blocks;
}

// The same blocks as a map: the classes are the same. Leaders are compared where that is quick.
static inline void world_compare_map(struct world *world)
{
    enum {
        LEADERS_MAX = 1000
    };
    struct reach_input input = world->input;
    input.blocks = NULL;
    input.block_count = 0;
    input.has_referrers = false;
    input.map = &world->map;
    input.describe = world_describe;
    ASSERT_TRUE(block_map_init(&world->map, WORLD_BASE, WORLD_BASE + world->size));
    for (size_t i = world->block_count; i-- > 0;) { // in any order
        block_map_add(&world->map, world->blocks[i].start, world->blocks[i].size);
    }
    block_map_finish(&world->map);
    EXPECT_SIZE(world->map.block_count, world->block_count);
    ASSERT_TRUE(reach_search(&input, &world->by_map));
    size_t lost = 0;
    for (size_t i = 0; i < world->block_count && test_failures() == 0; i++) {
        enum reach_class class = reach_class_in_map(&world->map, world->blocks[i].start);
        if (class == REACH_NOT_SEARCHED) {
            ASSERT_TRUE(lost < world->by_map.lost_count);
            EXPECT_SIZE(world->by_map.lost[lost].start, world->blocks[i].start);
            EXPECT_SIZE(world->by_map.lost[lost].size, world->blocks[i].size);
            if (world->block_count <= LEADERS_MAX) {
                EXPECT_SIZE(world_leader_by_map(world, lost), world->reach.leaders[i]);
            }
            class = world->by_map.classes[lost++];
        }
        EXPECT_SIZE(class, world->reach.classes[i]);
    }
    EXPECT_SIZE(lost, world->by_map.lost_count);
}

/// Searches by the list and, if the blocks can have a map, by that; under ThreadSanitizer, which
/// sees but one thread here, only once.
static inline void world_search(struct world *world)
{
    reach_release(&world->reach);
    reach_release(&world->by_map);
    block_map_release(&world->map);
    ASSERT_TRUE(reach_search(&world->input, &world->reach));
    if (!CONFIG_TSAN && !world->reach.is_cut && world_has_map(world)) {
        world_compare_map(world);
    }
}

#define EXPECT_CLASS(world, block, expected) EXPECT_SIZE((world)->reach.classes[block], expected)

#endif
