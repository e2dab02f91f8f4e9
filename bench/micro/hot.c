// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The hot pair: a block is allocated, touched and freed at once, again and again.
 */
#include "allocator.h"

enum {
    PAIRS_PER_STEP = 4096
};

static uint64_t step(struct bench_worker *worker)
{
    void *heap = worker->heap;
    size_t size = worker->options->min_size;
    for (int i = 0; i < PAIRS_PER_STEP; ++i) {
        bench_free(heap, bench_take(heap, size));
    }
    return PAIRS_PER_STEP;
}

int main(int argc, char **argv)
{
    struct bench_options options = {
        .heap = "process", .thread_count = 1, .time_ms = 100, .min_size = 64, .max_size = 64};
    bench_parse(argc, argv, &options);
    const struct bench_workload workload = {.step = step};
    bench_measure(&options, &workload, "pair");
    bench_emit_peak();
    return 0;
}
