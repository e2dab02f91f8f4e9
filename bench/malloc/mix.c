// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Blocks of all sizes: uniform in the logarithm between --min and --max of --sizes; --blocks of
 * them live, of which a random one is replaced.  With several threads each ends after a part of
 * its work and leaves its blocks to a new one.
 */
#include "work.h"

enum {
    GENERATIONS = 60
};

struct part {
    struct member *member;
    char **blocks;
    uint32_t block_count;
    uint32_t count; // operations of a generation
};

static size_t random_size(struct member *member)
{
    uint32_t min = member->options->min_size;
    uint32_t doublings = 31 - (uint32_t)__builtin_clz(member->options->max_size / min);
    uint32_t base = min << bench_random_below(&member->random, doublings);
    return base + bench_random_below(&member->random, base);
}

static void *live(void *argument)
{
    struct part *part = argument;
    for (uint32_t i = 0; i < part->count; i++) {
        char **block = &part->blocks[bench_random_below(&part->member->random, part->block_count)];
        size_t size = random_size(part->member);
        free(*block);
        *block = take(size);
        for (size_t at = 4096; at < size; at += 4096) {
            (*block)[at] = 1;
        }
    }
    return NULL;
}

static void work(struct member *member)
{
    struct part part = {
        .member = member,
        .block_count = member->options->block_count / member->options->thread_count,
        .count = member->count / GENERATIONS,
    };
    part.blocks = bench_map(part.block_count * sizeof(char *));
    for (uint32_t i = 0; i < GENERATIONS; i++) {
        pthread_t thread;
        if (member->options->thread_count == 1) {
            live(&part);
        } else if (pthread_create(&thread, NULL, live, &part) != 0 ||
                   pthread_join(thread, NULL) != 0) {
            bench_fail("cannot start a thread");
        }
    }
    for (uint32_t i = 0; i < part.block_count; i++) {
        free(part.blocks[i]);
    }
}

int main(int argc, char **argv)
{
    struct bench_options options = {.thread_count = 1,
        .count = 3000000,
        .block_count = 12000,
        .min_size = 16,
        .max_size = 64 << 10};
    bench_parse(argc, argv, &options);
    crew_run(&options, work, NULL);
    return 0;
}
