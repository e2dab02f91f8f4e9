// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// VARIANTS: archive shared both preload static

/**
 * realloc: NULL and zero as in glibc, contents kept whatever the two sizes, growth in small steps
 * to many MiB; a block of a private heap stays in its heap.
 */
#include "check.h"
#include "seed.h"

#include <halde/heap.h>
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t live_size(void)
{
    return mallinfo2().uordblks;
}

static void test_null_and_zero(void)
{
    size_t before = live_size();
    char *block = realloc(NULL, 77);
    ASSERT_NOT_NULL(block);
    EXPECT_SIZE(live_size(), before + 77);
    EXPECT_POINTER(realloc(block, 0), NULL);
    EXPECT_SIZE(live_size(), before); // it was freed
    block = realloc(NULL, 5000000);
    ASSERT_NOT_NULL(block);
    EXPECT_POINTER(reallocarray(block, 0, 8), NULL);
    EXPECT_SIZE(live_size(), before);
}

static unsigned char value_at(size_t i)
{
    return (unsigned char)(i * 7 + i / 255);
}

static bool is_intact(const unsigned char *block, size_t size)
{
    size_t step = size < 100000 ? 1 : 997;
    for (size_t i = 0; i < size; i += step) {
        if (block[i] != value_at(i)) {
            test_fail(CHECK_HERE, "byte %zu of %zu is %u", i, size, block[i]);
            return false;
        }
    }
    return size == 0 || block[size - 1] == value_at(size - 1);
}

static void fill(unsigned char *block, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        block[i] = value_at(i);
    }
}

static void test_growth(void)
{
    unsigned char *block = NULL;
    size_t size = 0;
    while (size < (size_t)24 << 20) {
        size_t more = size + size / 7 + 13;
        block = realloc(block, more);
        ASSERT_NOT_NULL(block);
        EXPECT_SIZE(malloc_usable_size(block), more);
        ASSERT_TRUE(is_intact(block, size));
        fill(block, size, more);
        size = more;
    }
    while (size > 10) {
        size -= size / 5 + 3;
        block = realloc(block, size);
        ASSERT_NOT_NULL(block);
        EXPECT_SIZE(malloc_usable_size(block), size);
        ASSERT_TRUE(is_intact(block, size));
    }
    free(block);
}

enum {
    BLOCK_COUNT = 64
};

static void resize_at_random(struct random *random, size_t count)
{
    struct {
        unsigned char *data;
        size_t size;
    } blocks[BLOCK_COUNT] = {{0}};
    for (size_t i = 0; i < count; i++) {
        size_t which = random_below(random, BLOCK_COUNT);
        size_t size = random_below(random, (size_t)1 << random_below(random, 22)) + 1;
        blocks[which].data = realloc(blocks[which].data, size);
        ASSERT_NOT_NULL(blocks[which].data);
        size_t kept = size < blocks[which].size ? size : blocks[which].size;
        ASSERT_TRUE(is_intact(blocks[which].data, kept));
        fill(blocks[which].data, kept, size);
        blocks[which].size = size;
    }
    for (size_t i = 0; i < BLOCK_COUNT; i++) {
        free(blocks[i].data);
    }
}

static void test_random(uint64_t seed)
{
    struct random random = random_make(seed, 0);
    size_t before = live_size();
    resize_at_random(&random, 6000);
    EXPECT_SIZE(live_size(), before);
}

static void *resize_in_thread(void *context)
{
    resize_at_random(context, 1500);
    return NULL;
}

// Large blocks are copied while nobody holds the heap; the walks of halde_heap_validate() must not
// mind, and nothing may be lost.
static void test_threads(uint64_t seed)
{
    enum {
        THREAD_COUNT = 4
    };
    pthread_t threads[THREAD_COUNT];
    struct random randoms[THREAD_COUNT];
    size_t before = live_size();
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        randoms[i] = random_make(seed, 1 + i);
        ASSERT_TRUE(pthread_create(&threads[i], NULL, resize_in_thread, &randoms[i]) == 0);
    }
    for (size_t i = 0; i < 50; i++) {
        EXPECT_VALID(halde_process_heap(), NULL);
        usleep(1000);
    }
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        pthread_join(threads[i], NULL);
    }
    EXPECT_TRUE(live_size() < before + 4096); // but for what the C library keeps for threads
}

static void test_private_heap(void)
{
    halde_heap *heap = NULL;
    ASSERT_OK(halde_heap_create(NULL, &heap));
    unsigned char *block = halde_heap_alloc(heap, 50, 0);
    ASSERT_NOT_NULL(block);
    fill(block, 0, 50);
    for (size_t size = 50; size < 5000000; size *= 3) {
        block = realloc(block, size * 3);
        ASSERT_NOT_NULL(block);
        ASSERT_TRUE(is_intact(block, size));
        fill(block, size, size * 3);
        EXPECT_POINTER(halde_heap_of_block(block), heap);
        EXPECT_SIZE(malloc_usable_size(block), size * 3);
    }
    free(block);
    struct halde_heap_summary summary;
    EXPECT_OK(halde_heap_summarize(heap, &summary));
    EXPECT_SIZE(summary.busy_count, 0);
    EXPECT_OK(halde_heap_destroy(heap));
}

int main(void)
{
    test_null_and_zero();
    test_growth();
    uint64_t seed = seed_start("realloc");
    test_random(seed);
    test_threads(seed);
    test_private_heap();
    return test_result();
}
