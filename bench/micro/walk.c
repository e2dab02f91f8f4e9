// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Walking a private heap of --count live blocks, full, and again after half of them were freed at
 * random.
 *
 * Bulk: halde_heap_walk_blocks() beside mi_heap_visit_blocks(); the visitor adds up the sizes, so
 * that each block is looked at.  Figures are per busy block.  Step by step: halde_heap_walk_next()
 * and HeapWalk(), which present free blocks and regions, too; figures are per element.
 *
 * Every walk's count of busy blocks is checked: a fast walk that misses blocks is worth nothing.
 */
#include "private_heap.h"

enum {
    ROUNDS = 3
};

static uint64_t busy_count; // blocks that live now
static uint64_t size_sum;   // what the visitors add up, so that nothing is optimised away

static void check_count(uint64_t count)
{
    if (count != busy_count) {
        bench_fail("a walk found another number of busy blocks than were allocated");
    }
    bench_keep(&size_sum);
}

static uint64_t shorter(uint64_t left, uint64_t right)
{
    return left < right ? left : right;
}

static void emit_time(const char *what, const char *state, uint64_t ns, uint64_t count)
{
    char metric[64];
    strcpy(metric, what);
    strcat(metric, state);
    bench_emit(metric, "ns", (double)ns / (double)count);
}

#if BENCH_HALDE

#include <halde/heap.h>

static bool visit_blocks(const struct halde_block *blocks, size_t count, void *context)
{
    uint64_t *total = context;
    uint64_t sum = 0;
    for (size_t i = 0; i < count; ++i) {
        sum += blocks[i].size;
    }
    size_sum += sum;
    *total += count;
    return true;
}

static uint64_t walk_bulk(void *heap)
{
    uint64_t start = bench_now_ns();
    uint64_t count = 0;
    if (halde_heap_walk_blocks(heap, visit_blocks, &count) != HALDE_OK) {
        bench_fail("halde_heap_walk_blocks failed");
    }
    uint64_t ns = bench_now_ns() - start;
    check_count(count);
    return ns;
}

/** `step_count` receives the elements of all kinds. */
static uint64_t walk_native_steps(void *heap, uint64_t *step_count)
{
    struct halde_entry entry = {.data = NULL};
    uint64_t start = bench_now_ns();
    uint64_t count = 0, steps = 0;
    halde_heap_lock(heap);
    while (halde_heap_walk_next(heap, entry.data, entry.kind == HALDE_ENTRY_BUSY, &entry) ==
           HALDE_OK) {
        ++steps;
        if (entry.kind == HALDE_ENTRY_BUSY) {
            ++count;
            size_sum += entry.size;
        }
    }
    halde_heap_unlock(heap);
    uint64_t ns = bench_now_ns() - start;
    check_count(count);
    *step_count = steps;
    return ns;
}

static uint64_t walk_win32_steps(void *heap, uint64_t *step_count)
{
    PROCESS_HEAP_ENTRY entry = {.lpData = NULL};
    uint64_t start = bench_now_ns();
    uint64_t count = 0, steps = 0;
    HeapLock(heap);
    while (HeapWalk(heap, &entry)) {
        ++steps;
        if (entry.wFlags & PROCESS_HEAP_ENTRY_BUSY) {
            ++count;
            size_sum += entry.cbData;
        }
    }
    HeapUnlock(heap);
    uint64_t ns = bench_now_ns() - start;
    check_count(count);
    *step_count = steps;
    return ns;
}

static void walk_steps(void *heap, const char *state)
{
    uint64_t native_ns = UINT64_MAX, win32_ns = UINT64_MAX;
    uint64_t native_steps = 1, win32_steps = 1;
    for (int i = 0; i < ROUNDS; ++i) {
        native_ns = shorter(native_ns, walk_native_steps(heap, &native_steps));
        win32_ns = shorter(win32_ns, walk_win32_steps(heap, &win32_steps));
    }
    emit_time("walk_next_", state, native_ns, native_steps);
    emit_time("HeapWalk_", state, win32_ns, win32_steps);
}

#else

typedef bool mi_visitor(
    const void *heap, const void *area, void *block, size_t size, void *context);
static bool (*mi_heap_visit_blocks)(
    const void *heap, bool is_each_block, mi_visitor *visit, void *context);

static bool visit_block(const void *heap, const void *area, void *block, size_t size, void *context)
{
    (void)heap;
    (void)area;
    if (block == NULL) { // an area is announced before its blocks
        return true;
    }
    uint64_t *total = context;
    size_sum += size;
    ++*total;
    return true;
}

static uint64_t walk_bulk(void *heap)
{
    if (!peer_find("mi_heap_visit_blocks", &mi_heap_visit_blocks)) {
        bench_fail("the allocator that is loaded cannot visit blocks");
    }
    uint64_t start = bench_now_ns();
    uint64_t count = 0;
    mi_heap_visit_blocks(heap, true, visit_block, &count);
    uint64_t ns = bench_now_ns() - start;
    check_count(count);
    return ns;
}

static void walk_steps(void *heap, const char *state)
{
    (void)heap;
    (void)state;
}

#endif

/** The first walk is not counted: it meets cold tables. */
static void walk_all_ways(void *heap, const char *state)
{
    walk_bulk(heap);
    uint64_t ns = UINT64_MAX;
    for (int i = 0; i < ROUNDS; ++i) {
        ns = shorter(ns, walk_bulk(heap));
    }
    emit_time("bulk_", state, ns, busy_count);
    walk_steps(heap, state);
}

int main(int argc, char **argv)
{
    struct bench_options options = {
        .heap = "own", .thread_count = 1, .count = 10000000, .min_size = 64, .max_size = 64};
    bench_parse(argc, argv, &options);
    private_heap_init();
    struct bench_random random = bench_random_make(1);
    void **blocks = bench_map(options.count * sizeof(void *));
    uint64_t before = bench_resident_size();
    void *heap = private_heap_create();
    for (uint32_t i = 0; i < options.count; ++i) {
        blocks[i] = private_heap_take(heap, bench_random_size(&random, &options));
    }
    bench_emit("resident_per_block", "B", (double)(bench_resident_size() - before) / options.count);
    busy_count = options.count;
    walk_all_ways(heap, "full");
    bench_shuffle(&random, blocks, options.count);
    for (uint32_t i = 0; i < options.count / 2; ++i) {
        private_heap_free(heap, blocks[i]);
    }
    busy_count = options.count - options.count / 2;
    walk_all_ways(heap, "half");
    private_heap_destroy(heap);
    bench_emit_peak();
    return 0;
}
