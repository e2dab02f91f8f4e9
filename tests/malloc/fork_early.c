// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 120
// VARIANTS: archive static

/**
 * A program's fork handlers that were registered before everything else, in a static program before
 * the engine's own, so that they run while it has stopped every heap: they use malloc in prepare,
 * parent and child, with and without other threads.
 */
#include "check.h"
#include "child.h"
#include "seed.h"

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static const size_t SIZES[] = {1, 200, 3000, 40000, 500000, 5000000};
enum {
    SIZE_COUNT = sizeof(SIZES) / sizeof(SIZES[0])
};
static char *blocks[SIZE_COUNT];
static char *from_before;
static _Atomic(size_t) calls;
static _Atomic bool stops;

static void in_prepare(void)
{
    atomic_fetch_add(&calls, 1);
    free(from_before);
    for (size_t i = 0; i < SIZE_COUNT; i++) {
        blocks[i] = calloc(1, SIZES[i]);
        EXPECT_NOT_NULL(blocks[i]);
        blocks[i][SIZES[i] - 1] = 'x';
    }
}

static void afterwards(void)
{
    atomic_fetch_add(&calls, 1);
    for (size_t i = 0; i < SIZE_COUNT; i++) {
        blocks[i] = realloc(blocks[i], SIZES[i] * 2);
        EXPECT_NOT_NULL(blocks[i]);
        EXPECT_TRUE(blocks[i][SIZES[i] - 1] == 'x');
        free(blocks[i]);
    }
    void *aligned = NULL;
    EXPECT_TRUE(posix_memalign(&aligned, 4096, 10000) == 0);
    free(aligned);
    malloc_trim(0);
    from_before = malloc(3000);
}

static void before_all(void)
{
    if (pthread_atfork(in_prepare, afterwards, afterwards) != 0) {
        abort();
    }
}

__attribute__((section(".preinit_array"), used)) static void (*preinit)(void) = before_all;

static void *allocate(void *context)
{
    struct random random = random_make(3, (uint64_t)(uintptr_t)context);
    void *own[50] = {NULL};
    while (!atomic_load(&stops)) {
        size_t i = random_below(&random, 50);
        free(own[i]);
        own[i] = malloc(random_request(&random));
    }
    for (size_t i = 0; i < 50; i++) {
        free(own[i]);
    }
    return NULL;
}

static void live_on(void *context)
{
    (void)context;
    EXPECT_VALID(halde_process_heap(), NULL);
    for (size_t i = 0; i < 3000; i++) {
        char *block = malloc(i);
        EXPECT_NOT_NULL(block);
        memset(block, 1, i);
        free(block);
    }
    free(from_before);
}

int main(void)
{
    EXPECT_CHILD_PASSES("single-threaded", live_on, NULL, 20);
    EXPECT_SIZE(atomic_load(&calls), 2);
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++) {
        ASSERT_TRUE(pthread_create(&threads[i], NULL, allocate, (void *)i) == 0);
    }
    uint64_t deadline = deadline_after(stress_seconds(2));
    size_t count = 0;
    while (!deadline_is_over(deadline) && test_failures() == 0) {
        EXPECT_CHILD_PASSES("threaded", live_on, NULL, 20);
        count++;
    }
    test_note("%zu forks", count);
    EXPECT_AT_LEAST(count, 2);
    atomic_store(&stops, true);
    for (size_t i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    EXPECT_VALID(halde_process_heap(), NULL);
    return test_result();
}
