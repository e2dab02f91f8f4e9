// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * What stays resident: --count blocks of mixed sizes are written in full, nine in ten are freed at
 * random; 1.2 s later, in which the program goes on a little, its resident memory is compared with
 * the live bytes.
 */
#include <time.h>

#include "allocator.h"

enum {
    KEEP_ONE_IN = 10,
    PAUSE_MS = 10
};

/** 60 % up to 64 bytes, 30 % up to 512, 9 % up to 4 KiB, 1 % up to 32 KiB. */
static size_t mixed_size(struct bench_random *random)
{
    uint32_t percent = bench_random_below(random, 100);
    uint32_t limit = percent < 60 ? 64 : percent < 90 ? 512 : percent < 99 ? 4096 : 32768;
    return 1 + bench_random_below(random, limit);
}

static void go_on_a_little(void *heap, uint32_t ms)
{
    const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000};
    for (uint32_t waited = 0; waited < ms; waited += PAUSE_MS) {
        clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
        bench_free(heap, bench_take(heap, 64));
    }
}

int main(int argc, char **argv)
{
    struct bench_options options = {
        .heap = "process", .thread_count = 1, .time_ms = 1200, .count = 400000};
    bench_parse(argc, argv, &options);
    struct bench_random random = bench_random_make(1);
    void **blocks = bench_map(options.count * sizeof(void *));
    uint32_t *sizes = bench_map(options.count * sizeof(uint32_t));
    uint32_t kept_count = options.count / KEEP_ONE_IN;
    uint64_t before = bench_resident_size();
    void *heap = bench_heap_open(&options, NULL);
    for (uint32_t i = 0; i < options.count; ++i) {
        sizes[i] = (uint32_t)mixed_size(&random);
        blocks[i] = bench_take(heap, sizes[i]);
        memset(blocks[i], 1, sizes[i]);
    }
    for (uint32_t i = options.count; i > kept_count; --i) {
        uint32_t victim = bench_random_below(&random, i);
        bench_free(heap, blocks[victim]);
        blocks[victim] = blocks[i - 1];
        sizes[victim] = sizes[i - 1];
    }
    uint64_t live_size = 0;
    for (uint32_t i = 0; i < kept_count; ++i) {
        live_size += sizes[i];
    }
    go_on_a_little(heap, options.time_ms);
    double resident_size = (double)(bench_resident_size() - before);
    bench_emit("resident_per_live_byte", "ratio", resident_size / (double)live_size);
    bench_emit_peak();
    return 0;
}
