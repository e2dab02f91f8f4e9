// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// FENCE: no

// Leak search on graphs made by hand: every class, cycles, pointers to the inside, heuristics.

#include "reach_world.h"
#include "seed.h"

enum {
    ROOT = 0,        // offsets of the roots
    ROOT_SIZE = 256, // bytes
    HEAP = 4096,
    STEP = 128, // from block to block
    SIZE = 64,  // bytes of a block
    CONSTANTS = 64 * 1024,
};

static void begin(struct world *world, uint32_t block_count)
{
    world_init(world, 128 * 1024, 64);
    world_add_root(world, ROOT, ROOT_SIZE);
    for (uint32_t i = 0; i < block_count; i++) {
        world_add(world, HEAP + (size_t)i * STEP, SIZE);
    }
}

static void root_to(struct world *world, size_t index, uint32_t block, size_t offset)
{
    world_put(world, ROOT + index * 8, world->blocks[block].start + offset);
}

static void test_nothing(void)
{
    struct world world;
    begin(&world, 0);
    world_search(&world);
    world_release(&world);
}

static void test_chain(void)
{
    struct world world;
    begin(&world, 6);
    root_to(&world, 3, 0, 0);
    world_point(&world, 0, 7, 1, 0); // the last word counts, too
    world_point(&world, 1, 0, 2, 0);
    world_point(&world, 4, 2, 5, 0);
    world_search(&world);
    EXPECT_CLASS(&world, 0, REACH_REACHABLE);
    EXPECT_CLASS(&world, 1, REACH_REACHABLE);
    EXPECT_CLASS(&world, 2, REACH_REACHABLE);
    EXPECT_CLASS(&world, 3, REACH_DEFINITE);
    EXPECT_CLASS(&world, 4, REACH_DEFINITE);
    EXPECT_CLASS(&world, 5, REACH_INDIRECT);
    EXPECT_SIZE(world.reach.leaders[5], 4);
    EXPECT_SIZE(world.reach.leaders[3], 3);
    world_release(&world);
}

static void test_words_outside_do_not_count(void)
{
    struct world world;
    begin(&world, 3);
    world_put(&world, ROOT + ROOT_SIZE, world.blocks[0].start); // behind the root
    world_put(&world, HEAP + SIZE, world.blocks[0].start);      // behind block 0
    world_put(&world, ROOT + 20, world.blocks[1].start);        // not aligned
    root_to(&world, 0, 2, SIZE);                                // the first byte behind it
    world_search(&world);
    EXPECT_CLASS(&world, 0, REACH_DEFINITE);
    EXPECT_CLASS(&world, 1, REACH_DEFINITE);
    EXPECT_CLASS(&world, 2, REACH_DEFINITE);
    world_release(&world);
}

static void test_single_words(void)
{
    struct world world;
    begin(&world, 3);
    world.words[0] = 42;
    world.words[1] = world.blocks[1].start;
    world.input.word_count = 2;
    world.input.has_referrers = true;
    world_search(&world);
    EXPECT_CLASS(&world, 0, REACH_DEFINITE);
    EXPECT_CLASS(&world, 1, REACH_REACHABLE);
    EXPECT_SIZE(world.reach.referrers[1].block, REACH_NO_BLOCK);
    EXPECT_SIZE(world.reach.referrers[1].root, world.input.root_count);
    EXPECT_SIZE(world.reach.referrers[1].address, 1);
    world_release(&world);
}

static void test_possible(void)
{
    struct world world;
    begin(&world, 6);
    root_to(&world, 0, 0, 16);        // inside of 0
    world_point(&world, 0, 0, 1, 0);  // whose pointers make everything possible
    world_point(&world, 1, 1, 2, 24); // to the inside again
    root_to(&world, 1, 3, 0);
    world_point(&world, 3, 1, 4, 40); // inside of 4 from a reachable one
    root_to(&world, 2, 5, 8);         // to the inside first,
    root_to(&world, 3, 5, 0);         // to the start later
    world_search(&world);
    EXPECT_CLASS(&world, 0, REACH_POSSIBLE);
    EXPECT_CLASS(&world, 1, REACH_POSSIBLE);
    EXPECT_CLASS(&world, 2, REACH_POSSIBLE);
    EXPECT_CLASS(&world, 3, REACH_REACHABLE);
    EXPECT_CLASS(&world, 4, REACH_POSSIBLE);
    EXPECT_CLASS(&world, 5, REACH_REACHABLE);

    world.input.heuristics = REACH_INTERIOR;
    world_search(&world);
    for (uint32_t i = 0; i < 6; i++) {
        EXPECT_CLASS(&world, i, REACH_REACHABLE);
    }
    world_release(&world);
}

