// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * <halde/statistics.h>: the figures of a heap against what the test holds and against a walk; the
 * peak; classes; text and JSON on a descriptor, of one heap and of all; wrong arguments.
 */
#include "check.h"
#include "seed.h"

#include <halde/statistics.h>

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    SLICE = 65536,
    LIVE_COUNT = 3000,
};

static struct halde_heap_statistics statistics_of(halde_heap *heap)
{
    struct halde_heap_statistics statistics;
    memset(&statistics, 0x77, sizeof(statistics));
    EXPECT_OK(halde_heap_get_statistics(heap, &statistics, NULL, 0));
    return statistics;
}

// What always holds between the figures.
static void expect_consistent(halde_heap *heap)
{
    struct halde_heap_statistics total;
    struct halde_class_statistics classes[HALDE_CLASS_COUNT_MAX];
    struct halde_heap_summary summary;
    ASSERT_OK(halde_heap_get_statistics(heap, &total, classes, HALDE_CLASS_COUNT_MAX));
    ASSERT_OK(halde_heap_summarize(heap, &summary));
    EXPECT_SIZE(total.live_count, summary.busy_count);
    EXPECT_SIZE(total.live_size, summary.busy_size);
    EXPECT_SIZE(total.committed_size, summary.committed_size);
    EXPECT_SIZE(total.reserved_size, summary.reserved_size);
    EXPECT_AT_LEAST(total.resident_size, 1);
    EXPECT_AT_MOST(total.resident_size, total.committed_size);
    EXPECT_AT_MOST(total.used_size, total.peak_size);
    EXPECT_SIZE(total.used_size, total.mixed_span_size + total.large_slice_size + total.span_size);
    EXPECT_AT_MOST(total.class_count, HALDE_CLASS_COUNT_MAX);
    size_t count = total.mixed_count + total.large_count;
    size_t size = total.mixed_size + total.large_size;
    size_t span_size = 0;
    for (size_t i = 0; i < total.class_count; i++) {
        const struct halde_class_statistics *class = &classes[i];
        size_t blocks = class->busy_count + class->cached_count + class->free_count;
        EXPECT_TRUE(i == 0 || class[-1].block_size < class->block_size);
        EXPECT_AT_LEAST(class->span_count, 1);
        EXPECT_AT_MOST(blocks * class->block_size, class->span_size);
        EXPECT_AT_LEAST((blocks + class->span_count) * class->block_size + class->span_count * 8192,
            class->span_size);
        EXPECT_AT_MOST(class->busy_size, class->busy_count * class->block_size);
        count += class->busy_count;
        size += class->busy_size;
        span_size += class->span_size;
    }
    EXPECT_SIZE(count, total.live_count);
    EXPECT_SIZE(size, total.live_size);
    EXPECT_SIZE(span_size, total.span_size);
}

static const struct halde_class_statistics *find_class(
    halde_heap *heap, struct halde_class_statistics *classes, size_t block_size)
{
    struct halde_heap_statistics total;
    EXPECT_OK(halde_heap_get_statistics(heap, &total, classes, HALDE_CLASS_COUNT_MAX));
    for (size_t i = 0; i < total.class_count; i++) {
        if (classes[i].block_size == block_size) {
            return &classes[i];
        }
    }
    return NULL;
}

static void test_figures(void)
{
    halde_heap *heap;
    ASSERT_OK(halde_heap_create(NULL, &heap));
    struct halde_heap_statistics empty = statistics_of(heap);
    EXPECT_SIZE(empty.live_count, 0);
    EXPECT_SIZE(empty.live_size, 0);
    EXPECT_SIZE(empty.class_count, 0);
    EXPECT_SIZE(empty.mixed_span_size, SLICE);
    EXPECT_SIZE(empty.used_size, SLICE);
    EXPECT_SIZE(empty.peak_size, SLICE);

    struct random random = random_make(seed_start("statistics"), 1);
    static void *blocks[LIVE_COUNT];
    static size_t sizes[LIVE_COUNT];
    size_t count = 0;
    size_t size = 0;
    for (size_t i = 0; i < 30000; i++) {
        size_t slot = random_below(&random, LIVE_COUNT);
        if (blocks[slot] != NULL) {
            EXPECT_OK(halde_heap_free(heap, blocks[slot], 0));
            count--;
            size -= sizes[slot];
        }
        sizes[slot] = random_request(&random);
        blocks[slot] = halde_heap_alloc(heap, sizes[slot], 0);
        ASSERT_NOT_NULL(blocks[slot]);
        count++;
        size += sizes[slot];
        if (i % 5000 == 0) {
            struct halde_heap_statistics now = statistics_of(heap);
            EXPECT_SIZE(now.live_count, count);
            EXPECT_SIZE(now.live_size, size);
            expect_consistent(heap);
        }
    }
    struct halde_heap_statistics full = statistics_of(heap);
    EXPECT_AT_LEAST(full.peak_size, full.used_size);
    for (size_t i = 0; i < LIVE_COUNT; i++) {
        EXPECT_OK(halde_heap_free(heap, blocks[i], 0));
    }
    halde_heap_compact(heap);
    struct halde_heap_statistics after = statistics_of(heap);
    EXPECT_SIZE(after.live_count, 0);
    EXPECT_SIZE(after.used_size, SLICE);
    EXPECT_SIZE(after.peak_size, full.peak_size);
    EXPECT_SIZE(after.class_count, 0);
    EXPECT_OK(halde_heap_destroy(heap));
}

