// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 300

/**
 * Heaps with a maximum size: filled until nothing fits with many mixes of sizes, emptied, filled
 * again.  They never exceed their maximum, no contents are disturbed, and the capacity comes back
 * entirely.
 */
#include "check.h"
#include "pattern.h"
#include "process.h"
#include "seed.h"

#include <stdlib.h>

enum {
    MAX_BLOCKS = 1 << 19,
    PAGE = 4096,
};

struct mix {
    const char *name;
    size_t smallest;
    size_t largest;
    // User bytes when full, in percent of the maximum: what a sound heap reaches.
    unsigned percent_at_least;
};

static const struct mix mixes[] = {
    {"empty blocks", 0, 0, 0},
    {"1 byte", 1, 1, 2},
    {"16 bytes", 16, 16, 49},
    {"24 bytes", 24, 24, 45},
    {"64 bytes", 64, 64, 60},
    {"1 to 100 bytes", 1, 100, 40},
    {"1000 bytes", 1000, 1000, 50},
    {"1 to 4000 bytes", 1, 4000, 40},
    {"4096 bytes", 4096, 4096, 30},
    {"5000 bytes", 5000, 5000, 20},
    {"1 byte to 32 KiB", 1, 32 << 10, 20},
};

struct block {
    void *data;
    size_t size;
};

struct filling {
    halde_heap *heap;
    size_t maximum_size;
    struct block *blocks;
    size_t count;
    size_t busy_size;
    uint64_t key;
};

static void expect_within_maximum(const struct filling *filling)
{
    struct halde_heap_summary summary;
    EXPECT_OK(halde_heap_summarize(filling->heap, &summary));
    EXPECT_SIZE(summary.busy_count, filling->count);
    EXPECT_SIZE(summary.busy_size, filling->busy_size);
    EXPECT_AT_MOST(summary.reserved_size, filling->maximum_size);
    EXPECT_AT_MOST(summary.committed_size, filling->maximum_size);
    EXPECT_SIZE(summary.max_reserve_size, filling->maximum_size);
}

static bool add_block(struct filling *filling, size_t size)
{
    if (filling->count == MAX_BLOCKS) {
        return false;
    }
    void *data = halde_heap_alloc(filling->heap, size, 0);
    if (!data) {
        return false;
    }
    pattern_fill(data, size, filling->key + filling->count);
    filling->blocks[filling->count++] = (struct block){data, size};
    filling->busy_size += size;
    return true;
}

// The same seed gives the same requests: that makes two fillings comparable.
static void fill_up(struct filling *filling, const struct mix *mix, uint64_t seed)
{
    struct random random = random_make(seed, 7);
    size_t size;
    do {
        size = mix->smallest + random_below(&random, mix->largest - mix->smallest + 1);
    } while (add_block(filling, size));
    while (size > mix->smallest) { // the last gaps
        size = size > 64 ? size / 2 : size - 1;
        if (size < mix->smallest) {
            size = mix->smallest;
        }
        while (add_block(filling, size)) {
        }
    }
}

static void check_contents(const struct filling *filling)
{
    for (size_t i = 0; i < filling->count; i++) {
        size_t size = filling->blocks[i].size;
        pattern_expect(filling->blocks[i].data, size, size, filling->key + i, "in a full heap");
    }
}

// Order 0: as allocated, 1: backwards, 2: every other one first.
static size_t index_in_order(size_t i, size_t count, size_t order)
{
    if (order == 0) {
        return i;
    }
    if (order == 1) {
        return count - 1 - i;
    }
    size_t half = (count + 1) / 2;
    return i < half ? 2 * i : 2 * (i - half) + 1;
}

static void empty_out(struct filling *filling, size_t order)
{
    for (size_t i = 0; i < filling->count; i++) {
        struct block *block = &filling->blocks[index_in_order(i, filling->count, order)];
        EXPECT_OK(halde_heap_free(filling->heap, block->data, 0));
    }
    filling->count = 0;
    filling->busy_size = 0;
    expect_within_maximum(filling);
    EXPECT_VALID(filling->heap, NULL);
}

// Capacity must come back "entirely": the same requests give at least as many blocks, whatever came
// between.
static void fill_and_refill(struct filling *filling, const struct mix *mix, uint64_t seed)
{
    size_t first_count = 0;
    for (size_t round = 0; round < 4; round++) {
        fill_up(filling, mix, seed);
        expect_within_maximum(filling);
        EXPECT_VALID(filling->heap, NULL);
        check_contents(filling);
        if (round == 0) {
            first_count = filling->count;
            size_t least = filling->maximum_size / 100 * mix->percent_at_least;
            if (filling->maximum_size >= 1 << 18 && !EXPECT_AT_LEAST(filling->busy_size, least)) {
                test_note("  %s in %zu bytes", mix->name, filling->maximum_size);
            }
        } else if (!EXPECT_AT_LEAST(filling->count, first_count)) {
            test_note("  %s in %zu bytes, round %zu", mix->name, filling->maximum_size, round);
        }
        empty_out(filling, round % 3);
    }
}

