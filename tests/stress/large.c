// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 300

/**
 * Blocks from 100 KiB to 64 MiB: contents, zeroing, growth by realloc, the walk's order, memory
 * given back.
 */
#include "check.h"
#include "pattern.h"
#include "process.h"
#include "seed.h"

#include <string.h>

enum {
    PLACES = 24,
    KIB = 1 << 10,
    MIB = 1 << 20,
};

struct block {
    char *data;
    size_t size;
};

static size_t large_size(struct random *random)
{
    return random_log(random, 100 * KIB, random_once_in(random, 20) ? 64 * MIB : 4 * MIB);
}

static void allocate(halde_heap *heap, struct block *block, struct random *random, uint64_t key)
{
    uint32_t flags = random_once_in(random, 2) ? HALDE_ZERO : 0;
    block->size = large_size(random);
    block->data = halde_heap_alloc(heap, block->size, flags);
    ASSERT_NOT_NULL(block->data);
    if (flags & HALDE_ZERO) {
        pattern_expect_zero(block->data, 0, block->size, "a large zeroed block");
    }
    pattern_fill(block->data, block->size, key);
}

static void resize(halde_heap *heap, struct block *block, struct random *random, uint64_t key)
{
    size_t size = random_once_in(random, 4) ? random_log(random, 1, 200 * KIB) : large_size(random);
    uint32_t flags = random_once_in(random, 2) ? HALDE_ZERO : 0;
    char *moved = halde_heap_realloc(heap, block->data, size, flags, NULL);
    ASSERT_NOT_NULL(moved);
    pattern_expect(
        moved, block->size, size < block->size ? size : block->size, key, "a large realloc");
    if (flags & HALDE_ZERO) {
        pattern_expect_zero(moved, block->size, size, "a large zeroed realloc");
    }
    pattern_fill(moved, size, key);
    *block = (struct block){moved, size};
}

static void expect_totals(halde_heap *heap, const struct block *blocks)
{
    size_t size = 0;
    size_t count = 0;
    for (size_t i = 0; i < PLACES; i++) {
        count += blocks[i].data != NULL;
        size += blocks[i].data ? blocks[i].size : 0;
    }
    struct halde_heap_summary summary;
    EXPECT_OK(halde_heap_summarize(heap, &summary));
    EXPECT_SIZE(summary.busy_count, count);
    EXPECT_SIZE(summary.busy_size, size);
    EXPECT_AT_LEAST(summary.reserved_size, size);
}

static void churn_large(halde_heap *heap, uint64_t seed, double seconds)
{
    struct block blocks[PLACES] = {{0}};
    struct random random = random_make(seed, 3);
    uint64_t deadline = deadline_after(seconds);
    size_t step = 0;
    do {
        size_t place = random_below(&random, PLACES);
        struct block *block = &blocks[place];
        if (!block->data) {
            allocate(heap, block, &random, place);
        } else if (random_once_in(&random, 2)) {
            resize(heap, block, &random, place);
        } else {
            pattern_expect(block->data, block->size, block->size, place, "a large block");
            EXPECT_OK(halde_heap_free(heap, block->data, 0));
            block->data = NULL;
        }
        if (++step % 50 == 0) {
            expect_totals(heap, blocks);
            EXPECT_VALID(heap, NULL);
        }
        if (random_once_in(&random, 100)) {
            halde_heap_compact(heap);
        }
    } while (!deadline_is_over(deadline) && test_failures() == 0);
    for (size_t i = 0; i < PLACES; i++) {
        EXPECT_OK(halde_heap_free(heap, blocks[i].data, 0));
        blocks[i].data = NULL;
    }
    expect_totals(heap, blocks);
}

// A buffer that grows step by step, as programs read a file of unknown length; another block in the
// way.
static void grow_step_by_step(halde_heap *heap, size_t step, size_t end, uint32_t flags)
{
    size_t size = step;
    char *data = halde_heap_alloc(heap, size, flags);
    ASSERT_NOT_NULL(data);
    pattern_fill(data, size, 11);
    char *obstacle = halde_heap_alloc(heap, 200 * KIB, 0);
    ASSERT_NOT_NULL(obstacle);
    while (size < end) {
        size_t larger = size + step;
        data = halde_heap_realloc(heap, data, larger, flags, NULL);
        ASSERT_NOT_NULL(data);
        pattern_expect(data, size, size, 11, "growing");
        if (flags & HALDE_ZERO) {
            pattern_expect_zero(data, size, larger, "growing with zeros");
        }
        size = larger;
        pattern_fill(data, size, 11);
    }
    size_t seen = 0;
    EXPECT_OK(halde_heap_size(heap, data, &seen));
    EXPECT_SIZE(seen, size);
    EXPECT_OK(halde_heap_free(heap, obstacle, 0));
    EXPECT_OK(halde_heap_free(heap, data, 0));
}

