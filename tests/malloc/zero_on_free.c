// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=zero_on_free=1
// VARIANTS: archive shared preload static

/**
 * zero_on_free: what a block held cannot be read any more once it is free, whichever way it became
 * so: free, realloc that moves or shrinks, a free by another thread; of every size, from the mixed
 * span to blocks outside of regions.  New blocks are then zero, too.
 */
#include "check.h"
#include "seed.h"

#include <halde/heap.h>

#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// Of every kind: mixed span or byte states, 16-bit states, spans of four slices, large, alone.
static const size_t SIZES[] = {
    1, 16, 24, 100, 512, 2000, 2049, 5000, 9000, 60000, 70000, 300000, 1200000, 5000000};
enum {
    SIZE_COUNT = sizeof(SIZES) / sizeof(SIZES[0]),
    BLOCK_COUNT = 60,
};

static size_t nonzero_count(const char *bytes, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++) {
        // NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult): what is in new blocks
        count += bytes[i] != 0;
    }
    return count;
}

// Reads freed memory on purpose: the engine keeps it mapped.
static void expect_zero_after_free(char *block, size_t size, void (*release)(void *))
{
    const char *volatile freed = block;
    memset(block, 0x5a, size);
    release(block);
    EXPECT_SIZE(nonzero_count((const char *)freed, size), 0);
}

static void test_each_size(void (*release)(void *))
{
    for (size_t i = 0; i < SIZE_COUNT; i++) {
        char *blocks[BLOCK_COUNT];
        size_t count = SIZES[i] > 100000 ? 3 : BLOCK_COUNT;
        for (size_t j = 0; j < count; j++) {
            blocks[j] = malloc(SIZES[i]);
            ASSERT_NOT_NULL(blocks[j]);
            EXPECT_SIZE(nonzero_count(blocks[j], SIZES[i]), 0);
            memset(blocks[j], 0x5a, SIZES[i]);
        }
        for (size_t j = 0; j < count; j++) {
            expect_zero_after_free(blocks[j], SIZES[i], release);
        }
    }
}

static void release_here(void *block)
{
    free(block);
}

static void *free_it(void *block)
{
    free(block);
    return NULL;
}

static void release_elsewhere(void *block)
{
    pthread_t thread;
    ASSERT_TRUE(pthread_create(&thread, NULL, free_it, block) == 0);
    pthread_join(thread, NULL);
}

static void release_by_heap(void *block)
{
    EXPECT_STATUS(halde_heap_free(halde_process_heap(), block, 0), HALDE_OK);
}

static void release_by_moving(void *block)
{
    size_t size = malloc_usable_size(block);
    char *moved = realloc(block, size + 3000000);
    ASSERT_NOT_NULL(moved);
    EXPECT_TRUE(moved[0] == 0x5a && moved[size - 1] == 0x5a);
    EXPECT_SIZE(nonzero_count(moved + size, 3000000), 0);
    free(moved);
}

// Whether the block stays or moves, what it gave up is zero.
static void test_shrink(void)
{
    for (size_t i = 0; i < SIZE_COUNT; i++) {
        for (size_t shrunk = SIZES[i]; shrunk > 0; shrunk = shrunk * 3 / 4) {
            char *block = malloc(SIZES[i]);
            const char *volatile before = block;
            ASSERT_NOT_NULL(block);
            memset(block, 0x5a, SIZES[i]);
            char *after = realloc(block, shrunk);
            ASSERT_NOT_NULL(after);
            EXPECT_SIZE(nonzero_count(after, shrunk), shrunk);
            size_t kept = after == before ? shrunk : 0;
            EXPECT_SIZE(nonzero_count((const char *)before + kept, SIZES[i] - kept), 0);
            after = realloc(after, SIZES[i]);
            ASSERT_NOT_NULL(after);
            EXPECT_SIZE(nonzero_count(after, SIZES[i]), shrunk);
            free(after);
        }
    }
}

static void test_random(void)
{
    enum {
        LIVE_COUNT = 300
    };
    struct random random = random_make(seed_start("zero_on_free"), 1);
    char *blocks[LIVE_COUNT] = {NULL};
    for (size_t i = 0; i < 20000; i++) {
        size_t slot = random_below(&random, LIVE_COUNT);
        size_t size = random_request(&random);
        free(blocks[slot]);
        blocks[slot] = malloc(size);
        ASSERT_NOT_NULL(blocks[slot]);
        if (nonzero_count(blocks[slot], size) != 0) {
            EXPECT_SIZE(nonzero_count(blocks[slot], size), 0);
            break;
        }
        memset(blocks[slot], 0x5a, size);
    }
    for (size_t i = 0; i < LIVE_COUNT; i++) {
        free(blocks[i]);
    }
    EXPECT_VALID(halde_process_heap(), NULL);
}

int main(void)
{
    test_each_size(release_here);
    test_each_size(release_by_heap);
    test_each_size(release_by_moving);
    test_shrink();
    test_random();
    test_each_size(release_elsewhere);
    test_each_size(release_here);
    test_shrink();
    test_random();
    return test_result();
}
