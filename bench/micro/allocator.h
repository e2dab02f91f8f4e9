// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The allocator under test, chosen when a benchmark is compiled.
 *
 * BENCH_HALDE=0: malloc and free, called as every program calls them; system malloc is measured as
 * it is, the peers are preloaded.  BENCH_HALDE=1: HeapAlloc and HeapFree of the shared library;
 * --heap= says on which heap.  Both are one call through the dynamic linker's table, so the
 * comparison is even.
 */
#ifndef BENCH_ALLOCATOR_H
#define BENCH_ALLOCATOR_H

#include <stdlib.h>
#include <string.h>

#include "bench.h"

#ifndef BENCH_HALDE
#error "compile with -DBENCH_HALDE=0 or 1"
#endif

/** Whether each thread opens a heap of its own. */
static inline bool bench_heap_is_own(const struct bench_options *options)
{
    return strcmp(options->heap, "own") == 0 || strcmp(options->heap, "unserialized") == 0;
}

#if BENCH_HALDE

#include <windows.h>

static inline void *bench_alloc(void *heap, size_t size)
{
    return HeapAlloc(heap, 0, size);
}

static inline void *bench_alloc_zeroed(void *heap, size_t size)
{
    return HeapAlloc(heap, HEAP_ZERO_MEMORY, size);
}

static inline void bench_free(void *heap, void *block)
{
    HeapFree(heap, 0, block);
}

static inline void *bench_realloc(void *heap, void *block, size_t size)
{
    return HeapReAlloc(heap, 0, block, size);
}

static inline void *bench_heap_visit(void *heap)
{
    bench_free(heap, bench_alloc(heap, 64));
    return NULL;
}

/**
 * The heap that options->heap names, for the calling thread: `own` and `unserialized` create one,
 * `shared` takes `shared_heap` when there is one, else creates it and has another thread use it, so
 * that it is no longer the creator's alone.
 */
static inline void *bench_heap_open(const struct bench_options *options, void *shared_heap)
{
    if (strcmp(options->heap, "process") == 0) {
        return GetProcessHeap();
    }
    if (shared_heap != NULL) {
        return shared_heap;
    }
    bool is_shared = strcmp(options->heap, "shared") == 0;
    if (!is_shared && !bench_heap_is_own(options)) {
        bench_fail("--heap= is none of process, own, shared, unserialized");
    }
    bool is_unserialized = strcmp(options->heap, "unserialized") == 0;
    void *heap = HeapCreate(is_unserialized ? HEAP_NO_SERIALIZE : 0, 0, 0);
    if (heap == NULL) {
        bench_fail("HeapCreate failed");
    }
    if (is_shared) {
        bench_run_elsewhere(bench_heap_visit, heap);
    }
    return heap;
}

static inline void bench_heap_close(const struct bench_options *options, void *heap)
{
    if (strcmp(options->heap, "process") != 0) {
        HeapDestroy(heap);
    }
}

#else

static inline void *bench_alloc(void *heap, size_t size)
{
    (void)heap;
    return malloc(size);
}

static inline void *bench_alloc_zeroed(void *heap, size_t size)
{
    (void)heap;
    return calloc(1, size);
}

static inline void bench_free(void *heap, void *block)
{
    (void)heap;
    free(block);
}

static inline void *bench_realloc(void *heap, void *block, size_t size)
{
    (void)heap;
    return realloc(block, size);
}

static inline void *bench_heap_open(const struct bench_options *options, void *shared_heap)
{
    (void)options;
    return shared_heap;
}

static inline void bench_heap_close(const struct bench_options *options, void *heap)
{
    (void)options;
    (void)heap;
}

#endif

/** Allocates and touches a block; the program fails when there is none. */
static inline void *bench_take(void *heap, size_t size)
{
    void *block = bench_alloc(heap, size);
    if (__builtin_expect(block == NULL, 0)) {
        bench_fail("out of memory");
    }
    bench_touch(block);
    return block;
}

#endif
