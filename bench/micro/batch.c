// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Batches: --count blocks are allocated, then all are freed, in the order of allocation or in
 * random order.
 *
 * With one thread the two halves are also told apart, and the very first batch, which touches fresh
 * memory, separately.  Several threads share the blocks out evenly.
 */
#include "allocator.h"

struct batch {
    void **blocks;
    uint32_t *order; // NULL: as allocated; else a permutation by which blocks are freed
    void **shuffled; // the blocks in that order
    uint32_t count;
    uint64_t first_ns;
    uint64_t alloc_ns, free_ns, operation_count; // sums over all steps
};

static uint64_t alloc_all(struct bench_worker *worker)
{
    struct batch *batch = worker->state;
    void *heap = worker->heap;
    uint64_t start = bench_now_ns();
    if (worker->options->min_size == worker->options->max_size) {
        size_t size = worker->options->min_size;
        for (uint32_t i = 0; i < batch->count; ++i) {
            batch->blocks[i] = bench_take(heap, size);
        }
    } else {
        for (uint32_t i = 0; i < batch->count; ++i) {
            batch->blocks[i] =
                bench_take(heap, bench_random_size(&worker->random, worker->options));
        }
    }
    return bench_now_ns() - start;
}

static uint64_t free_all(struct bench_worker *worker)
{
    struct batch *batch = worker->state;
    void *heap = worker->heap;
    void **blocks = batch->blocks;
    if (batch->order != NULL) {
        uint64_t start = bench_now_ns();
        for (uint32_t i = 0; i < batch->count; ++i) {
            batch->shuffled[i] = batch->blocks[batch->order[i]];
        }
        blocks = batch->shuffled;
        worker->excluded_ns += bench_now_ns() - start;
    }
    uint64_t start = bench_now_ns();
    for (uint32_t i = 0; i < batch->count; ++i) {
        bench_free(heap, blocks[i]);
    }
    return bench_now_ns() - start;
}

static uint32_t *make_order(struct bench_random *random, uint32_t count)
{
    uint32_t *order = bench_map(count * sizeof(*order));
    for (uint32_t i = 0; i < count; ++i) {
        uint32_t other = bench_random_below(random, i + 1);
        order[i] = order[other];
        order[other] = i;
    }
    return order;
}

static void prepare(struct bench_worker *worker)
{
    const struct bench_options *options = worker->options;
    struct batch *batch = bench_map(sizeof(*batch));
    batch->count = options->count / options->thread_count;
    batch->blocks = bench_map(batch->count * sizeof(void *));
    if (strcmp(options->order, "random") == 0) {
        batch->order = make_order(&worker->random, batch->count);
        batch->shuffled = bench_map(batch->count * sizeof(void *));
    }
    worker->state = batch;
    batch->first_ns = alloc_all(worker);
    free_all(worker);
}

static uint64_t step(struct bench_worker *worker)
{
    struct batch *batch = worker->state;
    batch->alloc_ns += alloc_all(worker);
    batch->free_ns += free_all(worker);
    batch->operation_count += batch->count;
    return batch->count;
}

static void finish(struct bench_worker *worker)
{
    const struct batch *batch = worker->state;
    if (worker->options->thread_count > 1) {
        return;
    }
    bench_emit("first_alloc", "ns", (double)batch->first_ns / batch->count);
    bench_emit("alloc", "ns", (double)batch->alloc_ns / (double)batch->operation_count);
    bench_emit("free", "ns", (double)batch->free_ns / (double)batch->operation_count);
}

int main(int argc, char **argv)
{
    struct bench_options options = {.heap = "process",
        .order = "fifo",
        .thread_count = 1,
        .time_ms = 100,
        .count = 1000000,
        .min_size = 64,
        .max_size = 64};
    bench_parse(argc, argv, &options);
    const struct bench_workload workload = {.prepare = prepare, .step = step, .finish = finish};
    bench_measure(&options, &workload, "pair");
    bench_emit_peak();
    return 0;
}