static void test_possible_becomes_reachable_late(void)
{
    struct world world;
    begin(&world, 5);
    root_to(&world, 0, 0, 0);
    world_point(&world, 0, 0, 1, 8);
    world_point(&world, 0, 1, 2, 0);
    world_point(&world, 2, 0, 3, 0);
    world_point(&world, 3, 0, 1, 0); // three steps later
    world_point(&world, 1, 5, 4, 0);
    world_search(&world);
    for (uint32_t i = 0; i < 5; i++) {
        EXPECT_CLASS(&world, i, REACH_REACHABLE);
    }
    world_release(&world);
}

static void test_cycles(void)
{
    struct world world;
    begin(&world, 12);
    world_point(&world, 0, 0, 0, 0); // leads to itself
    world_point(&world, 1, 0, 2, 0); // a cycle of three
    world_point(&world, 2, 0, 3, 0);
    world_point(&world, 3, 0, 1, 0);
    world_point(&world, 4, 0, 5, 0); // a cycle that a lost block at a higher address leads to,
    world_point(&world, 5, 0, 4, 0); // not at the block that is met first
    world_point(&world, 6, 0, 5, 0);
    world_point(&world, 7, 0, 8, 32); // a cycle of pointers to the inside
    world_point(&world, 8, 0, 7, 16);
    world_point(&world, 8, 1, 9, 0); // which leads to another cycle
    world_point(&world, 9, 0, 10, 0);
    world_point(&world, 10, 0, 9, 0);
    world_search(&world);
    EXPECT_CLASS(&world, 0, REACH_DEFINITE);
    EXPECT_CLASS(&world, 1, REACH_DEFINITE);
    EXPECT_CLASS(&world, 2, REACH_INDIRECT);
    EXPECT_CLASS(&world, 3, REACH_INDIRECT);
    EXPECT_CLASS(&world, 4, REACH_INDIRECT);
    EXPECT_CLASS(&world, 5, REACH_INDIRECT);
    EXPECT_CLASS(&world, 6, REACH_DEFINITE);
    EXPECT_SIZE(world.reach.leaders[4], 6);
    EXPECT_SIZE(world.reach.leaders[5], 6);
    EXPECT_CLASS(&world, 7, REACH_DEFINITE);
    EXPECT_CLASS(&world, 8, REACH_INDIRECT);
    EXPECT_CLASS(&world, 9, REACH_INDIRECT);
    EXPECT_CLASS(&world, 10, REACH_INDIRECT);
    EXPECT_SIZE(world.reach.leaders[10], 7);
    EXPECT_CLASS(&world, 11, REACH_DEFINITE);
    world_release(&world);
}

static void test_lost_blocks_may_point_to_others(void)
{
    struct world world;
    begin(&world, 3);
    root_to(&world, 0, 0, 0);
    world_point(&world, 1, 0, 0, 0); // a lost block that leads to a reachable one
    world_point(&world, 1, 1, 2, 0);
    world_search(&world);
    EXPECT_CLASS(&world, 0, REACH_REACHABLE);
    EXPECT_CLASS(&world, 1, REACH_DEFINITE);
    EXPECT_CLASS(&world, 2, REACH_INDIRECT);
    world_release(&world);
}

static void test_sizes(void)
{
    struct world world;
    begin(&world, 0);
    const uint32_t empty = world_add(&world, HEAP, 0);
    const uint32_t odd = world_add(&world, HEAP + 16, 13); // one whole word
    const uint32_t target = world_add(&world, HEAP + 32, 8);
    const uint32_t beyond = world_add(&world, HEAP + 48, 8);
    const uint32_t crooked = world_add(&world, HEAP + 67, 20); // words at 72 and 80
    const uint32_t last = world_add(&world, HEAP + 96, 1);
    root_to(&world, 0, empty, 0);
    root_to(&world, 1, odd, 0);
    root_to(&world, 2, crooked, 0);
    world_point(&world, odd, 0, target, 0);
    world_point(&world, odd, 1, beyond, 0); // only five bytes of it are the block's
    world_put(&world, HEAP + 72, world.blocks[last].start);
    world_search(&world);
    EXPECT_CLASS(&world, empty, REACH_REACHABLE);
    EXPECT_CLASS(&world, odd, REACH_REACHABLE);
    EXPECT_CLASS(&world, target, REACH_REACHABLE);
    EXPECT_CLASS(&world, beyond, REACH_DEFINITE);
    EXPECT_CLASS(&world, crooked, REACH_REACHABLE);
    EXPECT_CLASS(&world, last, REACH_REACHABLE);
    world_release(&world);
}

