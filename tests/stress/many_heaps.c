// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 300

/**
 * Ten thousand heaps alive at once, each used by any thread and destroyed by any thread; then heaps
 * that come and go by the hundred thousand without addresses or memory growing.
 */
#include "check.h"
#include "pattern.h"
#include "process.h"
#include "seed.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    HEAPS = 10000,
    THREADS = 4,
    BLOCKS = 10, // in each heap
    RESIDENT_PER_HEAP = 16 << 10,
};

struct colony {
    size_t heap_count;
    halde_heap **heaps;
    void *(*blocks)[BLOCKS];
    uint64_t seed;
};

struct part {
    struct colony *colony;
    size_t index; // of THREADS
};

// Sizes that a block has by its place, so that every thread knows them.
static size_t size_at(size_t heap, size_t place)
{
    return (heap * 7 + place * 53) % 400;
}

static void fill_heap(struct colony *colony, size_t heap)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        void *block = halde_heap_alloc(colony->heaps[heap], size_at(heap, i), 0);
        ASSERT_NOT_NULL(block);
        pattern_fill(block, size_at(heap, i), heap * BLOCKS + i);
        colony->blocks[heap][i] = block;
    }
}

static void *create_part(void *context)
{
    struct part *part = context;
    struct colony *colony = part->colony;
    for (size_t h = part->index; h < colony->heap_count; h += THREADS) {
        ASSERT_OK(halde_heap_create(NULL, &colony->heaps[h]));
        fill_heap(colony, h);
    }
    return NULL;
}

// Every thread uses heaps of every other: replaces one block, checks the others.
static void *use_part(void *context)
{
    struct part *part = context;
    struct colony *colony = part->colony;
    for (size_t h = (part->index + 1) % THREADS; h < colony->heap_count; h += THREADS) {
        halde_heap *heap = colony->heaps[h];
        size_t which = h % BLOCKS;
        for (size_t i = 0; i < BLOCKS; i++) {
            size_t size = size_at(h, i);
            pattern_expect(colony->blocks[h][i], size, size, h * BLOCKS + i, "many heaps");
        }
        EXPECT_OK(halde_heap_free(heap, colony->blocks[h][which], 0));
        void *block = halde_heap_alloc(heap, size_at(h, which), 0);
        ASSERT_NOT_NULL(block);
        pattern_fill(block, size_at(h, which), h * BLOCKS + which);
        colony->blocks[h][which] = block;
    }
    return NULL;
}

static void *destroy_part(void *context)
{
    struct part *part = context;
    struct colony *colony = part->colony;
    for (size_t h = (part->index + 2) % THREADS; h < colony->heap_count; h += THREADS) {
        EXPECT_OK(halde_heap_destroy(colony->heaps[h]));
    }
    return NULL;
}

