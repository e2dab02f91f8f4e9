// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 300

/**
 * The heap lock under pressure: it excludes, it recurses, it wakes everybody, it does not hold up
 * those who bypass it, and it does nothing for a heap without serialisation.
 */
#include "check.h"
#include "process.h"
#include "seed.h"

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

enum {
    WORKERS = 6,
    PATIENCE_MS = 20000, // a thread that has not moved for so long is asleep for ever
};

static void pause_us(long us)
{
    const struct timespec pause = {.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000};
    nanosleep(&pause, NULL);
}

static uint64_t patience(void)
{
    return (uint64_t)(PATIENCE_MS * (process_slowness() > 1 ? 3 : 1));
}

// ---- Workers whose progress is watched ----

struct worker {
    struct storm *storm;
    size_t index;
    pthread_t thread;
    // Completed operations; the worker stores (release), the watcher loads (acquire).
    _Atomic uint64_t progress __attribute__((aligned(64)));
};

struct storm {
    halde_heap *heap;
    uint64_t seed;
    bool uses_lock; // workers take the heap's lock, too
    _Atomic bool stops;
    _Atomic int inside; // threads between lock and unlock; only ever 1
    struct worker workers[WORKERS];
};

static void progress(struct worker *worker)
{
    uint64_t done = atomic_load_explicit(&worker->progress, memory_order_relaxed);
    atomic_store_explicit(&worker->progress, done + 1, memory_order_release);
}

// Locks up to three deep, checks that nobody else is inside, and uses the heap as its owner.
static void use_under_lock(struct worker *worker, struct random *random)
{
    struct storm *storm = worker->storm;
    size_t depth = 1 + random_below(random, 3);
    for (size_t i = 0; i < depth; i++) {
        EXPECT_OK(halde_heap_lock(storm->heap));
    }
    EXPECT_TRUE(atomic_fetch_add(&storm->inside, 1) == 0);
    void *block = halde_heap_alloc(storm->heap, random_log(random, 1, 3000), 0);
    ASSERT_NOT_NULL(block);
    EXPECT_VALID(storm->heap, block);
    EXPECT_OK(halde_heap_free(storm->heap, block, 0));
    EXPECT_TRUE(atomic_fetch_sub(&storm->inside, 1) == 1);
    for (size_t i = 0; i < depth; i++) {
        EXPECT_OK(halde_heap_unlock(storm->heap));
    }
    EXPECT_STATUS(halde_heap_unlock(storm->heap), HALDE_NOT_OWNER);
}

static void *work(void *context)
{
    struct worker *worker = context;
    struct storm *storm = worker->storm;
    struct random random = random_make(storm->seed, worker->index);
    while (!atomic_load_explicit(&storm->stops, memory_order_relaxed)) {
        if (storm->uses_lock && random_once_in(&random, 20)) {
            use_under_lock(worker, &random);
        } else {
            void *block = halde_heap_alloc(storm->heap, random_log(&random, 1, 3000), 0);
            ASSERT_NOT_NULL(block);
            progress(worker);
            EXPECT_OK(halde_heap_free(storm->heap, block, 0));
        }
        progress(worker);
    }
    return NULL;
}

static void start_workers(struct storm *storm)
{
    for (size_t i = 0; i < WORKERS; i++) {
        storm->workers[i].storm = storm;
        storm->workers[i].index = i;
        ASSERT_TRUE(pthread_create(&storm->workers[i].thread, NULL, work, &storm->workers[i]) == 0);
    }
}

static void stop_workers(struct storm *storm)
{
    atomic_store_explicit(&storm->stops, true, memory_order_relaxed);
    for (size_t i = 0; i < WORKERS; i++) {
        pthread_join(storm->workers[i].thread, NULL);
    }
}

static uint64_t progress_of(const struct worker *worker)
{
    return atomic_load_explicit(&worker->progress, memory_order_acquire);
}

// ---- Exclusion and waking ----

