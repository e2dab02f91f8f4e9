// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * HeapValidate() of a whole private heap with --count live blocks. Halde only: no peer checks a
 * heap.
 */
#include "allocator.h"

static uint64_t step(struct bench_worker *worker)
{
    if (!HeapValidate(worker->heap, 0, NULL)) {
        bench_fail("HeapValidate found an intact heap damaged");
    }
    return 1;
}

static void prepare(struct bench_worker *worker)
{
    for (uint32_t i = 0; i < worker->options->count; ++i) {
        bench_take(worker->heap, bench_random_size(&worker->random, worker->options));
    }
}

int main(int argc, char **argv)
{
    struct bench_options options = {.heap = "own",
        .thread_count = 1,
        .time_ms = 100,
        .count = 1000000,
        .min_size = 64,
        .max_size = 64};
    bench_parse(argc, argv, &options);
    const struct bench_workload workload = {.prepare = prepare, .step = step};
    bench_measure(&options, &workload, "validation");
    bench_emit_peak();
    return 0;
}