static void test_referrers(void)
{
    struct world world;
    begin(&world, 5);
    root_to(&world, 5, 0, 0);
    world_point(&world, 0, 1, 1, 0);
    world_point(&world, 1, 2, 2, 0);
    world_point(&world, 2, 3, 3, 0);
    world_point(&world, 1, 4, 3, 0); // shorter
    world.input.has_referrers = true;
    world_search(&world);
    const struct reach_referrer *referrers = world.reach.referrers;
    EXPECT_SIZE(referrers[3].block, 1);
    EXPECT_SIZE(referrers[3].address, world.blocks[1].start + 4 * 8);
    EXPECT_SIZE(referrers[1].block, 0);
    EXPECT_SIZE(referrers[0].block, REACH_NO_BLOCK);
    EXPECT_SIZE(referrers[0].root, 0);
    EXPECT_SIZE(referrers[0].address, WORLD_BASE + ROOT + 5 * 8);
    world_release(&world);
}

// ---- Heuristics -------------------------------------------------------------------------------

static void expect_heuristic(struct world *world, uint32_t heuristic, bool is_met)
{
    world->input.heuristics = REACH_USUAL & ~heuristic;
    world_search(world);
    EXPECT_CLASS(world, 0, REACH_POSSIBLE);
    world->input.heuristics = heuristic;
    world_search(world);
    EXPECT_CLASS(world, 0, is_met ? REACH_REACHABLE : REACH_POSSIBLE);
}

static void test_string(void)
{
    struct world world;
    begin(&world, 1);
    root_to(&world, 0, 0, 24);
    world_put(&world, HEAP, 11);                // length
    world_put(&world, HEAP + 8, SIZE - 24 - 1); // capacity
    expect_heuristic(&world, REACH_STRING, true);
    world_put(&world, HEAP + 8, SIZE - 24);
    expect_heuristic(&world, REACH_STRING, false);
    world_put(&world, HEAP + 8, SIZE - 24 - 1);
    world_put(&world, HEAP, SIZE - 24); // longer than its capacity
    expect_heuristic(&world, REACH_STRING, false);
    world_release(&world);
}

static void test_length(void)
{
    struct world world;
    begin(&world, 1);
    root_to(&world, 0, 0, 8);
    world_put(&world, HEAP, SIZE - 8);
    world.input.heuristics = REACH_LENGTH;
    world_search(&world);
    EXPECT_CLASS(&world, 0, REACH_REACHABLE);
    world_put(&world, HEAP, SIZE - 9);
    world_search(&world);
    EXPECT_CLASS(&world, 0, REACH_POSSIBLE);
    world_release(&world);
}

static void test_array(void)
{
    struct world world;
    begin(&world, 1);
    root_to(&world, 0, 0, 8);
    world_put(&world, HEAP, 7); // objects of 8 bytes
    expect_heuristic(&world, REACH_ARRAY, true);
    world_put(&world, HEAP, 5);
    expect_heuristic(&world, REACH_ARRAY, false);
    world_put(&world, HEAP, 0);
    expect_heuristic(&world, REACH_ARRAY, false);
    world_release(&world);
}

// A string of Redis with so many bytes for length and room each: 0: one byte for all.
static void put_sds(struct world *world, size_t at, size_t size, unsigned width, uint64_t length)
{
    const uint64_t header_size = 2 * width + 1;
    const uint64_t room = size - header_size - 1;
    const unsigned kind = width == 0 ? 0 : width == 1 ? 1 : width == 2 ? 2 : width == 4 ? 3 : 4;
    uint8_t *bytes = world->bytes + at;
    memset(bytes, 'x', size);
    memcpy(bytes, &length, width);
    memcpy(bytes + width, &room, width);
    bytes[header_size - 1] = (uint8_t)(width == 0 ? length << 3 : kind);
    bytes[header_size + length] = 0;
}