// While the lock is held a worker may finish noting what it had done before, and nothing else.
static void hold_lock(struct storm *storm, struct random *random)
{
    uint64_t before[WORKERS];
    EXPECT_OK(halde_heap_lock(storm->heap));
    for (size_t i = 0; i < WORKERS; i++) {
        before[i] = progress_of(&storm->workers[i]);
    }
    pause_us((long)random_below(random, 1500));
    for (size_t i = 0; i < WORKERS; i++) {
        EXPECT_AT_MOST(progress_of(&storm->workers[i]), before[i] + 1);
    }
    EXPECT_OK(halde_heap_unlock(storm->heap));
}

// After the unlock every worker must move again; one that sleeps on is what this test looks for.
static void expect_all_move(const struct storm *storm)
{
    uint64_t before[WORKERS];
    for (size_t i = 0; i < WORKERS; i++) {
        before[i] = progress_of(&storm->workers[i]);
    }
    uint64_t deadline = clock_ms() + patience();
    for (size_t i = 0; i < WORKERS; i++) {
        while (progress_of(&storm->workers[i]) < before[i] + 2) {
            if (deadline_is_over(deadline)) {
                test_fail(CHECK_HERE, "worker %zu sleeps though the heap is not locked", i);
                test_stop();
            }
            pause_us(50);
        }
    }
}

static void lock_against_workers(uint64_t seed, bool uses_lock, double seconds)
{
    struct storm storm = {.seed = seed, .uses_lock = uses_lock};
    struct random random = random_make(seed, 99);
    ASSERT_OK(halde_heap_create(NULL, &storm.heap));
    start_workers(&storm);
    uint64_t deadline = deadline_after(seconds);
    uint64_t rounds = 0;
    do {
        hold_lock(&storm, &random);
        expect_all_move(&storm);
        for (int i = 0; i < 20; i++) { // and in quick succession
            EXPECT_OK(halde_heap_lock(storm.heap));
            EXPECT_OK(halde_heap_unlock(storm.heap));
        }
        rounds++;
    } while (!deadline_is_over(deadline) && test_failures() == 0);
    expect_all_move(&storm);
    stop_workers(&storm);
    test_note("%" PRIu64 " rounds against %d threads%s", rounds, WORKERS,
        uses_lock ? " that lock, too" : "");
    EXPECT_OK(halde_heap_destroy(storm.heap));
}

// ---- Lock holders among themselves ----

struct counter {
    halde_heap *heaps[2];
    uint64_t plain; // protected by the heap's lock alone
    uint64_t rounds;
};

static void *count_under_lock(void *context)
{
    struct counter *counter = context;
    for (uint64_t i = 0; i < counter->rounds; i++) {
        EXPECT_OK(halde_heap_lock(counter->heaps[0]));
        EXPECT_OK(halde_heap_lock(counter->heaps[1]));
        EXPECT_OK(halde_heap_lock(counter->heaps[0]));
        counter->plain++;
        EXPECT_OK(halde_heap_unlock(counter->heaps[0]));
        EXPECT_OK(halde_heap_unlock(counter->heaps[1]));
        EXPECT_OK(halde_heap_unlock(counter->heaps[0]));
    }
    return NULL;
}

