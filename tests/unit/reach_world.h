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

static inline void world_search(struct world *world)
{
    reach_release(&world->reach);
    ASSERT_TRUE(reach_search(&world->input, &world->reach));
}

#define EXPECT_CLASS(world, block, expected) EXPECT_SIZE((world)->reach.classes[block], expected)

#endif
