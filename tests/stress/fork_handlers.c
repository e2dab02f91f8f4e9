// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 120

/**
 * Fork handlers that were registered before the library's own run while it has stopped every heap:
 * they allocate, resize, free, lock, walk and create heaps all the same, in prepare, parent and
 * child; in the process heap, in heaps of other threads, in a fixed-size heap and in one with
 * checks.  Meanwhile other threads work on the same heaps, and afterwards all of them are sound.
 */
#include "check.h"
#include "child.h"
#include "process.h"
#include "seed.h"

#include <halde/heap.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    HEAP_COUNT = 5,
    SIZE_COUNT = 6,
    KEPT_COUNT = 30,
};
static const size_t SIZES[SIZE_COUNT] = {1, 100, 3000, 20000, 200000, 3000000};

static halde_heap *heaps[HEAP_COUNT]; // process heap, private, another thread's, fixed, with checks
static char *kept[HEAP_COUNT][SIZE_COUNT];
static halde_heap *made;
static _Atomic(size_t) handler_calls;
static _Atomic bool stops, is_made;

static size_t size_for(size_t heap, size_t i)
{
    return heap == 3 ? SIZES[i] % 5000 : SIZES[i]; // the fixed-size heap is small
}

static void allocate_everywhere(void)
{
    for (size_t h = 0; h < HEAP_COUNT && heaps[h] != NULL; h++) {
        for (size_t i = 0; i < SIZE_COUNT; i++) {
            size_t size = size_for(h, i);
            kept[h][i] = halde_heap_alloc(heaps[h], size, 0);
            EXPECT_NOT_NULL(kept[h][i]);
            memset(kept[h][i], (int)i + 1, size);
        }
    }
}

static void free_everywhere(void)
{
    for (size_t h = 0; h < HEAP_COUNT && heaps[h] != NULL; h++) {
        for (size_t i = 0; i < SIZE_COUNT; i++) {
            size_t size = size_for(h, i);
            EXPECT_TRUE(size == 0 || kept[h][i][size - 1] == (char)(i + 1));
            char *moved = halde_heap_realloc(heaps[h], kept[h][i], size + size / 2, 0, NULL);
            EXPECT_NOT_NULL(moved);
            EXPECT_OK(halde_heap_free(heaps[h], moved, 0));
        }
    }
}

static void in_prepare(void)
{
    atomic_fetch_add(&handler_calls, 1);
    allocate_everywhere();
    EXPECT_OK(halde_heap_create(NULL, &made));
    EXPECT_NOT_NULL(halde_heap_alloc(made, 1000, 0));
    for (size_t h = 0; h < HEAP_COUNT && heaps[h] != NULL; h++) {
        EXPECT_OK(halde_heap_lock(heaps[h]));
        EXPECT_VALID(heaps[h], NULL);
        EXPECT_OK(halde_heap_unlock(heaps[h]));
    }
}

static void afterwards(void)
{
    atomic_fetch_add(&handler_calls, 1);
    free_everywhere();
    allocate_everywhere();
    halde_heap_compact(halde_process_heap());
    free_everywhere();
    EXPECT_NOT_NULL(halde_heap_alloc(made, 5000, 0));
}

__attribute__((constructor(101))) static void before_the_library(void)
{
    if (pthread_atfork(in_prepare, afterwards, afterwards) != 0) {
        abort();
    }
}

static void replace_at_random(struct random *random, void **blocks, halde_heap *heap)
{
    size_t i = random_below(random, KEPT_COUNT);
    size_t size = heap == heaps[3] ? random_below(random, 2000) : random_request(random);
    EXPECT_OK(halde_heap_free(heap, blocks[i], 0));
    blocks[i] = halde_heap_alloc(heap, size, 0);
}

static void *work(void *context)
{
    struct random random = random_make(7, (uint64_t)(uintptr_t)context);
    static const size_t LAST[] = {HEAP_COUNT, 2}; // the third heap stays this thread's or biased
    size_t count = LAST[(uintptr_t)context % 2];
    void *blocks[HEAP_COUNT][KEPT_COUNT] = {{NULL}};
    while (!atomic_load(&stops)) {
        size_t h = random_below(&random, count);
        replace_at_random(&random, blocks[h], heaps[h]);
    }
    for (size_t h = 0; h < HEAP_COUNT; h++) {
        for (size_t i = 0; i < KEPT_COUNT; i++) {
            EXPECT_OK(halde_heap_free(heaps[h], blocks[h][i], 0));
        }
    }
    return NULL;
}

// The heap is biased to the thread that makes it.
static void *make_heap(void *context)
{
    (void)context;
    EXPECT_OK(halde_heap_create(NULL, &heaps[2]));
    atomic_store(&is_made, true);
    return work((void *)(uintptr_t)0);
}

static void use_process_heap(void *context)
{
    (void)context;
    EXPECT_OK(
        halde_heap_free(halde_process_heap(), halde_heap_alloc(halde_process_heap(), 1000, 0), 0));
    EXPECT_VALID(halde_process_heap(), NULL);
}

static void use_in_child(void *context)
{
    use_process_heap(context);
    atomic_store(&stops, true);
    for (size_t h = 0; h < HEAP_COUNT; h++) {
        EXPECT_VALID(heaps[h], NULL);
        void *block = halde_heap_alloc(heaps[h], 1000, 0);
        EXPECT_NOT_NULL(block);
        EXPECT_OK(halde_heap_free(heaps[h], block, 0));
    }
    EXPECT_OK(halde_heap_destroy(made));
    if (process_can_start_threads_after_fork()) {
        pthread_t thread;
        EXPECT_TRUE(pthread_create(&thread, NULL, work, NULL) == 0);
        pthread_join(thread, NULL);
    }
}

int main(void)
{
    const struct halde_heap_options fixed = {.maximum_size = 1 << 20};
    const struct halde_heap_options checked = {.checks = HALDE_CHECK_TAIL};
    EXPECT_CHILD_PASSES("nothing but the process heap", use_process_heap, NULL, 20);
    EXPECT_SIZE(atomic_load(&handler_calls), 2);
    heaps[0] = halde_process_heap();
    ASSERT_OK(halde_heap_create(NULL, &heaps[1]));
    ASSERT_OK(halde_heap_create(&fixed, &heaps[3]));
    ASSERT_OK(halde_heap_create(&checked, &heaps[4]));
    pthread_t threads[3];
    ASSERT_TRUE(pthread_create(&threads[0], NULL, make_heap, NULL) == 0);
    while (!atomic_load(&is_made)) {
        usleep(1000);
    }
    ASSERT_TRUE(pthread_create(&threads[1], NULL, work, (void *)1) == 0);
    ASSERT_TRUE(pthread_create(&threads[2], NULL, work, (void *)3) == 0);
    uint64_t deadline = deadline_after(stress_seconds(3));
    size_t count = 0;
    while (!deadline_is_over(deadline) && test_failures() == 0) {
        EXPECT_CHILD_PASSES("threaded", use_in_child, NULL, 20);
        EXPECT_OK(halde_heap_destroy(made));
        count++;
    }
    for (size_t h = 0; h < HEAP_COUNT; h++) {
        EXPECT_VALID(heaps[h], NULL); // not before: it would end the third heap's bias
    }
    test_note("%zu forks", count);
    EXPECT_AT_LEAST(count, 2);
    atomic_store(&stops, true);
    for (size_t i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
    }
    return test_result();
}
