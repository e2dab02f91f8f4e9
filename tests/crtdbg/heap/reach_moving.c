// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 120

// Leak search while threads hand the only pointer to a block from one new block of another heap to
// the next: wherever they are stopped, the block is still reachable.

#include "capture.h"

#include <halde/heap.h>
#include <halde_leaks.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    THREADS = 3,
    KEPT = 8, // blocks of each thread
    SEARCHES = 60,
    SIZE = 4096, // of a block that is handed on
};

struct mover {
    pthread_t thread;
    halde_heap *heap;
    void **volatile places[KEPT]; // each holds the only pointer to a block
};

static struct mover movers[THREADS];
static pthread_barrier_t is_ready;
static _Atomic(bool) is_over;

// Of changing sizes: so it lies where nothing was when a search began.
static void **new_place(const struct mover *mover, unsigned round)
{
    void **place = halde_heap_alloc(mover->heap, 16 + (round * 48) % 3000, HALDE_ZERO);
    ASSERT_TRUE(place != NULL);
    return place;
}

static void move(struct mover *mover, unsigned round)
{
    void **from = mover->places[round % KEPT];
    void **to = new_place(mover, round);
    to[1] = from[1];
    mover->places[round % KEPT] = to;
    from[1] = NULL;
    halde_heap_free(mover->heap, from, 0);
}

static void *work(void *context)
{
    struct mover *mover = context;
    for (unsigned i = 0; i < KEPT; i++) {
        void **place = new_place(mover, i);
        place[1] = calloc(1, SIZE);
        mover->places[i] = place;
    }
    pthread_barrier_wait(&is_ready);
    for (unsigned round = 0; !atomic_load(&is_over); round++) {
        move(mover, round);
    }
    for (unsigned i = 0; i < KEPT; i++) {
        free(mover->places[i][1]);
    }
    return NULL;
}

static bool search(void)
{
    struct halde_leaks leaks;
    ASSERT_TRUE(halde_find_leaks(0, &leaks) == 1);
    if (leaks.is_exact) {
        EXPECT_SIZE(leaks.definite.count, 0);
        EXPECT_SIZE(leaks.indirect.count, 0);
        EXPECT_AT_LEAST(leaks.reachable.size + leaks.possible.size, THREADS * KEPT * (size_t)SIZE);
    }
    return leaks.is_exact;
}

int main(void)
{
    capture_start();
    pthread_barrier_init(&is_ready, NULL, THREADS + 1);
    for (int i = 0; i < THREADS; i++) {
        ASSERT_TRUE(halde_heap_create(NULL, &movers[i].heap) == HALDE_OK);
        ASSERT_TRUE(pthread_create(&movers[i].thread, NULL, work, &movers[i]) == 0);
    }
    pthread_barrier_wait(&is_ready);
    bool is_exact = true;
    for (int i = 0; i < SEARCHES && is_exact && test_failures() == 0; i++) {
        is_exact = search();
        usleep(500);
    }
    atomic_store(&is_over, true);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(movers[i].thread, NULL);
        halde_heap_destroy(movers[i].heap);
    }
    if (!is_exact) {
        test_note("threads cannot be stopped here: ptrace is refused");
    }
    return test_result();
}
