// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 120

// Threads that allocate, resize and hand blocks to each other while one looks: every checkpoint,
// check and dump sees whole blocks, the counts are exact at the end, and nobody waits for ever;
// also not for a hook that takes a lock which another thread holds in malloc().

#include "capture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    THREADS = 4,
    ROUNDS = 60000,
    SHARED = 64
};

static void *_Atomic shared[SHARED];
static _Atomic(bool) is_over;
static _Atomic(unsigned) running;

static unsigned next_random(unsigned *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

static void *work(void *context)
{
    unsigned state = (unsigned)(uintptr_t)context;
    for (unsigned i = 0; i < ROUNDS; i++) {
        unsigned random = next_random(&state);
        unsigned char *block = _malloc_dbg(random % 700, _NORMAL_BLOCK, __FILE__, __LINE__);
        if (random % 5 == 0) {
            block = realloc(block, random % 3000 + 1);
        }
        free(atomic_exchange(&shared[random % SHARED], block));
    }
    atomic_fetch_sub(&running, 1);
    return NULL;
}

static void run_threads(void *(*body)(void *), void (*look)(void))
{
    pthread_t threads[THREADS];
    running = THREADS;
    for (size_t i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, body, (void *)(i + 1));
    }
    while (atomic_load(&running) > 0) {
        look();
        usleep(500);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
}

static void look(void)
{
    _CrtMemState state;
    _CrtMemCheckpoint(&state);
    // A block more for each thread that has just made one and not yet put it there.
    EXPECT_AT_MOST(state.lCounts[_NORMAL_BLOCK], SHARED + 2 * THREADS + 1);
    EXPECT_AT_LEAST(state.lHighWaterCount, state.lSizes[_NORMAL_BLOCK] / 2);
    EXPECT_TRUE(_CrtCheckMemory());
}

static void test_checks_while_others_work(void)
{
    run_threads(work, look);
    _CrtMemState state;
    size_t size = 0;
    size_t count = 0;
    for (size_t i = 0; i < SHARED; i++) {
        size += shared[i] == NULL ? 0 : _msize_dbg(shared[i], _NORMAL_BLOCK);
        count += shared[i] != NULL;
    }
    _CrtMemCheckpoint(&state);
    EXPECT_SIZE(state.lCounts[_NORMAL_BLOCK], count);
    EXPECT_SIZE(state.lSizes[_NORMAL_BLOCK], size);
    EXPECT_SILENCE();
}

static void free_shared(void)
{
    for (size_t i = 0; i < SHARED; i++) {
        free(atomic_exchange(&shared[i], NULL));
    }
    EXPECT_TRUE(_CrtDumpMemoryLeaks() == 0);
}

// ---- More threads than slots --------------------------------------------------------------------

enum {
    MANY = 1200 // section.h has 1024 slots
};

static pthread_barrier_t barrier;

static void *allocate_and_wait(void *context)
{
    unsigned char *block = malloc(100);
    pthread_barrier_wait(&barrier); // all have theirs
    pthread_barrier_wait(&barrier); // and were looked at
    free(block);
    return context;
}

static void test_more_threads_than_slots(void)
{
    static pthread_t threads[MANY];
    pthread_attr_t attributes;
    _CrtMemState before;
    _CrtMemState during;
    _CrtMemState after;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 64 * 1024);
    pthread_barrier_init(&barrier, NULL, MANY + 1);
    _CrtMemCheckpoint(&before);
    for (size_t i = 0; i < MANY; i++) {
        if (pthread_create(&threads[i], &attributes, allocate_and_wait, NULL) != 0) {
            test_skip("no more threads here");
        }
    }
    pthread_barrier_wait(&barrier);
    _CrtMemCheckpoint(&during);
    EXPECT_SIZE(during.lCounts[_NORMAL_BLOCK] - before.lCounts[_NORMAL_BLOCK], MANY);
    EXPECT_SIZE(during.lSizes[_NORMAL_BLOCK] - before.lSizes[_NORMAL_BLOCK], MANY * 100);
    pthread_barrier_wait(&barrier);
    for (size_t i = 0; i < MANY; i++) {
        pthread_join(threads[i], NULL);
    }
    _CrtMemCheckpoint(&after);
    EXPECT_SIZE(after.lCounts[_NORMAL_BLOCK], before.lCounts[_NORMAL_BLOCK]);
    EXPECT_AT_LEAST(after.lTotalCount - before.lTotalCount, MANY * 100);
    pthread_attr_destroy(&attributes);
}

// ---- A client that waits for a thread which allocates -------------------------------------------

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void *lock_and_allocate(void *context)
{
    (void)context;
    while (!atomic_load(&is_over)) {
        pthread_mutex_lock(&mutex);
        free(malloc(10));
        pthread_mutex_unlock(&mutex);
        usleep(10);
    }
    return NULL;
}

static void __cdecl locking_client(void *block, size_t size)
{
    (void)block;
    (void)size;
    pthread_mutex_lock(&mutex);
    free(malloc(20));
    pthread_mutex_unlock(&mutex);
}

static void test_client_that_waits(void)
{
    pthread_t thread;
    void *blocks[50];
    for (size_t i = 0; i < 50; i++) {
        blocks[i] = _malloc_dbg(i, _CLIENT_BLOCK, NULL, 0);
    }
    _CrtSetDumpClient(locking_client);
    pthread_create(&thread, NULL, lock_and_allocate, NULL);
    for (unsigned i = 0; i < 20; i++) {
        EXPECT_TRUE(_CrtDumpMemoryLeaks() == 1);
        capture_clear();
    }
    atomic_store(&is_over, true);
    pthread_join(thread, NULL);
    _CrtSetDumpClient(NULL);
    for (size_t i = 0; i < 50; i++) {
        _free_dbg(blocks[i], _CLIENT_BLOCK);
    }
}

// ---- Fork -------------------------------------------------------------------------------------

static void fork_once(void)
{
    pid_t child = fork();
    if (child == 0) {
        _CrtMemState state;
        _CrtMemCheckpoint(&state);
        void *block = malloc(5);
        bool is_right = _CrtCheckMemory() && _CrtReportBlockType(block) == _NORMAL_BLOCK;
        free(block);
        _exit(is_right && capture.count == 0 ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_SIZE((unsigned)status, 0);
}

int main(void)
{
    capture_start();
    test_checks_while_others_work();
    free_shared();
    test_client_that_waits();
    test_more_threads_than_slots();
    run_threads(work, fork_once);
    free_shared();
    EXPECT_SILENCE();
    return test_result();
}