static void expect_sds(unsigned width, size_t size, size_t prefix, uint64_t length)
{
    struct world world;
    world_init(&world, 1 << 20, 4);
    world_add_root(&world, 0, 64);
    world_add(&world, HEAP, prefix + size);
    const size_t header_size = 2 * width + 1;
    root_to(&world, 0, 0, prefix + header_size);
    put_sds(&world, HEAP + prefix, size, width, length);
    if (prefix != 0) {
        world_put(&world, HEAP, size);
    }
    uint8_t *start = world.bytes + HEAP + prefix;
    uint8_t *kind = start + header_size - 1;
    expect_heuristic(&world, REACH_SDS, true);
    // Each thing that has to fit.
    *kind ^= 1;
    expect_heuristic(&world, REACH_SDS, false);
    *kind ^= 1 ^ 8; // of a short string the length
    expect_heuristic(&world, REACH_SDS, false);
    *kind ^= 8;
    start[header_size + length] = 'x'; // no end
    expect_heuristic(&world, REACH_SDS, false);
    start[header_size + length] = 0;
    if (width != 0) {
        start[width]++; // room
        expect_heuristic(&world, REACH_SDS, false);
        start[width]--;
        start[width - 1] += 0x80; // length
        expect_heuristic(&world, REACH_SDS, false);
        start[width - 1] -= 0x80;
    }
    expect_heuristic(&world, REACH_SDS, true);
    if (header_size + 1 < size) {
        root_to(&world, 0, 0, prefix + header_size + 1);
        expect_heuristic(&world, REACH_SDS, false);
    }
    world_release(&world);
}

// Blocks may be parts of something larger, and memory may be here already.
static const void *hold_all(void *context, uint64_t address, size_t *size)
{
    const struct world *world = context;
    if (address < WORLD_BASE || address >= WORLD_BASE + world->size) {
        return NULL;
    }
    *size = world->size - (size_t)(address - WORLD_BASE);
    return world->bytes + (address - WORLD_BASE);
}

static void test_stride_and_hold(void)
{
    struct wide {
        struct reach_block block;
        uint64_t more[3];
    };
    enum {
        COUNT = 3000
    };
    struct world world;
    struct random random = random_make(4711, 0);
    world_init(&world, 1 << 20, COUNT);
    struct wide *wide = calloc(COUNT, sizeof(*wide));
    world_add_root(&world, 0, 64);
    for (uint32_t i = 0; i < COUNT; i++) {
        world_add(&world, HEAP + (size_t)i * 96, 16 + random_below(&random, 64));
        wide[i].block = world.blocks[i];
        wide[i].more[1] = WORLD_BASE; // read as a block it would be one
    }
    for (uint32_t i = 0; i < COUNT; i++) {
        world_point(
            &world, i, 0, (uint32_t)random_below(&random, COUNT), random_below(&random, 2) * 8);
        world_point(&world, i, 1, (uint32_t)random_below(&random, COUNT), 0);
    }
    for (size_t i = 0; i < 2; i++) {
        root_to(&world, i, (uint32_t)random_below(&random, COUNT), 0);
    }
    // Cut some off.
    for (uint32_t i = 0; i < COUNT; i += 2) {
        world_point(&world, i, 0, i, 0);
        world_point(&world, i, 1, i, 0);
    }
    world_search(&world);
    uint8_t *classes = malloc(COUNT);
    uint32_t *leaders = malloc(COUNT * sizeof(*leaders));
    memcpy(classes, world.reach.classes, COUNT);
    memcpy(leaders, world.reach.leaders, COUNT * sizeof(*leaders));
    EXPECT_TRUE(memchr(classes, REACH_DEFINITE, COUNT) != NULL);
    EXPECT_TRUE(memchr(classes, REACH_INDIRECT, COUNT) != NULL);
    EXPECT_TRUE(memchr(classes, REACH_REACHABLE, COUNT) != NULL);
    for (int hold = 0; hold < 2; hold++) {
        world.input.blocks = &wide->block;
        world.input.block_stride = sizeof(*wide);
        world.input.hold = hold ? hold_all : NULL;
        size_t calls = world.calls;
        world_search(&world);
        EXPECT_TRUE(memcmp(classes, world.reach.classes, COUNT) == 0);
        EXPECT_TRUE(memcmp(leaders, world.reach.leaders, COUNT * sizeof(*leaders)) == 0);
        EXPECT_SIZE(reach_block_at(&world.input, wide[COUNT - 1].block.start + 3), COUNT - 1);
        // The root is read, and the line that goes beyond the memory.
        EXPECT_TRUE(!hold || world.calls - calls < 5);
    }
    free(classes);
    free(leaders);
    free(wide);
    world_release(&world);
}

