// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Replacement: --count blocks of mixed sizes live; each operation frees one of them, the oldest or
 * a random one, and allocates another in its place.  Several threads share the blocks out evenly.
 */
#include "allocator.h"

enum {
    REPLACEMENTS_PER_STEP = 4096
};

struct live {
    void **blocks;
    uint32_t count;
    uint32_t oldest;
    bool is_random;
};

static void prepare(struct bench_worker *worker)
{
    const struct bench_options *options = worker->options;
    struct live *live = bench_map(sizeof(*live));
    live->count = options->count / options->thread_count;
    live->blocks = bench_map(live->count * sizeof(void *));
    live->is_random = strcmp(options->order, "random") == 0;
    for (uint32_t i = 0; i < live->count; ++i) {
        live->blocks[i] = bench_take(worker->heap, bench_random_size(&worker->random, options));
    }
    worker->state = live;
}

static inline void replace(struct bench_worker *worker, void **block)
{
    bench_free(worker->heap, *block);
    *block = bench_take(worker->heap, bench_random_size(&worker->random, worker->options));
}

static uint64_t step(struct bench_worker *worker)
{
    struct live *live = worker->state;
    if (live->is_random) {
        for (int i = 0; i < REPLACEMENTS_PER_STEP; ++i) {
            replace(worker, &live->blocks[bench_random_below(&worker->random, live->count)]);
        }
        return REPLACEMENTS_PER_STEP;
    }
    uint32_t oldest = live->oldest;
    for (int i = 0; i < REPLACEMENTS_PER_STEP; ++i) {
        replace(worker, &live->blocks[oldest]);
        oldest = oldest + 1 == live->count ? 0 : oldest + 1;
    }
    live->oldest = oldest;
    return REPLACEMENTS_PER_STEP;
}

static void finish(struct bench_worker *worker)
{
    struct live *live = worker->state;
    for (uint32_t i = 0; i < live->count; ++i) {
        bench_free(worker->heap, live->blocks[i]);
    }
}

int main(int argc, char **argv)
{
    struct bench_options options = {.heap = "process",
        .order = "random",
        .thread_count = 1,
        .time_ms = 100,
        .count = 200000,
        .min_size = 16,
        .max_size = 1000};
    bench_parse(argc, argv, &options);
    const struct bench_workload workload = {.prepare = prepare, .step = step, .finish = finish};
    bench_measure(&options, &workload, "pair");
    bench_emit_peak();
    return 0;
}
