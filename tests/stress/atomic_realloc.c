// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 300

/**
 * A sharp test of the lock: each thread holds one block and does nothing but move it to and fro
 * between two sizes that are far apart, which copies for microseconds.  Whoever holds the lock sees
 * every block once, in one of its sizes: never both places, never neither.  A thread that got in
 * without being seen, or was not waited for, is caught in the act here, where other tests would
 * rarely notice.
 */
#include "check.h"
#include "process.h"
#include "seed.h"

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

enum {
    MAX_THREADS = 6,
};

struct mover {
    halde_heap *heap;
    size_t small_size; // unlike those of the other threads, so that each block is recognised
    size_t large_size;
    _Atomic bool *stops;
    _Atomic bool is_moving; // its first block exists
    uint64_t moves;
    pthread_t thread;
};

static bool is_over(const struct mover *mover)
{
    return atomic_load_explicit(mover->stops, memory_order_relaxed);
}

static void *move_to_and_fro(void *context)
{
    struct mover *mover = context;
    unsigned char *block = halde_heap_alloc(mover->heap, mover->small_size, HALDE_ZERO);
    ASSERT_NOT_NULL(block);
    block[mover->small_size - 1] = 77;
    atomic_store_explicit(&mover->is_moving, true, memory_order_release);
    while (!is_over(mover)) {
        bool is_small = mover->moves % 2 == 0;
        size_t size = is_small ? mover->large_size : mover->small_size;
        block = halde_heap_realloc(mover->heap, block, size, 0, NULL);
        ASSERT_NOT_NULL(block);
        EXPECT_SIZE(block[mover->small_size - 1], 77);
        mover->moves++;
    }
    EXPECT_OK(halde_heap_free(mover->heap, block, 0));
    return NULL;
}

struct census {
    const struct mover *movers;
    size_t mover_count;
    size_t seen[MAX_THREADS];
};

static bool count_blocks(const struct halde_block *blocks, size_t count, void *context)
{
    struct census *census = context;
    for (size_t i = 0; i < count; i++) {
        for (size_t m = 0; m < census->mover_count; m++) {
            const struct mover *mover = &census->movers[m];
            census->seen[m] +=
                blocks[i].size == mover->small_size || blocks[i].size == mover->large_size;
        }
    }
    return true;
}

// Straight after the lock, and again a little later: both must see everybody once.
static bool count_under_lock(halde_heap *heap, const struct mover *movers, size_t mover_count)
{
    bool is_good = EXPECT_OK(halde_heap_lock(heap));
    for (int i = 0; i < 2; i++) {
        struct census census = {.movers = movers, .mover_count = mover_count};
        is_good &= EXPECT_OK(halde_heap_walk_blocks(heap, count_blocks, &census));
        for (size_t m = 0; m < mover_count; m++) {
            is_good &= EXPECT_SIZE(census.seen[m], 1);
        }
    }
    is_good &= EXPECT_OK(halde_heap_unlock(heap));
    return is_good;
}

static void wait_for_movers(const struct mover *movers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        while (!atomic_load_explicit(&movers[i].is_moving, memory_order_acquire)) {
            sched_yield();
        }
    }
}

static void run(
    const struct halde_heap_options *options, size_t mover_count, size_t size, double seconds)
{
    struct mover movers[MAX_THREADS] = {{0}};
    _Atomic bool stops = false;
    halde_heap *heap;
    ASSERT_OK(halde_heap_create(options, &heap));
    for (size_t i = 0; i < mover_count; i++) {
        movers[i].heap = heap;
        movers[i].small_size = size + i;
        movers[i].large_size = 2 * size + i;
        movers[i].stops = &stops;
        ASSERT_TRUE(pthread_create(&movers[i].thread, NULL, move_to_and_fro, &movers[i]) == 0);
    }
    wait_for_movers(movers, mover_count);
    uint64_t deadline = deadline_after(seconds);
    uint64_t rounds = 0;
    while (count_under_lock(heap, movers, mover_count) && !deadline_is_over(deadline)) {
        rounds++;
        for (size_t i = rounds % 64; i > 0; i--) {
            atomic_signal_fence(memory_order_seq_cst); // a delay of no fixed length
        }
    }
    atomic_store_explicit(&stops, true, memory_order_relaxed);
    uint64_t moves = 0;
    for (size_t i = 0; i < mover_count; i++) {
        pthread_join(movers[i].thread, NULL);
        moves += movers[i].moves;
    }
    test_note("%zu threads, %zu bytes: %" PRIu64 " rounds, %" PRIu64 " moves", mover_count, size,
        rounds, moves);
    struct halde_heap_summary summary;
    EXPECT_OK(halde_heap_summarize(heap, &summary));
    EXPECT_SIZE(summary.busy_count, 0);
    EXPECT_OK(halde_heap_destroy(heap));
}

int main(void)
{
    double seconds = stress_seconds(3) / 6;
    run(NULL, 1, 30000, seconds);
    run(NULL, 2, 30000, seconds);
    run(NULL, MAX_THREADS, 12000, seconds);
    run(NULL, 3, 600, seconds);
    run(NULL, 2, 400000, seconds);
    run(&(struct halde_heap_options){.checks = HALDE_CHECK_TAIL}, 3, 9000, seconds);
    return test_result();
}