static void lock_is_a_mutex(void)
{
    enum {
        THREADS = 8,
    };
    struct counter counter = {.rounds = process_scaled(3000)};
    ASSERT_OK(halde_heap_create(NULL, &counter.heaps[0]));
    ASSERT_OK(halde_heap_create(NULL, &counter.heaps[1]));
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        ASSERT_TRUE(pthread_create(&threads[i], NULL, count_under_lock, &counter) == 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    EXPECT_SIZE(counter.plain, THREADS * counter.rounds);
    EXPECT_OK(halde_heap_destroy(counter.heaps[0]));
    EXPECT_OK(halde_heap_destroy(counter.heaps[1]));
}

// ---- A single other thread that must, or must not, wait ----

struct visitor {
    halde_heap *heap;
    uint32_t flags;
    void *block;
    _Atomic bool is_done;
};

static void *visit_heap(void *context)
{
    struct visitor *visitor = context;
    enum halde_status status = HALDE_OK;
    void *block = halde_heap_alloc(visitor->heap, 100, visitor->flags);
    ASSERT_NOT_NULL(block);
    block = halde_heap_realloc(visitor->heap, block, 5000, visitor->flags, &status);
    ASSERT_NOT_NULL(block);
    EXPECT_OK(halde_heap_free(visitor->heap, block, visitor->flags));
    EXPECT_OK(halde_heap_free(visitor->heap, visitor->block, visitor->flags));
    atomic_store(&visitor->is_done, true);
    return NULL;
}

static bool done_within(const struct visitor *visitor, uint64_t ms)
{
    uint64_t deadline = clock_ms() + ms;
    while (!atomic_load(&visitor->is_done)) {
        if (deadline_is_over(deadline)) {
            return false;
        }
        pause_us(200);
    }
    return true;
}

static void visit_locked_heap(uint32_t heap_flags, uint32_t flags, bool must_wait)
{
    const struct halde_heap_options options = {.flags = heap_flags};
    struct visitor visitor = {.flags = flags};
    ASSERT_OK(halde_heap_create(&options, &visitor.heap));
    visitor.block = halde_heap_alloc(visitor.heap, 50, 0);
    EXPECT_OK(halde_heap_lock(visitor.heap));
    pthread_t thread;
    ASSERT_TRUE(pthread_create(&thread, NULL, visit_heap, &visitor) == 0);
    if (must_wait) {
        EXPECT_FALSE(done_within(&visitor, 30));
    } else {
        EXPECT_TRUE(done_within(&visitor, patience()));
    }
    EXPECT_OK(halde_heap_unlock(visitor.heap));
    EXPECT_TRUE(done_within(&visitor, patience()));
    pthread_join(thread, NULL);
    EXPECT_OK(halde_heap_destroy(visitor.heap));
}

// Several threads that bypass the lock, beside the owner that uses the heap: the engine stays
// sound.
static void *bypass(void *context)
{
    halde_heap *heap = context;
    struct random random = random_make(6, (uint64_t)gettid());
    void *blocks[32] = {NULL};
    for (size_t i = 0; i < process_scaled(20000); i++) {
        void **block = &blocks[random_below(&random, 32)];
        size_t size = random_log(&random, 1, 20000);
        if (*block && random_once_in(&random, 2)) {
            *block = halde_heap_realloc(heap, *block, size, HALDE_UNLOCKED, NULL);
        } else {
            EXPECT_OK(halde_heap_free(heap, *block, HALDE_UNLOCKED));
            *block = halde_heap_alloc(heap, size, HALDE_UNLOCKED);
        }
        ASSERT_NOT_NULL(*block);
    }
    for (size_t i = 0; i < 32; i++) {
        EXPECT_OK(halde_heap_free(heap, blocks[i], HALDE_UNLOCKED));
    }
    return NULL;
}

static void bypass_together(bool owner_shares)
{
    halde_heap *heap;
    ASSERT_OK(halde_heap_create(NULL, &heap));
    EXPECT_OK(halde_heap_lock(heap));
    pthread_t threads[WORKERS];
    for (size_t i = 0; i < WORKERS; i++) {
        ASSERT_TRUE(pthread_create(&threads[i], NULL, bypass, heap) == 0);
    }
    if (owner_shares) {
        bypass(heap);
    }
    for (size_t i = 0; i < WORKERS; i++) {
        pthread_join(threads[i], NULL);
    }
    struct halde_heap_summary summary;
    EXPECT_VALID(heap, NULL);
    EXPECT_OK(halde_heap_summarize(heap, &summary));
    EXPECT_SIZE(summary.busy_count, 0);
    EXPECT_OK(halde_heap_unlock(heap));
    EXPECT_OK(halde_heap_destroy(heap));
}

// Any operation with a lock must wait, not only allocation: each blocks one thread, then one unlock
// frees all.
enum waiting {
    WAIT_ALLOC,
    WAIT_ALIGNED,
    WAIT_REALLOC,
    WAIT_FREE,
    WAIT_LOCK,
    WAIT_SUMMARIZE,
    WAIT_COUNT,
};

struct waiter {
    halde_heap *heap;
    enum waiting kind;
    void *block;
    _Atomic bool is_done;
};

static void *wait_for_heap(void *context)
{
    struct waiter *waiter = context;
    struct halde_heap_summary summary;
    switch (waiter->kind) {
    case WAIT_ALLOC:
        EXPECT_NOT_NULL(halde_heap_alloc(waiter->heap, 64, 0));
        break;
    case WAIT_ALIGNED:
        EXPECT_NOT_NULL(halde_heap_alloc_aligned(waiter->heap, 64, 256, 0));
        break;
    case WAIT_REALLOC:
        EXPECT_NOT_NULL(halde_heap_realloc(waiter->heap, waiter->block, 65, 0, NULL));
        break;
    case WAIT_FREE:
        EXPECT_OK(halde_heap_free(waiter->heap, waiter->block, 0));
        break;
    case WAIT_LOCK:
        EXPECT_OK(halde_heap_lock(waiter->heap));
        EXPECT_OK(halde_heap_unlock(waiter->heap));
        break;
    case WAIT_SUMMARIZE:
        EXPECT_OK(halde_heap_summarize(waiter->heap, &summary));
        break;
    case WAIT_COUNT:
        break;
    }
    atomic_store(&waiter->is_done, true);
    return NULL;
}

static void everything_waits(void)
{
    halde_heap *heap;
    ASSERT_OK(halde_heap_create(NULL, &heap));
    struct waiter waiters[WAIT_COUNT];
    pthread_t threads[WAIT_COUNT];
    for (int i = 0; i < WAIT_COUNT; i++) {
        waiters[i] = (struct waiter){heap, (enum waiting)i, halde_heap_alloc(heap, 64, 0), false};
    }
    EXPECT_OK(halde_heap_lock(heap));
    for (int i = 0; i < WAIT_COUNT; i++) {
        ASSERT_TRUE(pthread_create(&threads[i], NULL, wait_for_heap, &waiters[i]) == 0);
    }
    pause_us(50000);
    for (int i = 0; i < WAIT_COUNT; i++) {
        EXPECT_FALSE(atomic_load(&waiters[i].is_done));
    }
    struct halde_heap_summary summary;
    EXPECT_OK(halde_heap_summarize(heap, &summary)); // the owner may
    EXPECT_SIZE(summary.busy_count, WAIT_COUNT);
    EXPECT_SIZE(summary.busy_size, WAIT_COUNT * 64);
    EXPECT_OK(halde_heap_unlock(heap));
    for (int i = 0; i < WAIT_COUNT; i++) {
        pthread_join(threads[i], NULL);
        EXPECT_TRUE(atomic_load(&waiters[i].is_done));
    }
    EXPECT_OK(halde_heap_summarize(heap, &summary));
    EXPECT_SIZE(summary.busy_count, WAIT_COUNT + 2 - 1);
    EXPECT_OK(halde_heap_destroy(heap));
}

// ---- Heaps without serialisation, one a thread ----

static void *use_own_heap(void *context)
{
    uint64_t seed = *(const uint64_t *)context;
    struct random random = random_make(seed, (uint64_t)gettid());
    const struct halde_heap_options options = {.flags = HALDE_HEAP_NO_SERIALIZE};
    halde_heap *heap;
    ASSERT_OK(halde_heap_create(&options, &heap));
    void *blocks[64] = {NULL};
    for (size_t i = 0; i < process_scaled(40000); i++) {
        size_t place = random_below(&random, 64);
        EXPECT_OK(halde_heap_free(heap, blocks[place], 0));
        blocks[place] = halde_heap_alloc(heap, random_log(&random, 1, 20000), 0);
        ASSERT_NOT_NULL(blocks[place]);
        if (random_once_in(&random, 100)) {
            EXPECT_OK(halde_heap_lock(heap));
            EXPECT_OK(halde_heap_unlock(heap));
            EXPECT_OK(halde_heap_unlock(heap)); // locking does nothing, so there is nothing to own
        }
    }
    EXPECT_VALID(heap, NULL);
    EXPECT_OK(halde_heap_destroy(heap));
    return NULL;
}

static void heaps_without_serialisation(uint64_t seed)
{
    pthread_t threads[WORKERS];
    for (size_t i = 0; i < WORKERS; i++) {
        ASSERT_TRUE(pthread_create(&threads[i], NULL, use_own_heap, &seed) == 0);
    }
    for (size_t i = 0; i < WORKERS; i++) {
        pthread_join(threads[i], NULL);
    }
}

// ---- Odd uses ----

// One thread locks many times, another waits for the last unlock only.
static void deep_recursion(void)
{
    enum {
        DEPTH = 5000,
    };
    struct visitor visitor = {0};
    ASSERT_OK(halde_heap_create(NULL, &visitor.heap));
    visitor.block = halde_heap_alloc(visitor.heap, 50, 0);
    for (int i = 0; i < DEPTH; i++) {
        EXPECT_OK(halde_heap_lock(visitor.heap));
    }
    pthread_t thread;
    ASSERT_TRUE(pthread_create(&thread, NULL, visit_heap, &visitor) == 0);
    for (int i = 0; i < DEPTH - 1; i++) {
        EXPECT_OK(halde_heap_unlock(visitor.heap));
    }
    EXPECT_FALSE(done_within(&visitor, 20));
    EXPECT_OK(halde_heap_unlock(visitor.heap));
    pthread_join(thread, NULL);
    EXPECT_STATUS(halde_heap_unlock(visitor.heap), HALDE_NOT_OWNER);
    EXPECT_OK(halde_heap_destroy(visitor.heap));
}

static void destroy_while_locked(void)
{
    for (int i = 0; i < 50; i++) {
        halde_heap *heap;
        ASSERT_OK(halde_heap_create(NULL, &heap));
        ASSERT_NOT_NULL(halde_heap_alloc(heap, 1000, 0));
        EXPECT_OK(halde_heap_lock(heap));
        EXPECT_OK(halde_heap_destroy(heap));
        EXPECT_STATUS(halde_heap_unlock(heap), HALDE_BAD_HEAP);
    }
}

// Creation, destruction and the list do not need any heap's lock.
static void locked_heap_holds_up_no_other(void)
{
    halde_heap *locked;
    halde_heap *heap;
    ASSERT_OK(halde_heap_create(NULL, &locked));
    EXPECT_OK(halde_heap_lock(locked));
    EXPECT_OK(halde_heap_lock(halde_process_heap()));
    uint64_t seed = 5;
    pthread_t thread;
    ASSERT_TRUE(pthread_create(&thread, NULL, use_own_heap, &seed) == 0);
    pthread_join(thread, NULL);
    ASSERT_OK(halde_heap_create(NULL, &heap));
    EXPECT_AT_LEAST(halde_heap_list(NULL, 0), 3);
    EXPECT_OK(halde_heap_destroy(heap));
    EXPECT_OK(halde_heap_unlock(halde_process_heap()));
    EXPECT_OK(halde_heap_unlock(locked));
    EXPECT_OK(halde_heap_destroy(locked));
}

int main(void)
{
    uint64_t seed = seed_start("lock_storm");
    double seconds = stress_seconds(3);
    everything_waits();
    visit_locked_heap(0, 0, true);
    visit_locked_heap(0, HALDE_UNLOCKED, false);
    visit_locked_heap(HALDE_HEAP_NO_SERIALIZE, 0, false);
    bypass_together(false);
    bypass_together(true);
    deep_recursion();
    destroy_while_locked();
    locked_heap_holds_up_no_other();
    lock_is_a_mutex();
    heaps_without_serialisation(seed);
    lock_against_workers(seed, false, seconds / 3);
    lock_against_workers(seed, true, seconds / 3);
    return test_result();
}