static void run_parts(struct colony *colony, void *(*body)(void *))
{
    pthread_t threads[THREADS];
    struct part parts[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        parts[i] = (struct part){colony, i};
        ASSERT_TRUE(pthread_create(&threads[i], NULL, body, &parts[i]) == 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
}

static void check_counts(const struct colony *colony)
{
    for (size_t h = 0; h < colony->heap_count; h++) {
        size_t expected = 0;
        for (size_t i = 0; i < BLOCKS; i++) {
            expected += size_at(h, i);
        }
        struct halde_heap_summary summary;
        EXPECT_OK(halde_heap_summarize(colony->heaps[h], &summary));
        EXPECT_SIZE(summary.busy_count, BLOCKS);
        EXPECT_SIZE(summary.busy_size, expected);
        EXPECT_SIZE((uintptr_t)colony->heaps[h] % 65536, 0);
    }
}

static int compare_handles(const void *left, const void *right)
{
    uintptr_t a = *(const uintptr_t *)left;
    uintptr_t b = *(const uintptr_t *)right;
    return (a > b) - (a < b);
}

// The list holds every heap once, the process heap first.
static void check_list(const struct colony *colony)
{
    size_t capacity = colony->heap_count + 16;
    halde_heap **list = calloc(capacity, sizeof *list);
    ASSERT_NOT_NULL(list);
    size_t count = halde_heap_list(list, capacity);
    EXPECT_SIZE(count, colony->heap_count + 1);
    EXPECT_POINTER(list[0], halde_process_heap());
    halde_heap *few[3] = {NULL, NULL, (halde_heap *)list};
    EXPECT_SIZE(halde_heap_list(few, 2), count);
    EXPECT_POINTER(few[1], list[1]);
    EXPECT_POINTER(few[2], list); // beyond the capacity: untouched
    halde_heap **sorted = calloc(colony->heap_count, sizeof *sorted);
    ASSERT_NOT_NULL(sorted);
    for (size_t i = 0; i < colony->heap_count; i++) {
        sorted[i] = colony->heaps[i];
    }
    qsort(sorted, colony->heap_count, sizeof *sorted, compare_handles);
    qsort(list + 1, count - 1, sizeof *list, compare_handles);
    for (size_t i = 0; i < colony->heap_count; i++) {
        EXPECT_POINTER(list[i + 1], sorted[i]);
    }
    free(sorted);
    free(list);
}

static void live_together(struct colony *colony)
{
    process_resident_size(); // its own first-call costs
    size_t before = process_resident_size();
    run_parts(colony, create_part);
    size_t after = process_resident_size();
    test_note("%zu heaps of %d blocks: %zu bytes resident each", colony->heap_count, BLOCKS,
        after < before ? 0 : (after - before) / colony->heap_count);
    if (process_memory_is_plain()) {
        EXPECT_AT_MOST(after, before + colony->heap_count * RESIDENT_PER_HEAP + (8 << 20));
    }
    check_counts(colony);
    run_parts(colony, use_part);
    run_parts(colony, use_part);
    check_counts(colony);
    check_list(colony);
    run_parts(colony, destroy_part);
    for (size_t h = 0; h < colony->heap_count; h++) {
        EXPECT_FALSE(halde_heap_is_valid(colony->heaps[h]));
        EXPECT_STATUS(halde_heap_free(colony->heaps[h], colony->blocks[h][0], 0), HALDE_BAD_HEAP);
        EXPECT_POINTER(halde_heap_of_block(colony->blocks[h][0]), NULL);
    }
    EXPECT_SIZE(halde_heap_list(NULL, 0), 1);
}

// Creation order stays the order of the list, also when heaps in between go.
static void list_keeps_order(void)
{
    enum {
        COUNT = 40,
    };
    halde_heap *heaps[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        ASSERT_OK(halde_heap_create(NULL, &heaps[i]));
    }
    for (size_t i = 0; i < COUNT; i += 3) {
        EXPECT_OK(halde_heap_destroy(heaps[i]));
    }
    halde_heap *list[COUNT + 1];
    size_t count = halde_heap_list(list, COUNT + 1);
    size_t next = 1;
    for (size_t i = 0; i < COUNT; i++) {
        if (i % 3 != 0) {
            EXPECT_POINTER(list[next], heaps[i]);
            next++;
            EXPECT_OK(halde_heap_destroy(heaps[i]));
        }
    }
    EXPECT_SIZE(count, next);
}

static void come_and_go_once(struct random *random)
{
    struct halde_heap_options options = {0};
    if (random_once_in(random, 4)) {
        options.maximum_size = random_log(random, 4096, 2 << 20);
    }
    if (random_once_in(random, 8)) {
        options.flags = HALDE_HEAP_NO_SERIALIZE;
    }
    halde_heap *heap;
    ASSERT_OK(halde_heap_create(&options, &heap));
    size_t count = random_below(random, 30);
    for (size_t i = 0; i < count; i++) {
        size_t size = random_log(random, 1, i % 16 == 15 ? 300000 : 3000);
        void *block = halde_heap_alloc(heap, size, 0);
        if (block) {
            pattern_fill(block, size, i);
        }
    }
    EXPECT_OK(halde_heap_destroy(heap)); // with everything in it
}

static void come_and_go(uint64_t seed)
{
    struct random random = random_make(seed, 5);
    uint64_t deadline = deadline_after(stress_seconds(3) / 2);
    size_t count = 0;
    size_t early_resident = 0;
    size_t early_addresses = 0;
    while (!deadline_is_over(deadline) || count < 200) {
        come_and_go_once(&random);
        if (++count == 100) {
            early_resident = process_resident_size();
            early_addresses = process_address_size();
        }
    }
    test_note("%zu heaps came and went", count);
    if (process_memory_is_plain()) {
        EXPECT_AT_MOST(process_resident_size(), early_resident + (64 << 20));
        EXPECT_AT_MOST(process_address_size(), early_addresses + (256 << 20));
    }
}

int main(void)
{
    struct colony colony = {.seed = seed_start("many_heaps"), .heap_count = process_scaled(HEAPS)};
    colony.heaps = calloc(colony.heap_count, sizeof *colony.heaps);
    colony.blocks = calloc(colony.heap_count, sizeof *colony.blocks);
    ASSERT_TRUE(colony.heaps && colony.blocks);
    live_together(&colony);
    live_together(&colony); // in the addresses of the first
    list_keeps_order();
    come_and_go(colony.seed);
    free(colony.blocks);
    free(colony.heaps);
    return test_result();
}
