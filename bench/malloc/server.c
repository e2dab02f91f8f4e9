// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * A server that runs for long: each of --threads workers holds --blocks blocks and replaces random
 * ones; after a while it ends and a new thread takes over its blocks, so that most blocks are given
 * back by a later generation than took them.
 */
#include "work.h"

enum {
    GENERATIONS = 40
};

struct generation {
    struct member *member;
    void **blocks;
    uint32_t count; // operations
};

static void *serve(void *argument)
{
    struct generation *generation = argument;
    struct member *member = generation->member;
    for (uint32_t i = 0; i < generation->count; i++) {
        uint32_t place = bench_random_below(&member->random, member->options->block_count);
        free(generation->blocks[place]);
        generation->blocks[place] = take(bench_random_size(&member->random, member->options));
    }
    return NULL;
}

static void work(struct member *member)
{
    struct generation generation = {
        .member = member,
        .blocks = bench_map(member->options->block_count * sizeof(void *)),
        .count = member->count / GENERATIONS,
    };
    for (uint32_t i = 0; i < GENERATIONS; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, serve, &generation) != 0) {
            bench_fail("cannot start a thread");
        }
        pthread_join(thread, NULL);
    }
    for (uint32_t i = 0; i < member->options->block_count; i++) {
        free(generation.blocks[i]);
    }
}

int main(int argc, char **argv)
{
    struct bench_options options = {
        .thread_count = 2, .count = 12000000, .block_count = 5000, .min_size = 8, .max_size = 1000};
    bench_parse(argc, argv, &options);
    crew_run(&options, work, NULL);
    return 0;
}
