// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 60

// A program may lock the debug heap like any other, and dump, check, allocate and fork meanwhile,
// while other threads allocate; and one thread may dump while another has the lock.

#include "capture.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <windows.h>

enum {
    THREADS = 3,
    SECONDS = 2, // without membarrier(2) a stop takes milliseconds
    HEAPS = 16,
};

static _Atomic(int) is_over;

static void *allocate(void *unused)
{
    while (!is_over) {
        free(realloc(malloc(20), 100));
    }
    return unused;
}

static void *check(void *unused)
{
    _CrtMemState state;
    while (!is_over) {
        _CrtMemCheckpoint(&state);
        _CrtCheckMemory();
    }
    return unused;
}

static void use_the_heap(void)
{
    _CrtMemState state;
    EXPECT_TRUE(_CrtCheckMemory() == 1);
    _CrtMemCheckpoint(&state);
    free(malloc(3));
}

static void lock_and_use(void)
{
    HANDLE heaps[HEAPS];
    DWORD count = GetProcessHeaps(HEAPS, heaps);
    EXPECT_TRUE(count >= 2 && count <= HEAPS);
    for (DWORD i = 0; i < count; i++) {
        HeapLock(heaps[i]);
    }
    use_the_heap();
    for (DWORD i = count; i-- > 0;) {
        HeapUnlock(heaps[i]);
    }
}

static void fork_and_use(void)
{
    pid_t child = fork();
    if (child == 0) {
        lock_and_use();
        _exit(test_result());
    }
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_TRUE(status == 0);
}

int main(void)
{
    pthread_t threads[THREADS];
    capture_start();
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, i == 0 ? check : allocate, NULL);
    }
    time_t end = time(NULL) + SECONDS;
    for (unsigned i = 0; i == 0 || time(NULL) < end; i++) {
        lock_and_use();
        if (i % 20 == 0) {
            fork_and_use();
        }
    }
    is_over = 1;
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    EXPECT_SILENCE();
    return test_result();
}