// One mix after another in the same heap: what spans of one mix held must be there for the next.
static void run_all_mixes(size_t maximum_size, uint64_t seed, struct block *blocks)
{
    const struct halde_heap_options options = {.maximum_size = maximum_size};
    struct filling filling = {
        .maximum_size = (maximum_size + PAGE - 1) / PAGE * PAGE, .blocks = blocks};
    size_t counts[sizeof mixes / sizeof mixes[0]];
    for (size_t i = 0; i < sizeof mixes / sizeof mixes[0]; i++) { // each in a heap of its own
        ASSERT_OK(halde_heap_create(&options, &filling.heap));
        fill_up(&filling, &mixes[i], seed);
        counts[i] = filling.count;
        EXPECT_OK(halde_heap_destroy(filling.heap)); // full
        filling.count = 0;
        filling.busy_size = 0;
    }
    ASSERT_OK(halde_heap_create(&options, &filling.heap));
    for (size_t i = 0; i < sizeof mixes / sizeof mixes[0]; i++) {
        fill_and_refill(&filling, &mixes[i], seed);
        fill_up(&filling, &mixes[i], seed);
        if (!EXPECT_AT_LEAST(filling.count, counts[i])) {
            test_note("  %s in %zu bytes after the other mixes", mixes[i].name, maximum_size);
        }
        empty_out(&filling, 0);
    }
    EXPECT_OK(halde_heap_destroy(filling.heap));
}

// Random allocation, resizing and freeing near exhaustion.
static void churn_near_full(size_t maximum_size, uint64_t seed)
{
    enum {
        PLACES = 512,
    };
    struct random random = random_make(seed, maximum_size);
    const struct halde_heap_options options = {.maximum_size = maximum_size};
    halde_heap *heap;
    ASSERT_OK(halde_heap_create(&options, &heap));
    struct block blocks[PLACES] = {{0}};
    size_t failures = 0;
    for (size_t i = 0; i < process_scaled(30000); i++) {
        size_t place = random_below(&random, PLACES);
        struct block *block = &blocks[place];
        size_t size = random_log(&random, 1, maximum_size / 16);
        if (!block->data) {
            block->data = halde_heap_alloc(heap, size, 0);
        } else if (random_once_in(&random, 3)) {
            pattern_expect(block->data, block->size, block->size, place, "near full");
            EXPECT_OK(halde_heap_free(heap, block->data, 0));
            block->data = NULL;
            continue;
        } else {
            void *moved = halde_heap_realloc(heap, block->data, size, 0, NULL);
            failures += !moved;
            if (!moved) {
                pattern_expect(block->data, block->size, block->size, place, "after a refusal");
                continue;
            }
            pattern_expect(moved, block->size, size < block->size ? size : block->size, place,
                "moved near full");
            block->data = moved;
        }
        if (block->data) {
            block->size = size;
            pattern_fill(block->data, size, place);
        }
        failures += !block->data;
    }
    struct halde_heap_summary summary;
    EXPECT_OK(halde_heap_summarize(heap, &summary));
    EXPECT_AT_MOST(summary.reserved_size, (maximum_size + PAGE - 1) / PAGE * PAGE);
    EXPECT_AT_LEAST(failures, 1); // else this was not near exhaustion
    EXPECT_VALID(heap, NULL);
    for (size_t i = 0; i < PLACES; i++) {
        EXPECT_OK(halde_heap_free(heap, blocks[i].data, 0));
    }
    EXPECT_OK(halde_heap_destroy(heap));
}

// Heaps so small that hardly anything fits: an answer, never a crash.
static void tiny_heaps(void)
{
    for (size_t maximum = 1; maximum <= 5 * PAGE; maximum += 700) {
        const struct halde_heap_options options = {.maximum_size = maximum};
        halde_heap *heap = NULL;
        enum halde_status status = halde_heap_create(&options, &heap);
        if (status != HALDE_OK) {
            EXPECT_STATUS_IN(status, STATUS_BIT(HALDE_NO_MEMORY) | STATUS_BIT(HALDE_BAD_ARGUMENT));
            continue;
        }
        size_t count = 0;
        while (halde_heap_alloc(heap, 8, 0)) {
            count++;
        }
        EXPECT_AT_MOST(count, 5 * PAGE / 8);
        struct halde_heap_summary summary;
        EXPECT_OK(halde_heap_summarize(heap, &summary));
        EXPECT_SIZE(summary.busy_count, count);
        EXPECT_AT_MOST(summary.reserved_size, (maximum + PAGE - 1) / PAGE * PAGE);
        EXPECT_POINTER(halde_heap_alloc(heap, maximum, 0), NULL);
        EXPECT_POINTER(halde_heap_alloc(heap, SIZE_MAX, 0), NULL);
        EXPECT_OK(halde_heap_destroy(heap));
    }
}

int main(void)
{
    uint64_t seed = seed_start("fixed_heap");
    struct block *blocks = calloc(MAX_BLOCKS, sizeof *blocks);
    ASSERT_NOT_NULL(blocks);
    tiny_heaps();
    static const size_t sizes[] = {
        64 << 10, 100000, 300 << 10, 1 << 20, (2 << 20) + 12345, 4 << 20};
    uint64_t deadline = deadline_after(stress_seconds(3));
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        if (i > 1 && deadline_is_over(deadline)) {
            test_note("the time is over before the heaps of %zu bytes and more", sizes[i]);
            break;
        }
        run_all_mixes(sizes[i], seed, blocks);
        churn_near_full(sizes[i], seed);
    }
    free(blocks);
    return test_result();
}