static void test_sds(void)
{
    expect_sds(0, 9, 0, 7);
    expect_sds(0, 2, 0, 0);
    expect_sds(1, 100, 0, 96);
    expect_sds(1, 100, 0, 11);
    expect_sds(1, 4, 0, 0);
    expect_sds(2, 1000, 0, 1000 - 6);
    expect_sds(4, 70000, 0, 3);
    expect_sds(8, 1000, 0, 5);
    expect_sds(1, 100, 8, 96);
    expect_sds(2, 1000, 8, 700);
    expect_sds(8, 1000, 8, 5);
}

static void test_bases(void)
{
    struct world world;
    begin(&world, 1);
    world.constants[0] = (struct reach_range){WORLD_BASE + 120 * 1024, WORLD_BASE + 124 * 1024};
    world.constants[0].start = WORLD_BASE + CONSTANTS;
    world.constants[0].end = WORLD_BASE + CONSTANTS + 4096;
    world.input.constant_count = 1;
    const uint64_t table = WORLD_BASE + CONSTANTS + 64;
    const uint64_t second = table + 64;
    root_to(&world, 0, 0, 16);
    world_put(&world, HEAP, table);
    world_put(&world, HEAP + 16, second);
    world_put(&world, CONSTANTS + 128 - 16, (uint64_t)-16); // the way back
    expect_heuristic(&world, REACH_BASES, true);
    world_put(&world, CONSTANTS + 128 - 16, (uint64_t)-24);
    expect_heuristic(&world, REACH_BASES, false);
    world_put(&world, CONSTANTS + 128 - 16, (uint64_t)-16);
    world_put(&world, HEAP, 12345); // the object has no table of its own
    expect_heuristic(&world, REACH_BASES, false);
    world_put(&world, HEAP, table);
    world.input.constant_count = 0;
    expect_heuristic(&world, REACH_BASES, false);
    world_release(&world);
}

// ---- Memory -----------------------------------------------------------------------------------

static void test_unreadable_memory(void)
{
    struct world world;
    world_init(&world, 256 * 1024, 8);
    world_add_root(&world, 0, 16384);
    const uint32_t large = world_add(&world, 32768, 65536);
    const uint32_t first = world_add(&world, 131072, 64);
    const uint32_t second = world_add(&world, 131072 + 64, 64);
    const uint32_t third = world_add(&world, 131072 + 128, 64);
    world_put(&world, 16, world.blocks[large].start);
    world_point(&world, large, 1, first, 0);
    world_point(&world, large, 20480 / 8, second, 0); // in a page that cannot be read
    world_point(&world, large, 65536 / 8 - 1, third, 0);
    world.hole_start = 32768 + 20480;
    world.hole_end = world.hole_start + 4096;
    world_search(&world);
    EXPECT_CLASS(&world, first, REACH_REACHABLE);
    EXPECT_CLASS(&world, second, REACH_DEFINITE);
    EXPECT_CLASS(&world, third, REACH_REACHABLE);
    EXPECT_SIZE(world.reach.unreadable_size, 0);

    world.hole_start = 0;
    world.hole_end = 4096;
    world_search(&world);
    EXPECT_CLASS(&world, large, REACH_DEFINITE);
    EXPECT_CLASS(&world, third, REACH_INDIRECT);
    EXPECT_SIZE(world.reach.unreadable_size, 4096);
    world_release(&world);
}

// Many more lines than places for them, and heuristics that read elsewhere meanwhile.
static void test_little_memory(void)
{
    enum {
        COUNT = 512,
        FAR = 32 * 1024
    };
    struct world world;
    world_init(&world, (COUNT + 1) * (size_t)FAR, COUNT);
    world_add_root(&world, 0, 64);
    for (size_t i = 1; i <= COUNT; i++) {
        world_add(&world, i * FAR, 64);
    }
    world_put(&world, 8, world.blocks[0].start);
    for (uint32_t i = 0; i + 1 < COUNT; i++) {
        const uint32_t next = (i * 37 + 1) % COUNT;
        world_put(&world, world_offset(&world, i), 7); // count of a new[]
        world_point(&world, i, 1, next, 8);            // the array behind it
        world_point(&world, i, 2, i + 1, 8);
    }
    world_put(&world, world_offset(&world, COUNT - 1), 7);
    for (size_t limit = 1; limit <= (64 << 20); limit <<= 13) {
        world.input.memory_limit = limit;
        world_search(&world);
        for (uint32_t i = 0; i < COUNT; i++) {
            EXPECT_CLASS(&world, i, REACH_REACHABLE);
        }
    }
    world_release(&world);
}

