// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 120
// VARIANTS: archive shared both preload static

/**
 * Allocation while a thread ends: in destructors of thread-local objects, in all rounds of the
 * destructors of pthread keys (the library's own has run by then), and by libc after them.  Blocks
 * that a thread leaves behind are freed by others.  At the end not one block is live that was not
 * before.
 */
#include "check.h"
#include "process.h"

#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    KEY_COUNT = 40, // beyond the 32 that libc keeps without allocating
    THREADS_AT_ONCE = 8,
    ROUNDS = 150,
};

static pthread_key_t keys[KEY_COUNT];
static _Atomic(size_t) destroyed;
static _Thread_local char *of_thread;

struct left { // a list that the thread leaves to the main thread
    struct left *next;
    char bytes[200];
};
static _Atomic(struct left *) left_behind;

static void leave(void)
{
    struct left *block = malloc(sizeof(*block));
    ASSERT_NOT_NULL(block);
    memset(block->bytes, 'l', sizeof(block->bytes));
    block->next = atomic_load(&left_behind);
    while (!atomic_compare_exchange_weak(&left_behind, &block->next, block)) {
    }
}

static void destroy(void *value)
{
    size_t *rounds = value;
    atomic_fetch_add(&destroyed, 1);
    for (size_t size = 1; size < 200000; size = size * 3 + 1) {
        void *block = malloc(size);
        ASSERT_NOT_NULL(block);
        block = realloc(block, size + 100);
        ASSERT_NOT_NULL(block);
        free(block);
    }
    leave();
    if (--*rounds == 0) {
        free(rounds);
        return;
    }
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (pthread_getspecific(keys[i]) == NULL) {
            pthread_setspecific(keys[i], rounds); // another round
            return;
        }
    }
}

extern int __cxa_thread_atexit_impl(void (*destroy)(void *), void *object, void *library);
extern void *__dso_handle;

static void destroy_thread_local(void *object)
{
    free(object);
    leave();
}

static void *work(void *context)
{
    of_thread = malloc(1000);
    ASSERT_NOT_NULL(of_thread);
    ASSERT_TRUE(__cxa_thread_atexit_impl(destroy_thread_local, of_thread, &__dso_handle) == 0);
    for (size_t i = 0; i < KEY_COUNT; i += 13) {
        size_t *rounds = malloc(sizeof(*rounds));
        ASSERT_NOT_NULL(rounds);
        *rounds = 1 + i % PTHREAD_DESTRUCTOR_ITERATIONS;
        pthread_setspecific(keys[i], rounds);
    }
    leave();
    return context;
}

static void run_threads(size_t count)
{
    pthread_t threads[THREADS_AT_ONCE];
    for (size_t i = 0; i < count; i++) {
        ASSERT_TRUE(pthread_create(&threads[i], NULL, work, NULL) == 0);
    }
    for (size_t i = 0; i < count; i++) {
        ASSERT_TRUE(pthread_join(threads[i], NULL) == 0);
    }
    struct left *block = atomic_exchange(&left_behind, NULL);
    while (block != NULL) {
        struct left *next = block->next;
        for (size_t i = 0; i < sizeof(block->bytes); i++) {
            ASSERT_TRUE(block->bytes[i] == 'l');
        }
        free(block);
        block = next;
    }
}

int main(void)
{
    for (size_t i = 0; i < KEY_COUNT; i++) {
        ASSERT_TRUE(pthread_key_create(&keys[i], destroy) == 0);
    }
    run_threads(THREADS_AT_ONCE); // libc keeps the stacks and their TLS, which it allocated
    run_threads(THREADS_AT_ONCE);
    size_t before = mallinfo2().uordblks;
    size_t resident = process_resident_size();
    for (size_t i = 0; i < process_scaled(ROUNDS); i++) {
        run_threads(THREADS_AT_ONCE);
    }
    EXPECT_AT_LEAST(atomic_load(&destroyed), process_scaled(ROUNDS) * (size_t)THREADS_AT_ONCE * 4);
    EXPECT_AT_MOST(mallinfo2().uordblks, before + 4096);
    if (process_memory_is_plain()) {
        EXPECT_AT_MOST(process_resident_size(), resident + (8 << 20));
    }
    EXPECT_VALID(halde_process_heap(), NULL);
    return test_result();
}
