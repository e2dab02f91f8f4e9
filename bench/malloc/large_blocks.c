// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Large blocks come and go: sizes uniform in the logarithm between --min and --max of --sizes,
 * --blocks of them live at a time, of which a random one is replaced; the first half of each block
 * is written.
 */
#include "work.h"

static size_t random_size(struct member *member)
{
    uint32_t min = member->options->min_size;
    uint32_t doublings = 31 - (uint32_t)__builtin_clz(member->options->max_size / min);
    uint64_t base = (uint64_t)min << bench_random_below(&member->random, doublings + 1);
    uint64_t size = base + bench_random_below(&member->random, (uint32_t)base);
    return size < member->options->max_size ? (size_t)size : member->options->max_size;
}

static void work(struct member *member)
{
    uint32_t count = member->options->block_count;
    char **blocks = bench_map(count * sizeof(char *));
    for (uint32_t i = 0; i < member->count; i++) {
        char **block = &blocks[bench_random_below(&member->random, count)];
        size_t size = random_size(member);
        free(*block);
        *block = take(size);
        for (size_t at = 0; at < size / 2; at += 4096) {
            (*block)[at] = 1;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        free(blocks[i]);
    }
}

int main(int argc, char **argv)
{
    struct bench_options options = {.thread_count = 1,
        .count = 500,
        .block_count = 12,
        .min_size = 100 << 10,
        .max_size = 64 << 20};
    bench_parse(argc, argv, &options);
    crew_run(&options, work, NULL);
    return 0;
}
