// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** Hot pairs: a block is taken and given back at once; sizes in random order. */
#include "work.h"

enum {
    SIZES = 4096
};

static void work(struct member *member)
{
    uint32_t sizes[SIZES];
    for (uint32_t i = 0; i < SIZES; i++) {
        sizes[i] = (uint32_t)bench_random_size(&member->random, member->options);
    }
    for (uint32_t i = 0; i < member->count; i++) {
        void *block = malloc(sizes[i % SIZES]);
        bench_touch(block);
        bench_keep(block);
        free(block);
    }
}

int main(int argc, char **argv)
{
    struct bench_options options = {
        .thread_count = 1, .count = 50000000, .min_size = 64, .max_size = 64};
    bench_parse(argc, argv, &options);
    crew_run(&options, work, NULL);
    return 0;
}
