// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// FENCE: no

// Leak search among a million blocks: chains as long as that, in and against the order of
// addresses and at random, reachable and lost, on a small stack; each block is read a few times at
// most.

#include "reach_world.h"
#include "seed.h"

#include <pthread.h>
#include <time.h>

enum {
    COUNT = 1000000,
    SIZE = 64,
    HEAP = 4096,
    TABLE = HEAP + COUNT * SIZE,
    STACK_SIZE = 256 * 1024,
};

static struct world world;
static uint32_t order[COUNT];

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void shuffle(void)
{
    struct random random = random_make(seed_start("reach_deep"), 0);
    for (uint32_t i = COUNT - 1; i > 0; i--) {
        const size_t j = random_below(&random, i + 1);
        const uint32_t kept = order[i];
        order[i] = order[j];
        order[j] = kept;
    }
}

static void make_chain(void)
{
    for (uint32_t i = 0; i + 1 < COUNT; i++) {
        world_point(&world, order[i], 3, order[i + 1], 0);
    }
    world_put(&world, world_offset(&world, order[COUNT - 1]) + 24, 0);
}

static void expect_counts(size_t reachable, size_t possible, size_t indirect, size_t definite)
{
    size_t counts[REACH_CLASS_COUNT] = {0};
    for (uint32_t i = 0; i < COUNT; i++) {
        counts[world.reach.classes[i]]++;
    }
    EXPECT_SIZE(counts[REACH_REACHABLE], reachable);
    EXPECT_SIZE(counts[REACH_POSSIBLE], possible);
    EXPECT_SIZE(counts[REACH_INDIRECT], indirect);
    EXPECT_SIZE(counts[REACH_DEFINITE], definite);
}

static void search(const char *what)
{
    const double start = now_ms();
    world_search(&world);
    test_note(
        "%s: %.0f ms, %.1f MB read", what, now_ms() - start, (double)world.reach.read_size / 1e6);
    // Every line once: blocks and roots lie in 64 MB.
    EXPECT_AT_MOST(world.reach.read_size, world.size + 65536);
}

static void test_order(const char *what, bool has_all)
{
    make_chain();
    test_note("%s", what);
    world_put(&world, 0, world.blocks[order[0]].start);
    search("  reachable");
    expect_counts(COUNT, 0, 0, 0);
    if (!has_all) {
        return;
    }
    world_put(&world, 0, world.blocks[order[0]].start + 8);
    search("  possible");
    expect_counts(0, COUNT, 0, 0);
    world_put(&world, 0, 0);
    search("  lost");
    expect_counts(0, 0, COUNT - 1, 1);
    EXPECT_CLASS(&world, order[0], REACH_DEFINITE);
    world_point(&world, order[COUNT - 1], 3, order[0], 0);
    search("  lost, a cycle");
    expect_counts(0, 0, COUNT - 1, 1);
}

// One block of pointers to all others, as a hash table is.
static void test_table(void)
{
    for (uint32_t i = 0; i < COUNT; i++) {
        world_put(&world, world_offset(&world, i) + 24, 0);
        world_put(&world, TABLE + (size_t)i * 8, world.blocks[order[i]].start);
    }
    world_put(&world, 0, 0);
    world_add_root(&world, TABLE, (size_t)COUNT * 8);
    search("a table of them, at random");
    expect_counts(COUNT, 0, 0, 0);
}

static void *run(void *unused)
{
    (void)unused;
    test_order("in order of addresses", true);
    for (uint32_t i = 0; i < COUNT; i++) {
        order[i] = COUNT - 1 - i;
    }
    test_order("against it", true);
    shuffle();
    test_order("at random", false);
    test_table();
    return NULL;
}

int main(void)
{
    world_init(&world, TABLE + (size_t)COUNT * 8, COUNT);
    world_add_root(&world, 0, 4096);
    for (uint32_t i = 0; i < COUNT; i++) {
        order[i] = i;
        world_add(&world, HEAP + (size_t)i * SIZE, SIZE);
    }
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    pthread_t thread;
    ASSERT_TRUE(pthread_create(&thread, &attributes, run, NULL) == 0);
    pthread_join(thread, NULL);
    world_release(&world);
    return test_result();
}