static void test_class(void)
{
    enum {
        COUNT = 500
    };
    halde_heap *heap;
    void *blocks[COUNT];
    struct halde_class_statistics classes[HALDE_CLASS_COUNT_MAX];
    ASSERT_OK(halde_heap_create(NULL, &heap));
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = halde_heap_alloc(heap, 250, 0);
    }
    struct halde_heap_statistics total = statistics_of(heap);
    const struct halde_class_statistics *class = find_class(heap, classes, 256);
    ASSERT_NOT_NULL(class);
    EXPECT_SIZE(class->busy_count + total.mixed_count, COUNT);
    EXPECT_AT_MOST(total.mixed_count, 17);
    EXPECT_SIZE(class->busy_size, class->busy_count * 250);
    size_t busy_count = class->busy_count;
    size_t free_count = class->free_count + class->cached_count;
    for (size_t i = COUNT - 10; i < COUNT; i++) {
        EXPECT_OK(halde_heap_free(heap, blocks[i], 0));
    }
    class = find_class(heap, classes, 256);
    ASSERT_NOT_NULL(class);
    EXPECT_SIZE(class->busy_count, busy_count - 10);
    EXPECT_SIZE(class->free_count + class->cached_count, free_count + 10);
    EXPECT_AT_LEAST(class->cached_count, 10); // just freed: in this thread's magazine
    struct halde_class_statistics first;
    EXPECT_OK(halde_heap_get_statistics(heap, &total, &first, 1));
    EXPECT_SIZE(first.block_size, classes[0].block_size);
    EXPECT_OK(halde_heap_destroy(heap));
}

static void test_large(void)
{
    halde_heap *heap;
    ASSERT_OK(halde_heap_create(NULL, &heap));
    void *inside = halde_heap_alloc(heap, 200000, 0);
    char *alone = halde_heap_alloc(heap, 10000000, 0);
    ASSERT_NOT_NULL(alone);
    struct halde_heap_statistics before = statistics_of(heap);
    EXPECT_SIZE(before.large_count, 2);
    EXPECT_SIZE(before.large_size, 10200000);
    EXPECT_SIZE(before.large_slice_size, (4 + 153) * (size_t)SLICE);
    EXPECT_SIZE(before.used_size, (1 + 4 + 153) * (size_t)SLICE);
    memset(alone, 1, 10000000);
    struct halde_heap_statistics touched = statistics_of(heap);
    EXPECT_AT_LEAST(touched.resident_size, before.resident_size + 9000000);
    alone = halde_heap_realloc(heap, alone, 5000000, 0, NULL);
    EXPECT_SIZE(statistics_of(heap).large_size, 5200000);
    EXPECT_OK(halde_heap_free(heap, alone, 0));
    EXPECT_OK(halde_heap_free(heap, inside, 0));
    struct halde_heap_statistics after = statistics_of(heap);
    EXPECT_SIZE(after.large_count, 0);
    EXPECT_SIZE(after.used_size, SLICE);
    EXPECT_SIZE(after.peak_size, before.peak_size);
    EXPECT_SIZE(after.free_size, 4 * (size_t)SLICE);
    EXPECT_OK(halde_heap_destroy(heap));
}

static void test_fixed(void)
{
    halde_heap *heap;
    const struct halde_heap_options options = {.maximum_size = 1 << 20};
    ASSERT_OK(halde_heap_create(&options, &heap));
    EXPECT_NOT_NULL(halde_heap_alloc(heap, 1000, 0));
    EXPECT_NOT_NULL(halde_heap_alloc(heap, 100000, 0));
    struct halde_heap_statistics total = statistics_of(heap);
    EXPECT_SIZE(total.mixed_count, 2);
    EXPECT_SIZE(total.live_size, 101000);
    expect_consistent(heap);
    EXPECT_OK(halde_heap_destroy(heap));
}

// ---- Output -----------------------------------------------------------------------------------

static char *printed(halde_heap *heap, enum halde_statistics_format format)
{
    int file = memfd_create("statistics", MFD_CLOEXEC);
    ASSERT_TRUE(file >= 0);
    EXPECT_OK(halde_heap_print_statistics(heap, format, file));
    off_t size = lseek(file, 0, SEEK_END);
    char *text = calloc((size_t)size + 1, 1);
    ASSERT_NOT_NULL(text);
    EXPECT_TRUE(pread(file, text, (size_t)size, 0) == size);
    close(file);
    return text;
}

