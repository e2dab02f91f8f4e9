// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 300

/**
 * Halde's first promise: under halde_heap_lock() the busy blocks and their user sizes are exactly
 * right, whatever other threads are doing.
 *
 * Threads churn on shared heaps (churn.h) and keep ledgers (ledger.h); this program locks one or
 * all heaps, walks them in one of three ways, and compares.  Nobody is paused for it.  Then the
 * same with all threads paused between two operations, where not even one operation may be in
 * doubt.
 */
#include "check.h"
#include "churn.h"
#include "process.h"
#include "seed.h"

#include <inttypes.h>
#include <pthread.h>
#include <time.h>

enum {
    HEAP_COUNT = 4,
    FIXED_SIZE = 6 << 20,
};

struct rounds {
    struct churn *churn;
    struct ledger_checker checker;
    struct random random;
    uint64_t count;
    uint64_t block_count;
};

static void *create_elsewhere(void *context)
{
    halde_heap **heap = context;
    ASSERT_OK(halde_heap_create(NULL, heap));
    return NULL;
}

static void create_heaps(halde_heap *heaps[HEAP_COUNT])
{
    ASSERT_OK(halde_heap_create(NULL, &heaps[0]));
    const struct halde_heap_options fixed = {.maximum_size = FIXED_SIZE};
    ASSERT_OK(halde_heap_create(&fixed, &heaps[1]));
    const struct halde_heap_options checked = {.checks = HALDE_CHECK_TAIL | HALDE_CHECK_FREE};
    ASSERT_OK(halde_heap_create(&checked, &heaps[2]));
    pthread_t creator; // a heap may be biased to its creator: here one that is gone
    ASSERT_TRUE(pthread_create(&creator, NULL, create_elsewhere, &heaps[3]) == 0);
    pthread_join(creator, NULL);
}

// What the summary counts must be what the walk just saw, as long as the lock is held.
static void check_summary(struct rounds *rounds, const struct ledger *ledger)
{
    struct halde_heap_summary summary;
    EXPECT_OK(halde_heap_summarize(ledger->heap, &summary));
    EXPECT_SIZE(summary.busy_count, rounds->checker.count);
    EXPECT_SIZE(summary.busy_size, rounds->checker.busy_size);
    EXPECT_AT_MOST(summary.committed_size, summary.reserved_size);
    EXPECT_AT_MOST(summary.busy_size, summary.committed_size);
    EXPECT_AT_MOST(summary.reserved_size, summary.max_reserve_size);
}

// An operation that was let in before the lock and goes on afterwards could be explained by its
// intent; but then something changes while the lock is held.  The pause lets threads run that were
// preempted.
static void expect_unchanged(struct rounds *rounds, const struct ledger *ledger)
{
    struct timespec pause = {.tv_nsec = (long)random_below(&rounds->random, 300000)};
    uint64_t before = rounds->checker.fingerprint;
    nanosleep(&pause, NULL);
    for (int walk = 0; walk < LEDGER_WALK_COUNT; walk++) { // and all three ways see the same
        ledger_check_locked(&rounds->checker, ledger, (enum ledger_walk)walk, false);
        EXPECT_SIZE(rounds->checker.fingerprint, before);
    }
}

static void check_heap(struct rounds *rounds, size_t heap_index, bool is_strict)
{
    const struct ledger *ledger = churn_ledger(rounds->churn, heap_index);
    enum ledger_walk walk = (enum ledger_walk)(rounds->count % LEDGER_WALK_COUNT);
    if (!ledger_check_locked(&rounds->checker, ledger, walk, is_strict)) {
        test_note("  in round %" PRIu64 ", heap %zu", rounds->count, heap_index);
        test_stop(); // the threads go on: nothing later would mean more
    }
    rounds->block_count += rounds->checker.count;
    if (random_once_in(&rounds->random, 8)) {
        check_summary(rounds, ledger);
    }
    if (random_once_in(&rounds->random, 16)) {
        EXPECT_VALID(ledger->heap, NULL);
    }
    if (random_once_in(&rounds->random, 32)) {
        halde_heap_compact(ledger->heap);
        ledger_check_locked(&rounds->checker, ledger, walk, is_strict);
    }
    if (random_once_in(&rounds->random, 4)) {
        expect_unchanged(rounds, ledger);
    }
}