// Sizes and addresses that make no sense: any answer, but soon, and nothing is read that is not
// there.
static void test_nonsense(void)
{
    static const struct reach_block BLOCKS[][3] = {
        {{WORLD_BASE + HEAP, UINT64_C(1) << 47}, {WORLD_BASE + HEAP + 64, 64}},
        {{WORLD_BASE + HEAP, UINT64_MAX}, {WORLD_BASE + HEAP + 64, UINT64_MAX}, {1, 1}},
        {{UINT64_MAX - 7, 64}, {0, 64}, {WORLD_BASE, 0}},
        {{0, UINT64_MAX}, {WORLD_BASE + HEAP, 64}, {UINT64_MAX, 0}},
    };
    for (size_t i = 0; i < sizeof(BLOCKS) / sizeof(BLOCKS[0]); i++) {
        struct world world;
        begin(&world, 3);
        memcpy(world.blocks, BLOCKS[i], sizeof(BLOCKS[i]));
        root_to(&world, 0, 0, 0);
        root_to(&world, 1, 1, 0);
        root_to(&world, 2, 2, 0);
        world.roots[world.input.root_count++] = (struct reach_range){0, 1 << 20};
        world.roots[world.input.root_count++] = (struct reach_range){WORLD_BASE + 8, WORLD_BASE};
        if (reach_search(&world.input, &world.reach)) {
            EXPECT_TRUE(world.reach.classes[0] != REACH_NOT_SEARCHED);
        }
        world_release(&world);
    }
}

// ---- Pointers ---------------------------------------------------------------------------------

struct seen {
    struct reach_pointer pointers[8];
    size_t count;
    size_t enough;
};

static bool note(const struct reach_pointer *pointer, void *context)
{
    struct seen *seen = context;
    ASSERT_TRUE(seen->count < 8);
    seen->pointers[seen->count++] = *pointer;
    return seen->count < seen->enough;
}

static void test_pointers(void)
{
    struct world world;
    begin(&world, 4);
    root_to(&world, 2, 3, 0);
    world_point(&world, 0, 1, 3, 0);
    world_point(&world, 2, 4, 3, 17);
    world.words[0] = world.blocks[3].start + SIZE; // behind it
    world.words[1] = world.blocks[3].start + SIZE - 1;
    world.input.word_count = 2;
    const struct reach_range target = {world.blocks[3].start, world.blocks[3].start + SIZE};
    struct seen seen = {.enough = 8};
    EXPECT_TRUE(reach_find_pointers(&world.input, target, note, &seen));
    ASSERT_TRUE(seen.count == 4);
    EXPECT_SIZE(seen.pointers[0].address, WORLD_BASE + ROOT + 16);
    EXPECT_SIZE(seen.pointers[0].block, REACH_NO_BLOCK);
    EXPECT_SIZE(seen.pointers[0].root, 0);
    EXPECT_SIZE(seen.pointers[1].root, 1);
    EXPECT_SIZE(seen.pointers[1].address, 1);
    EXPECT_SIZE(seen.pointers[2].block, 0);
    EXPECT_SIZE(seen.pointers[2].address, world.blocks[0].start + 8);
    EXPECT_SIZE(seen.pointers[3].block, 2);
    EXPECT_SIZE(seen.pointers[3].value, world.blocks[3].start + 17);

    seen = (struct seen){.enough = 3};
    EXPECT_TRUE(reach_find_pointers(&world.input, target, note, &seen));
    EXPECT_SIZE(seen.count, 3);

    EXPECT_SIZE(reach_block_at(&world.input, world.blocks[2].start + SIZE - 1), 2);
    EXPECT_SIZE(reach_block_at(&world.input, world.blocks[2].start + SIZE), REACH_NO_BLOCK);
    EXPECT_SIZE(reach_block_at(&world.input, 0), REACH_NO_BLOCK);
    EXPECT_SIZE(reach_block_at(&world.input, UINT64_MAX), REACH_NO_BLOCK);
    world_release(&world);
}

int main(void)
{
    test_nothing();
    test_chain();
    test_words_outside_do_not_count();
    test_single_words();
    test_possible();
    test_possible_becomes_reachable_late();
    test_cycles();
    test_lost_blocks_may_point_to_others();
    test_sizes();
    test_referrers();
    test_string();
    test_length();
    test_array();
    test_bases();
    test_sds();
    test_stride_and_hold();
    test_unreadable_memory();
    test_little_memory();
    if (!CONFIG_TSAN) { // a search that reads much, in one thread
        test_nonsense();
    }
    test_pointers();
    return test_result();
}