static size_t occurrence_count(const char *text, const char *what)
{
    size_t count = 0;
    while ((text = strstr(text, what)) != NULL) {
        count++;
        text += strlen(what);
    }
    return count;
}

static void test_output(void)
{
    halde_heap *heap;
    char name[64];
    char line[256];
    ASSERT_OK(halde_heap_create(NULL, &heap));
    EXPECT_NOT_NULL(halde_heap_alloc(heap, 100, 0));
    EXPECT_NOT_NULL(halde_heap_alloc(heap, 2000000, 0));
    snprintf(name, sizeof(name), "heap %p", (void *)heap);
    snprintf(line, sizeof(line), "halde: %s: 2 live blocks, 2000100 live bytes, ", name);
    char *text = printed(heap, HALDE_STATISTICS_TEXT);
    EXPECT_TRUE(strncmp(text, line, strlen(line)) == 0);
    EXPECT_SIZE(occurrence_count(text, "\n"), occurrence_count(text, name));
    free(text);
    text = printed(NULL, HALDE_STATISTICS_TEXT);
    EXPECT_SIZE(occurrence_count(text, " (process heap): "), 1);
    EXPECT_NOT_NULL(strstr(text, line));
    EXPECT_SIZE(occurrence_count(text, "\n"), occurrence_count(text, "halde: heap 0x"));
    free(text);
    text = printed(heap, HALDE_STATISTICS_JSON);
    snprintf(line, sizeof(line),
        "{\"heap\":\"%p\",\"is_process_heap\":false,\"live_blocks\":2,\"live_bytes\":2000100,",
        (void *)heap);
    EXPECT_NOT_NULL(strstr(text, line));
    EXPECT_SIZE(occurrence_count(text, "\n"), 1);
    free(text);
    text = printed(NULL, HALDE_STATISTICS_JSON);
    EXPECT_SIZE(occurrence_count(text, "\"is_process_heap\":true"), 1);
    EXPECT_NOT_NULL(strstr(text, line));
    free(text);
    EXPECT_OK(halde_heap_destroy(heap));
    EXPECT_STATUS(
        halde_heap_print_statistics(heap, HALDE_STATISTICS_TEXT, STDERR_FILENO), HALDE_BAD_HEAP);
}

static void test_wrong_arguments(void)
{
    struct halde_heap_statistics total;
    halde_heap *home = halde_process_heap();
    EXPECT_STATUS(halde_heap_get_statistics(NULL, &total, NULL, 0), HALDE_BAD_HEAP);
    EXPECT_STATUS(halde_heap_get_statistics((halde_heap *)&total, &total, NULL, 0), HALDE_BAD_HEAP);
    EXPECT_STATUS(halde_heap_get_statistics(home, NULL, NULL, 0), HALDE_BAD_ARGUMENT);
    EXPECT_STATUS(halde_heap_get_statistics(home, &total, NULL, 1), HALDE_BAD_ARGUMENT);
    EXPECT_STATUS(halde_heap_print_statistics(home, 0, STDERR_FILENO), HALDE_BAD_ARGUMENT);
    EXPECT_STATUS(halde_heap_print_statistics(home, HALDE_STATISTICS_TEXT, -1), HALDE_BAD_ARGUMENT);
    EXPECT_STATUS(
        halde_heap_print_statistics(home, HALDE_STATISTICS_TEXT, 9999), HALDE_BAD_ARGUMENT);
}

static _Atomic bool stops;

static void *allocate(void *context)
{
    struct random random = random_make(5, (uint64_t)(uintptr_t)context);
    void *blocks[100] = {NULL};
    while (!stops) {
        size_t i = random_below(&random, 100);
        free(blocks[i]);
        blocks[i] = malloc(random_request(&random));
    }
    for (size_t i = 0; i < 100; i++) {
        free(blocks[i]);
    }
    return NULL;
}

// Figures taken while others work belong together all the same.
static void test_threads(void)
{
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++) {
        ASSERT_TRUE(pthread_create(&threads[i], NULL, allocate, (void *)i) == 0);
    }
    for (size_t i = 0; i < 50; i++) {
        ASSERT_OK(halde_heap_lock(halde_process_heap()));
        expect_consistent(halde_process_heap());
        EXPECT_OK(halde_heap_unlock(halde_process_heap()));
        usleep(1000);
    }
    stops = true;
    for (size_t i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    expect_consistent(halde_process_heap());
}

int main(void)
{
    test_figures();
    test_class();
    test_large();
    test_fixed();
    test_output();
    test_wrong_arguments();
    test_threads();
    return test_result();
}
