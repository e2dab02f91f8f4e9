// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Producers and consumers: of each pair of threads one takes blocks, the other gives them back;
 * they pass through a ring.
 */
#include "work.h"

#include <sched.h>
#include <stdatomic.h>

enum {
    RING = 2048,
    HAND_OVER = 32, // blocks between two looks at the other side
    MAX_PAIRS = 32,
};

struct ring {
    _Alignas(128) _Atomic(uint32_t) written; // producer stores (release), consumer loads (acquire)
    _Alignas(128) _Atomic(uint32_t) read;    // consumer stores (release), producer loads (acquire)
    _Alignas(128) void *blocks[RING];
};

static struct ring rings[MAX_PAIRS];

static void produce(struct member *member, struct ring *ring)
{
    for (uint32_t done = 0; done < member->count; done += HAND_OVER) {
        while (done + HAND_OVER - atomic_load_explicit(&ring->read, memory_order_acquire) > RING) {
            sched_yield();
        }
        for (uint32_t i = 0; i < HAND_OVER; i++) {
            ring->blocks[(done + i) % RING] =
                take(bench_random_size(&member->random, member->options));
        }
        atomic_store_explicit(&ring->written, done + HAND_OVER, memory_order_release);
    }
}

static void consume(struct member *member, struct ring *ring)
{
    for (uint32_t done = 0; done < member->count;) {
        uint32_t written = atomic_load_explicit(&ring->written, memory_order_acquire);
        if (written == done) {
            sched_yield();
        }
        for (; done < written; done++) {
            free(ring->blocks[done % RING]);
        }
        atomic_store_explicit(&ring->read, done, memory_order_release);
    }
}

static void work(struct member *member)
{
    struct ring *ring = &rings[member->index / 2];
    if (member->index % 2 == 0) {
        produce(member, ring);
    } else {
        consume(member, ring);
    }
}

int main(int argc, char **argv)
{
    struct bench_options options = {
        .thread_count = 2, .count = 12000000, .min_size = 16, .max_size = 256};
    bench_parse(argc, argv, &options);
    if (options.thread_count % 2 != 0 || options.thread_count / 2 > MAX_PAIRS) {
        bench_fail("--threads must be even, at most 64");
    }
    options.count -= options.count % (options.thread_count * HAND_OVER);
    crew_run(&options, work, NULL);
    return 0;
}
