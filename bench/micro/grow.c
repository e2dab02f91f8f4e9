// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Growth by realloc: one block grows from 64 bytes to 1 MiB in steps of 256 bytes; the new last
 * byte is written each time.  One operation is the whole series.
 */
#include "allocator.h"

enum {
    FIRST_SIZE = 64,
    STEP_SIZE = 256,
    LAST_SIZE = 1024 * 1024
};

static uint64_t step(struct bench_worker *worker)
{
    char *block = bench_take(worker->heap, FIRST_SIZE);
    for (size_t size = FIRST_SIZE + STEP_SIZE; size <= LAST_SIZE; size += STEP_SIZE) {
        block = bench_realloc(worker->heap, block, size);
        if (block == NULL) {
            bench_fail("out of memory");
        }
        bench_touch(block + size - 1);
    }
    bench_free(worker->heap, block);
    return 1;
}

int main(int argc, char **argv)
{
    struct bench_options options = {.heap = "process", .thread_count = 1, .time_ms = 100};
    bench_parse(argc, argv, &options);
    const struct bench_workload workload = {.step = step};
    bench_measure(&options, &workload, "growth");
    bench_emit_peak();
    return 0;
}
