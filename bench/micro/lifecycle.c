// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The life of a small private heap: created, --blocks blocks allocated, destroyed with all of them.
 */
#include "private_heap.h"

enum {
    LIVES_PER_STEP = 8
};

static uint64_t step(struct bench_worker *worker)
{
    const struct bench_options *options = worker->options;
    for (int i = 0; i < LIVES_PER_STEP; ++i) {
        void *heap = private_heap_create();
        if (heap == NULL) {
            bench_fail("no heap");
        }
        for (uint32_t block = 0; block < options->block_count; ++block) {
            private_heap_take(heap, bench_random_size(&worker->random, options));
        }
        private_heap_destroy(heap);
    }
    return LIVES_PER_STEP;
}

int main(int argc, char **argv)
{
    struct bench_options options = {.heap = "process",
        .thread_count = 1,
        .time_ms = 100,
        .block_count = 10,
        .min_size = 16,
        .max_size = 255};
    bench_parse(argc, argv, &options);
    private_heap_init();
    const struct bench_workload workload = {.step = step};
    bench_measure(&options, &workload, "life");
    bench_emit_peak();
    return 0;
}