static void lock_and_check(struct rounds *rounds, size_t first, size_t count)
{
    for (size_t h = first; h < first + count; h++) {
        EXPECT_OK(halde_heap_lock(churn_ledger(rounds->churn, h)->heap));
    }
    for (size_t h = first; h < first + count; h++) {
        check_heap(rounds, h, false);
        rounds->count++;
    }
    for (size_t h = first + count; h-- > first;) {
        EXPECT_OK(halde_heap_unlock(churn_ledger(rounds->churn, h)->heap));
    }
}

// Lets the threads run, so that rounds see different states.
static void breathe(struct rounds *rounds)
{
    const struct timespec pause = {.tv_nsec = (long)random_below(&rounds->random, 60000)};
    if (random_once_in(&rounds->random, 2)) {
        nanosleep(&pause, NULL);
    }
}

static void check_while_running(struct rounds *rounds, double seconds)
{
    uint64_t deadline = deadline_after(seconds);
    while (!deadline_is_over(deadline) && test_failures() == 0) {
        if (random_once_in(&rounds->random, 10)) {
            lock_and_check(rounds, 0, HEAP_COUNT);
        } else {
            lock_and_check(rounds, random_below(&rounds->random, HEAP_COUNT), 1);
        }
        breathe(rounds);
    }
}

static void check_while_paused(struct rounds *rounds, double seconds)
{
    uint64_t deadline = deadline_after(seconds);
    do {
        churn_pause(rounds->churn);
        for (size_t h = 0; h < HEAP_COUNT; h++) {
            check_heap(rounds, h, true);
            rounds->count++;
        }
        churn_resume(rounds->churn);
    } while (!deadline_is_over(deadline) && test_failures() == 0);
}

static void expect_empty(halde_heap *heap)
{
    struct halde_heap_summary summary;
    EXPECT_VALID(heap, NULL);
    EXPECT_OK(halde_heap_summarize(heap, &summary));
    EXPECT_SIZE(summary.busy_count, 0);
    EXPECT_SIZE(summary.busy_size, 0);
    EXPECT_OK(halde_heap_destroy(heap));
}

int main(void)
{
    uint64_t seed = seed_start("exactness");
    struct rounds rounds = {.random = random_make(seed, 0)};
    halde_heap *heaps[HEAP_COUNT];
    create_heaps(heaps);
    struct churn_options options = {
        .seed = seed,
        .seat_count = 4 + random_below(&rounds.random, 5),
        .slots_per_seat = process_scaled(random_log(&rounds.random, 20, 300)),
        .heaps = heaps,
        .heap_count = HEAP_COUNT,
        .operations_per_thread = 3000,
        .locks_heaps = true,
    };
    test_note("%zu threads, %zu slots each in %d heaps", options.seat_count, options.slots_per_seat,
        HEAP_COUNT);
    rounds.churn = churn_start(&options);
    ASSERT_TRUE(ledger_checker_init(&rounds.checker, options.seat_count * options.slots_per_seat));
    double seconds = stress_seconds(3);
    check_while_running(&rounds, seconds * 0.7);
    uint64_t running_count = rounds.count;
    check_while_paused(&rounds, seconds * 0.3);
    churn_stop(rounds.churn);
    for (size_t h = 0; h < HEAP_COUNT; h++) {
        check_heap(&rounds, h, true);
    }
    test_note("%" PRIu64 " rounds while running, %" PRIu64 " while paused, %" PRIu64
              " blocks compared, %" PRIu64 " operations, %" PRIu64 " threads",
        running_count, rounds.count - running_count, rounds.block_count,
        churn_operation_count(rounds.churn), churn_thread_count(rounds.churn));
    EXPECT_AT_LEAST(running_count, 1);
    churn_release(rounds.churn);
    for (size_t h = 0; h < HEAP_COUNT; h++) {
        expect_empty(heaps[h]);
    }
    ledger_checker_release(&rounds.checker);
    return test_result();
}
