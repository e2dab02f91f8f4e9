// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * A tiny program: 100 small blocks, allocated and freed.  Only its peak of resident memory is of
 * interest.
 */
#include "allocator.h"

enum {
    BLOCK_COUNT = 100
};

int main(int argc, char **argv)
{
    struct bench_options options = {
        .heap = "process", .thread_count = 1, .min_size = 16, .max_size = 256};
    bench_parse(argc, argv, &options);
    struct bench_random random = bench_random_make(1);
    void *heap = bench_heap_open(&options, NULL);
    void *blocks[BLOCK_COUNT];
    for (int i = 0; i < BLOCK_COUNT; ++i) {
        blocks[i] = bench_take(heap, bench_random_size(&random, &options));
    }
    for (int i = 0; i < BLOCK_COUNT; ++i) {
        bench_free(heap, blocks[i]);
    }
    bench_heap_close(&options, heap);
    bench_emit_peak();
    return 0;
}
