// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * What the workloads of this folder share.
 *
 * Each is a plain malloc program that does a fixed amount of work and ends; measure.c times it from
 * outside and takes its peak of resident memory, so that start, first touch, end of threads and end
 * of process count as they do for a user.  Options, random numbers and memory for tables come from
 * ../micro/bench.h; --count is the number of operations of all threads together.
 *
 * With one thread none is started: some allocators are faster as long as a process has only one.
 */
#ifndef BENCH_MALLOC_WORK_H
#define BENCH_MALLOC_WORK_H

#include "../micro/bench.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/** One of the threads. */
struct member {
    const struct bench_options *options;
    void *shared;               // the workload's own
    struct bench_random random; // differs from member to member, is the same in every run
    uint32_t index;             // 0 .. thread_count - 1
    uint32_t count;             // operations that are this member's share
    void (*work)(struct member *member);
    pthread_t thread;
};

/** malloc that must succeed; `size` bytes of which the first are written, as programs do. */
static inline void *take(size_t size)
{
    char *block = malloc(size);
    if (block == NULL) {
        bench_fail("out of memory");
    }
    memset(block, (int)(size & 127), size < 64 ? size : 64);
    return block;
}

static inline void *member_main(void *argument)
{
    struct member *member = argument;
    member->work(member);
    return NULL;
}

/** Does `work` in options->thread_count threads and waits for their end. */
static inline void crew_run(
    const struct bench_options *options, void (*work)(struct member *member), void *shared)
{
    uint32_t count = options->thread_count;
    struct member *members = bench_map(count * sizeof(struct member));
    for (uint32_t i = 0; i < count; i++) {
        members[i] = (struct member){.options = options,
            .shared = shared,
            .random = bench_random_make(i + 1),
            .index = i,
            .count = options->count / count,
            .work = work};
    }
    if (count == 1) {
        work(&members[0]);
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (pthread_create(&members[i].thread, NULL, member_main, &members[i]) != 0) {
            bench_fail("cannot start a thread");
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        pthread_join(members[i].thread, NULL);
    }
}

#endif
