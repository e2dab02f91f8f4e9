// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Remote frees: pairs of threads, one allocates, the other frees what it gets through a ring of
 * 4096 blocks.
 */
#include <sched.h>
#include <stdatomic.h>

#include "allocator.h"

enum {
    RING_SIZE = 4096,
    HAND_OVER = 64, // blocks between two looks at the other side
    POLLS_BEFORE_YIELD = 100,
    MAX_PAIRS = 32,
};

struct ring {
    _Alignas(128) _Atomic(uint64_t) written; // producer stores (release), consumer loads (acquire)
    _Alignas(128) _Atomic(uint64_t) read;    // consumer stores (release), producer loads (acquire)
    _Alignas(128) void *blocks[RING_SIZE];
};

static struct ring rings[MAX_PAIRS];

/** Waits a little. Returns false when the measurement is over. */
static bool wait_a_little(int *polls)
{
    if (++*polls >= POLLS_BEFORE_YIELD) {
        *polls = 0;
        sched_yield();
    }
    return !bench_is_over();
}

static uint64_t produce(struct bench_worker *worker, struct ring *ring)
{
    uint64_t written = atomic_load_explicit(&ring->written, memory_order_relaxed);
    int polls = 0;
    while (
        written + HAND_OVER - atomic_load_explicit(&ring->read, memory_order_acquire) > RING_SIZE) {
        if (!wait_a_little(&polls)) {
            return 0;
        }
    }
    for (uint64_t i = 0; i < HAND_OVER; ++i) {
        ring->blocks[(written + i) % RING_SIZE] =
            bench_take(worker->heap, bench_random_size(&worker->random, worker->options));
    }
    atomic_store_explicit(&ring->written, written + HAND_OVER, memory_order_release);
    return HAND_OVER;
}

static void consume(struct bench_worker *worker, struct ring *ring)
{
    uint64_t read = atomic_load_explicit(&ring->read, memory_order_relaxed);
    uint64_t written;
    int polls = 0;
    while ((written = atomic_load_explicit(&ring->written, memory_order_acquire)) == read) {
        if (!wait_a_little(&polls)) {
            return;
        }
    }
    for (; read < written; ++read) {
        bench_free(worker->heap, ring->blocks[read % RING_SIZE]);
    }
    atomic_store_explicit(&ring->read, read, memory_order_release);
}

static uint64_t step(struct bench_worker *worker)
{
    struct ring *ring = &rings[worker->index / 2];
    if (worker->index % 2 == 0) {
        return produce(worker, ring);
    }
    consume(worker, ring);
    return 0;
}

static void finish(struct bench_worker *worker)
{
    if (worker->index % 2 == 1) {
        consume(worker, &rings[worker->index / 2]);
    }
}

int main(int argc, char **argv)
{
    struct bench_options options = {
        .heap = "process", .thread_count = 2, .time_ms = 100, .min_size = 16, .max_size = 256};
    bench_parse(argc, argv, &options);
    if (options.thread_count % 2 != 0 || options.thread_count / 2 > MAX_PAIRS) {
        bench_fail("remote frees need an even number of threads, at most 64");
    }
    const struct bench_workload workload = {
        .step = step, .finish = finish, .is_without_warm_up = true};
    bench_measure(&options, &workload, "pair");
    bench_emit_peak();
    return 0;
}
