// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 300

/**
 * fork at any moment of a program whose threads use heaps, also while one of them holds a heap's
 * lock: in the child every heap is exact (compared with the ledgers, as under the lock), and it can
 * be used, walked, locked, and the parent's blocks freed.
 */
#include "check.h"
#include "child.h"
#include "churn.h"
#include "pattern.h"
#include "process.h"
#include "seed.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    HEAP_COUNT = 3,
    SEATS = 4,
    SLOTS = 60,
};

struct scene {
    halde_heap *heaps[HEAP_COUNT]; // the process heap, a growable one, one with checks
    struct churn *churn;
    struct ledger_checker checker;
    struct random random;
    bool main_holds_lock; // when it forks
    _Atomic bool stops;
    uint64_t locks; // of the locker thread
};

static void pause_some_us(struct random *random, size_t most)
{
    const struct timespec pause = {.tv_nsec = (long)random_below(random, most) * 1000};
    nanosleep(&pause, NULL);
}

// Holds a heap's lock for short times, so that some forks happen meanwhile.
static void *lock_now_and_then(void *context)
{
    struct scene *scene = context;
    struct random random = random_make(1, 77);
    while (!atomic_load_explicit(&scene->stops, memory_order_relaxed)) {
        halde_heap *heap = scene->heaps[random_below(&random, HEAP_COUNT)];
        EXPECT_OK(halde_heap_lock(heap));
        pause_some_us(&random, 300);
        EXPECT_OK(halde_heap_unlock(heap));
        pause_some_us(&random, 300);
        scene->locks++;
    }
    return NULL;
}

// ---- In the child ----

// The process heap holds the test's own blocks, too: it is walked, but not compared.
static void compare_with_ledgers(struct scene *scene)
{
    for (size_t h = 1; h < HEAP_COUNT; h++) {
        for (int walk = 0; walk < LEDGER_WALK_COUNT; walk++) {
            ledger_check_locked(
                &scene->checker, churn_ledger(scene->churn, h), (enum ledger_walk)walk, false);
        }
        EXPECT_VALID(scene->heaps[h], NULL);
    }
    EXPECT_VALID(scene->heaps[0], NULL);
}

static void allocate_and_free(halde_heap *heap, struct random *random)
{
    enum {
        COUNT = 200,
    };
    void *blocks[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        size_t size = random_log(random, 1, 100000);
        blocks[i] = halde_heap_alloc(heap, size, HALDE_ZERO);
        ASSERT_NOT_NULL(blocks[i]);
        pattern_expect_zero(blocks[i], 0, size, "in the child");
    }
    for (size_t i = 0; i < COUNT; i++) {
        EXPECT_OK(halde_heap_free(heap, blocks[i], 0));
    }
}

static void *use_heaps(void *context)
{
    struct scene *scene = context;
    struct random random = random_make(3, (uint64_t)getpid());
    for (size_t h = 0; h < HEAP_COUNT; h++) {
        allocate_and_free(scene->heaps[h], &random);
    }
    return NULL;
}

static void use_from_new_thread(struct scene *scene)
{
    if (!process_can_start_threads_after_fork()) {
        return;
    }
    pthread_t thread;
    ASSERT_TRUE(pthread_create(&thread, NULL, use_heaps, scene) == 0);
    pthread_join(thread, NULL);
}

static void lock_all(struct scene *scene)
{
    for (size_t h = 0; h < HEAP_COUNT; h++) {
        EXPECT_OK(halde_heap_lock(scene->heaps[h]));
    }
    for (size_t h = HEAP_COUNT; h-- > 0;) {
        EXPECT_OK(halde_heap_unlock(scene->heaps[h]));
    }
}

static void work_in_child(void *context)
{
    struct scene *scene = context;
    compare_with_ledgers(scene);
    use_heaps(scene);
    if (scene->main_holds_lock) {
        EXPECT_OK(halde_heap_unlock(scene->heaps[1])); // the child's one thread is the owner
        EXPECT_STATUS(halde_heap_unlock(scene->heaps[1]), HALDE_NOT_OWNER);
    }
    lock_all(scene);
    use_from_new_thread(scene);
    churn_free_settled(scene->churn);
    compare_with_ledgers(scene); // only what was pending may be left
    halde_heap *heap;
    ASSERT_OK(halde_heap_create(NULL, &heap));
    allocate_and_free(heap, &scene->random);
    EXPECT_OK(halde_heap_destroy(heap));
    for (size_t h = 1; h < HEAP_COUNT; h++) {
        halde_heap_compact(scene->heaps[h]);
        EXPECT_OK(halde_heap_destroy(scene->heaps[h]));
    }
}

// A child that forks again, and one that ends by exit().
static void fork_again(void *context)
{
    struct scene *scene = context;
    use_heaps(scene);
    EXPECT_CHILD_PASSES("a fork of a fork", work_in_child, context, 20);
}

static void leave_by_exit(void *context)
{
    use_heaps(context);
    if (process_memory_is_plain()) {
        exit(test_result()); // a leak checker would count the blocks of threads that are gone
    }
}

// ---- In the parent ----

static void fork_once(struct scene *scene)
{
    child_body *body = work_in_child;
    size_t choice = random_below(&scene->random, 12);
    if (choice == 0) {
        body = fork_again;
    } else if (choice == 1) {
        body = leave_by_exit;
    }
    scene->main_holds_lock = random_once_in(&scene->random, 4);
    pause_some_us(&scene->random, 2000);
    if (scene->main_holds_lock) {
        EXPECT_OK(halde_heap_lock(scene->heaps[1]));
    }
    EXPECT_CHILD_PASSES("a fork of a busy program", body, scene, 20);
    if (scene->main_holds_lock) {
        EXPECT_OK(halde_heap_unlock(scene->heaps[1]));
    }
}

int main(void)
{
    uint64_t seed = seed_start("fork");
    struct scene scene = {.random = random_make(seed, 0)};
    scene.heaps[0] = halde_process_heap();
    ASSERT_OK(halde_heap_create(NULL, &scene.heaps[1]));
    const struct halde_heap_options checked = {.checks = HALDE_CHECK_TAIL};
    ASSERT_OK(halde_heap_create(&checked, &scene.heaps[2]));
    const struct churn_options options = {
        .seed = seed,
        .seat_count = SEATS,
        .slots_per_seat = SLOTS,
        .heaps = scene.heaps,
        .heap_count = HEAP_COUNT,
        .operations_per_thread = 5000,
        .max_request = 200000,
    };
    ASSERT_TRUE(ledger_checker_init(&scene.checker, (size_t)SEATS * SLOTS));
    scene.churn = churn_start(&options);
    pthread_t locker;
    ASSERT_TRUE(pthread_create(&locker, NULL, lock_now_and_then, &scene) == 0);
    uint64_t deadline = deadline_after(stress_seconds(3));
    unsigned count = 0;
    do {
        fork_once(&scene);
        count++;
    } while (!deadline_is_over(deadline) && test_failures() == 0);
    atomic_store_explicit(&scene.stops, true, memory_order_relaxed);
    pthread_join(locker, NULL);
    churn_stop(scene.churn);
    compare_with_ledgers(&scene);
    test_note("%u forks, %zu locks held meanwhile", count, (size_t)scene.locks);
    churn_release(scene.churn);
    ledger_checker_release(&scene.checker);
    for (size_t h = 1; h < HEAP_COUNT; h++) {
        EXPECT_OK(halde_heap_destroy(scene.heaps[h]));
    }
    return test_result();
}
