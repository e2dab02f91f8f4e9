// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * What fast_path.sh counts the instructions of: <heap> <pattern> <count>.
 *
 * heap: process; private, used by its creator alone; shared, once used by another thread; malloc:
 * the process heap, through malloc() and free().
 * pattern: pair, a block of 64 bytes is allocated and freed at once; batch, 1000 are allocated,
 * then freed. Allocates and frees `count` blocks in all, after a warm-up.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

enum {
    SIZE = 64,
    BATCH = 1000,
    WARM_UP = 10 * BATCH
};

static _Noreturn void fail(const char *text)
{
    fprintf(stderr, "fast_path: %s\n", text);
    exit(1);
}

static void pairs(HANDLE heap, unsigned long count)
{
    for (unsigned long i = 0; i < count; ++i) {
        void *block = HeapAlloc(heap, 0, SIZE);
        if (!HeapFree(heap, 0, block)) {
            fail("HeapFree failed");
        }
    }
}

static void batches(HANDLE heap, unsigned long count)
{
    static void *blocks[BATCH];
    for (unsigned long done = 0; done < count; done += BATCH) {
        for (int i = 0; i < BATCH; ++i) {
            blocks[i] = HeapAlloc(heap, 0, SIZE);
        }
        for (int i = 0; i < BATCH; ++i) {
            if (!HeapFree(heap, 0, blocks[i])) {
                fail("HeapFree failed");
            }
        }
    }
}

static void malloc_pairs(unsigned long count)
{
    for (unsigned long i = 0; i < count; ++i) {
        void *volatile block = malloc(SIZE);
        free(block);
    }
}

static void malloc_batches(unsigned long count)
{
    static void *volatile blocks[BATCH];
    for (unsigned long done = 0; done < count; done += BATCH) {
        for (int i = 0; i < BATCH; ++i) {
            blocks[i] = malloc(SIZE);
        }
        for (int i = 0; i < BATCH; ++i) {
            free(blocks[i]);
        }
    }
}

static void *use_once(void *heap)
{
    pairs(heap, 1);
    return NULL;
}

static HANDLE open_heap(const char *kind)
{
    if (strcmp(kind, "process") == 0) {
        return GetProcessHeap();
    }
    HANDLE heap = HeapCreate(0, 0, 0);
    if (heap == NULL) {
        fail("HeapCreate failed");
    }
    if (strcmp(kind, "shared") == 0) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, use_once, heap) != 0 || pthread_join(thread, NULL) != 0) {
            fail("cannot use a thread");
        }
    } else if (strcmp(kind, "private") != 0) {
        fail("the heap is none of process, private, shared, malloc");
    }
    return heap;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fail("usage: fast_path <heap> <pattern> <count>");
    }
    bool is_pair = strcmp(argv[2], "pair") == 0;
    unsigned long count = strtoul(argv[3], NULL, 10);
    if (strcmp(argv[1], "malloc") == 0) {
        void (*pattern)(unsigned long) = is_pair ? malloc_pairs : malloc_batches;
        pattern(WARM_UP);
        pattern(count);
        return 0;
    }
    HANDLE heap = open_heap(argv[1]);
    void (*pattern)(HANDLE, unsigned long) = is_pair ? pairs : batches;
    pattern(heap, WARM_UP);
    pattern(heap, count);
    return 0;
}