// Shrinking in place always works, and what was cut off is zero when asked for again.
static void shrink_and_regrow(halde_heap *heap)
{
    static const size_t sizes[] = {300 * KIB, 3 * MIB, 20 * MIB};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t size = sizes[i];
        char *data = halde_heap_alloc(heap, size, 0);
        ASSERT_NOT_NULL(data);
        memset(data, 0x5a, size);
        size_t small = size / 2 + 1;
        EXPECT_POINTER(halde_heap_realloc(heap, data, small, HALDE_IN_PLACE, NULL), data);
        char *again = halde_heap_realloc(heap, data, size, HALDE_ZERO, NULL);
        ASSERT_NOT_NULL(again);
        EXPECT_TRUE(again[0] == 0x5a && again[small - 1] == 0x5a);
        pattern_expect_zero(again, small, size, "regrown");
        EXPECT_OK(halde_heap_free(heap, again, 0));
    }
}

struct order {
    const void *expected[8];
    size_t count;
    size_t next;
};

static bool visit_in_order(const struct halde_entry *entry, void *context)
{
    struct order *order = context;
    if (entry->kind == HALDE_ENTRY_BUSY && entry->region_index == HALDE_REGION_LARGE) {
        if (order->next < order->count) {
            EXPECT_POINTER(entry->data, order->expected[order->next]);
        }
        EXPECT_FALSE(entry->is_span_block);
        order->next++;
    } else {
        EXPECT_SIZE(order->next, 0); // large blocks come last
    }
    return true;
}

static void expect_order(halde_heap *heap, struct order *order)
{
    order->next = 0;
    EXPECT_OK(halde_heap_walk(heap, visit_in_order, order));
    EXPECT_SIZE(order->next, order->count);
}

// Large blocks are walked in the order of their allocation, also when some of them went.
static void walk_in_allocation_order(void)
{
    halde_heap *heap;
    ASSERT_OK(halde_heap_create(NULL, &heap));
    struct order order = {.count = 8};
    for (size_t i = 0; i < 8; i++) {
        ASSERT_NOT_NULL(halde_heap_alloc(heap, 1000 + i, 0)); // small ones between them
        order.expected[i] = halde_heap_alloc(heap, (2 + (i * 5) % 7) * MIB, 0);
        ASSERT_NOT_NULL(order.expected[i]);
    }
    expect_order(heap, &order);
    for (size_t i = 5; i < 8; i -= 2) { // 5, 3, 1, and below 0 it is huge
        void *gone = halde_heap_realloc(heap, (void *)(uintptr_t)order.expected[i], 10, 0, NULL);
        EXPECT_OK(halde_heap_free(heap, gone, 0));
        memmove(&order.expected[i], &order.expected[i + 1],
            (order.count - i - 1) * sizeof order.expected[0]);
        order.count--;
        expect_order(heap, &order);
    }
    EXPECT_OK(halde_heap_destroy(heap));
}

// Freed large blocks do not stay: at the latest compaction gives their memory back.
static void give_memory_back(halde_heap *heap)
{
    size_t before = process_resident_size();
    void *blocks[8];
    for (size_t i = 0; i < 8; i++) {
        blocks[i] = halde_heap_alloc(heap, 8 * MIB, 0);
        ASSERT_NOT_NULL(blocks[i]);
        memset(blocks[i], 1, 8 * MIB);
    }
    for (size_t i = 0; i < 8; i++) {
        EXPECT_OK(halde_heap_free(heap, blocks[i], 0));
    }
    halde_heap_compact(heap);
    if (process_memory_is_plain()) {
        EXPECT_AT_MOST(process_resident_size(), before + 6 * MIB);
    }
}

static void sizes_that_wrap(halde_heap *heap)
{
    char *data = halde_heap_alloc(heap, 3 * MIB, 0);
    ASSERT_NOT_NULL(data);
    pattern_fill(data, 3 * MIB, 4);
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 7, SIZE_MAX - 4095, SIZE_MAX - 65535,
        SIZE_MAX / 2 + 1, (size_t)1 << 57, (size_t)1 << 48};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        enum halde_status status = HALDE_OK;
        EXPECT_POINTER(halde_heap_alloc(heap, sizes[i], HALDE_ZERO), NULL);
        EXPECT_POINTER(halde_heap_realloc(heap, data, sizes[i], 0, &status), NULL);
        EXPECT_STATUS(status, HALDE_NO_MEMORY);
        EXPECT_POINTER(halde_heap_realloc(heap, data, sizes[i], HALDE_IN_PLACE, &status), NULL);
        EXPECT_STATUS(status, HALDE_NO_MEMORY);
    }
    pattern_expect(data, 3 * MIB, 3 * MIB, 4, "after refusals");
    EXPECT_VALID(heap, data);
    EXPECT_OK(halde_heap_free(heap, data, 0));
}

int main(void)
{
    uint64_t seed = seed_start("large");
    halde_heap *heap;
    ASSERT_OK(halde_heap_create(NULL, &heap));
    sizes_that_wrap(heap);
    shrink_and_regrow(heap);
    walk_in_allocation_order();
    grow_step_by_step(heap, 50 * KIB, 2 * MIB, 0);
    grow_step_by_step(heap, 100 * KIB, 3 * MIB, HALDE_ZERO);
    grow_step_by_step(heap, MIB, 24 * MIB, 0);
    grow_step_by_step(heap, MIB + 4096, 16 * MIB, HALDE_ZERO);
    give_memory_back(heap);
    churn_large(heap, seed, stress_seconds(3));
    EXPECT_OK(halde_heap_destroy(heap));
    return test_result();
}
