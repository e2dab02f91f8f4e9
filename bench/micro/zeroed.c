// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Zeroed large blocks: --sizes bytes of zeroes are asked for, two of them are written, the block is
 * freed.
 */
#include "allocator.h"

static uint64_t step(struct bench_worker *worker)
{
    size_t size = worker->options->min_size;
    char *block = bench_alloc_zeroed(worker->heap, size);
    if (block == NULL) {
        bench_fail("out of memory");
    }
    bench_touch(block);
    bench_touch(block + size - 1);
    bench_free(worker->heap, block);
    return 1;
}

int main(int argc, char **argv)
{
    struct bench_options options = {.heap = "process",
        .thread_count = 1,
        .time_ms = 100,
        .min_size = 8 * 1024 * 1024,
        .max_size = 8 * 1024 * 1024};
    bench_parse(argc, argv, &options);
    const struct bench_workload workload = {.step = step};
    bench_measure(&options, &workload, "pair");
    bench_emit_peak();
    return 0;
}
