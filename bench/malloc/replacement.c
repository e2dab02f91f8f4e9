// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Random replacement: --blocks blocks are live, each operation replaces a random one and looks at
 * another.
 */
#include "work.h"

static void work(struct member *member)
{
    uint32_t count = member->options->block_count / member->options->thread_count;
    char **blocks = bench_map(count * sizeof(char *));
    for (uint32_t i = 0; i < count; i++) {
        blocks[i] = take(bench_random_size(&member->random, member->options));
    }
    uint64_t sum = 0;
    for (uint32_t i = 0; i < member->count; i++) {
        char **victim = &blocks[bench_random_below(&member->random, count)];
        free(*victim);
        *victim = take(bench_random_size(&member->random, member->options));
        sum += (uint64_t)blocks[bench_random_below(&member->random, count)][0];
    }
    bench_keep(&sum);
    for (uint32_t i = 0; i < count; i++) {
        free(blocks[i]);
    }
}

int main(int argc, char **argv)
{
    struct bench_options options = {.thread_count = 1,
        .count = 8000000,
        .block_count = 500000,
        .min_size = 16,
        .max_size = 1000};
    bench_parse(argc, argv, &options);
    crew_run(&options, work, NULL);
    return 0;
}
