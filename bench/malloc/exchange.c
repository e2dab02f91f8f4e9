// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Blocks in a table that all threads share: each operation puts a new block into a random place and
 * gives back the one that was there, whoever took it.
 */
#include "work.h"

#include <stdatomic.h>

typedef _Atomic(void *) place;

static void work(struct member *member)
{
    place *places = member->shared;
    uint32_t count = member->options->block_count;
    for (uint32_t i = 0; i < member->count; i++) {
        void *block = take(bench_random_size(&member->random, member->options));
        place *target = &places[bench_random_below(&member->random, count)];
        free(atomic_exchange_explicit(target, block, memory_order_acq_rel));
    }
}

int main(int argc, char **argv)
{
    struct bench_options options = {.thread_count = 2,
        .count = 10000000,
        .block_count = 20000,
        .min_size = 16,
        .max_size = 512};
    bench_parse(argc, argv, &options);
    place *places = bench_map(options.block_count * sizeof(place));
    crew_run(&options, work, places);
    for (uint32_t i = 0; i < options.block_count; i++) {
        free(atomic_load_explicit(&places[i], memory_order_relaxed));
    }
    return 0;
}
