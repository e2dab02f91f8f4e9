// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 180
// VARIANTS: archive shared both preload static

/**
 * fork, vfork and posix_spawn while threads allocate and use streams: the child allocates, frees
 * its parent's blocks and starts threads; atfork handlers of the program allocate; and a thread
 * that holds libc's list of streams while its neighbour waits for memory does not block the fork.
 */
#include "check.h"
#include "child.h"
#include "process.h"
#include "seed.h"

#include <malloc.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static _Atomic bool stops;
static void *of_handler;

static void in_prepare(void)
{
    of_handler = malloc(1000);
}

static void in_parent(void)
{
    free(of_handler);
    free(malloc(2000));
}

static void in_child(void)
{
    of_handler = realloc(of_handler, 50000);
    free(of_handler);
}

static void *allocate(void *context)
{
    struct random random = random_make(1, (uint64_t)(uintptr_t)context);
    void *blocks[50] = {NULL};
    while (!atomic_load(&stops)) {
        size_t i = random_below(&random, 50);
        free(blocks[i]);
        blocks[i] = malloc(random_request(&random));
    }
    for (size_t i = 0; i < 50; i++) {
        free(blocks[i]);
    }
    return NULL;
}

// Allocates while it holds a stream: libc's buffers, and getline()'s line.
static void *read_lines(void *context)
{
    char text[4000];
    (void)context;
    memset(text, 'x', sizeof(text));
    for (size_t i = 99; i < sizeof(text); i += 100 + i / 3) {
        text[i] = '\n';
    }
    while (!atomic_load(&stops)) {
        FILE *stream = fmemopen(text, sizeof(text), "r");
        char *line = NULL;
        size_t size = 0;
        while (stream != NULL && getline(&line, &size, stream) > 0) {
        }
        free(line);
        if (stream != NULL) {
            fclose(stream);
        }
    }
    return NULL;
}

// Holds libc's list of streams and waits for each stream in turn.
static void *flush(void *context)
{
    while (!atomic_load(&stops)) {
        fflush(NULL);
    }
    return context;
}

static void live_on(void *inherited)
{
    memset(inherited, 'c', 5000);
    free(inherited);
    void *blocks[200];
    for (size_t i = 0; i < 200; i++) {
        blocks[i] = calloc(1, i * i);
        EXPECT_NOT_NULL(blocks[i]);
    }
    for (size_t i = 0; i < 200; i++) {
        free(blocks[i]);
    }
    FILE *stream = fopen("/dev/null", "w");
    EXPECT_NOT_NULL(stream);
    fprintf(stream, "child\n");
    fclose(stream);
    if (process_can_start_threads_after_fork()) {
        atomic_store(&stops, true);
        pthread_t thread;
        EXPECT_SIZE((size_t)pthread_create(&thread, NULL, allocate, NULL), 0);
        EXPECT_SIZE((size_t)pthread_join(thread, NULL), 0);
    }
    EXPECT_VALID(halde_process_heap(), NULL);
}

static void test_spawn(void)
{
    char *arguments[] = {(char *)(uintptr_t) "true", NULL};
    pid_t pid;
    int status = -1;
    ASSERT_SIZE((size_t)posix_spawnp(&pid, "true", NULL, NULL, arguments, environ), 0);
    EXPECT_TRUE(waitpid(pid, &status, 0) == pid && status == 0);
    pid = vfork(); // NOLINT(clang-analyzer-security.insecureAPI.vfork): this is what is tested
    if (pid == 0) {
        execlp("true", "true", (char *)NULL);
        _exit(127);
    }
    EXPECT_TRUE(waitpid(pid, &status, 0) == pid && status == 0);
}

int main(void)
{
    enum {
        THREAD_COUNT = 5
    };
    pthread_t threads[THREAD_COUNT];
    void *(*const bodies[THREAD_COUNT])(void *) = {
        allocate, allocate, read_lines, read_lines, flush};
    ASSERT_TRUE(pthread_atfork(in_prepare, in_parent, in_child) == 0);
    EXPECT_CHILD_PASSES("single-threaded", live_on, malloc(5000), 20);
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        ASSERT_TRUE(pthread_create(&threads[i], NULL, bodies[i], (void *)i) == 0);
    }
    uint64_t deadline = deadline_after(stress_seconds(4));
    size_t count = 0;
    while (!deadline_is_over(deadline) && test_failures() == 0) {
        void *block = malloc(5000);
        ASSERT_NOT_NULL(block);
        EXPECT_CHILD_PASSES("threaded", live_on, block, 20);
        free(block);
        if (count++ % 8 == 0) {
            test_spawn();
        }
    }
    test_note("%zu forks", count);
    EXPECT_AT_LEAST(count, 2);
    atomic_store(&stops, true);
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        pthread_join(threads[i], NULL);
    }
    return test_result();
}
