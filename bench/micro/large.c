// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Large blocks coming and going: each thread holds --count of them, replaces a random one and
 * writes to every page of the new one.
 */
#include "allocator.h"

enum {
    PAGE_SIZE = 4096,
    REPLACEMENTS_PER_STEP = 16
};

static void *take_and_fill(struct bench_worker *worker)
{
    size_t size = bench_random_size(&worker->random, worker->options);
    char *block = bench_take(worker->heap, size);
    for (size_t i = 0; i < size; i += PAGE_SIZE) {
        bench_touch(block + i);
    }
    return block;
}

static void prepare(struct bench_worker *worker)
{
    void **blocks = bench_map(worker->options->count * sizeof(void *));
    for (uint32_t i = 0; i < worker->options->count; ++i) {
        blocks[i] = take_and_fill(worker);
    }
    worker->state = blocks;
}

static uint64_t step(struct bench_worker *worker)
{
    void **blocks = worker->state;
    for (int i = 0; i < REPLACEMENTS_PER_STEP; ++i) {
        uint32_t slot = bench_random_below(&worker->random, worker->options->count);
        bench_free(worker->heap, blocks[slot]);
        blocks[slot] = take_and_fill(worker);
    }
    return REPLACEMENTS_PER_STEP;
}

static void finish(struct bench_worker *worker)
{
    void **blocks = worker->state;
    for (uint32_t i = 0; i < worker->options->count; ++i) {
        bench_free(worker->heap, blocks[i]);
    }
}

int main(int argc, char **argv)
{
    struct bench_options options = {.heap = "process",
        .thread_count = 1,
        .time_ms = 100,
        .count = 8,
        .min_size = 100 * 1024,
        .max_size = 4096 * 1024};
    bench_parse(argc, argv, &options);
    const struct bench_workload workload = {.prepare = prepare, .step = step, .finish = finish};
    bench_measure(&options, &workload, "pair");
    bench_emit_peak();
    return 0;
}
