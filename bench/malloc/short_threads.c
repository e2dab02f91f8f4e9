// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Many short threads: each takes --blocks blocks, gives half of them back and leaves the rest to
 * whoever started it.  --threads starters work at the same time; --count threads in all.
 */
#include "work.h"

struct task {
    void **blocks;
    const struct bench_options *options;
    struct bench_random random;
};

static void *live_shortly(void *argument)
{
    struct task *task = argument;
    for (uint32_t i = 0; i < task->options->block_count; i++) {
        task->blocks[i] = take(bench_random_size(&task->random, task->options));
    }
    for (uint32_t i = 0; i < task->options->block_count; i += 2) {
        free(task->blocks[i]);
        task->blocks[i] = NULL;
    }
    return NULL;
}

static void work(struct member *member)
{
    struct task task = {
        .blocks = bench_map(member->options->block_count * sizeof(void *)),
        .options = member->options,
    };
    for (uint32_t i = 0; i < member->count; i++) {
        task.random = bench_random_make(member->index * 1000000 + i);
        pthread_t thread;
        if (pthread_create(&thread, NULL, live_shortly, &task) != 0) {
            bench_fail("cannot start a thread");
        }
        pthread_join(thread, NULL);
        for (uint32_t k = 1; k < member->options->block_count; k += 2) {
            free(task.blocks[k]);
        }
    }
}

int main(int argc, char **argv)
{
    struct bench_options options = {
        .thread_count = 2, .count = 20000, .block_count = 200, .min_size = 16, .max_size = 1000};
    bench_parse(argc, argv, &options);
    crew_run(&options, work, NULL);
    return 0;
}
