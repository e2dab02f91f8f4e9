// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Batches: --blocks blocks are taken, then all are given back, in order, in reverse or at random
 * (--order=fifo, lifo, random).
 */
#include "work.h"

static void give_back(struct member *member, void **blocks, uint32_t count)
{
    const char *order = member->options->order;
    if (strcmp(order, "lifo") == 0) {
        for (uint32_t i = count; i-- > 0;) {
            free(blocks[i]);
        }
        return;
    }
    if (strcmp(order, "random") == 0) {
        bench_shuffle(&member->random, blocks, count);
    }
    for (uint32_t i = 0; i < count; i++) {
        free(blocks[i]);
    }
}

static void work(struct member *member)
{
    uint32_t count = member->options->block_count / member->options->thread_count;
    void **blocks = bench_map(count * sizeof(void *));
    for (uint32_t done = 0; done < member->count; done += count) {
        for (uint32_t i = 0; i < count; i++) {
            blocks[i] = take(bench_random_size(&member->random, member->options));
        }
        give_back(member, blocks, count);
    }
}

int main(int argc, char **argv)
{
    struct bench_options options = {.order = "fifo",
        .thread_count = 1,
        .count = 10000000,
        .block_count = 1000,
        .min_size = 16,
        .max_size = 256};
    bench_parse(argc, argv, &options);
    crew_run(&options, work, NULL);
    return 0;
}
