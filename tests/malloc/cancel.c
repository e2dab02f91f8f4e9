// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// VARIANTS: archive shared both preload static

/**
 * No allocation function is a cancellation point: threads are cancelled at random while they
 * allocate, resize and free blocks of all sizes, and each ends only where it asks to, with all of
 * its blocks freed.  So no block is lost and no lock is left behind.
 */
#include "check.h"
#include "process.h"
#include "seed.h"

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    BLOCK_COUNT = 20
};

static _Atomic(size_t) passes;

static void *work(void *context)
{
    struct random random = random_make(clock_ms(), (uint64_t)pthread_self());
    for (;;) {
        void *blocks[BLOCK_COUNT];
        for (size_t i = 0; i < BLOCK_COUNT; i++) {
            blocks[i] =
                i % 3 == 0 ? calloc(1, random_request(&random)) : malloc(random_request(&random));
        }
        for (size_t i = 0; i < BLOCK_COUNT; i++) {
            blocks[i] = realloc(blocks[i], random_log(&random, 1, 200000));
        }
        for (size_t i = 0; i < BLOCK_COUNT; i++) {
            free(blocks[i]);
        }
        malloc_usable_size(NULL);
        malloc_trim(0);
        atomic_fetch_add(&passes, 1);
        pthread_testcancel();
    }
    return context;
}

int main(void)
{
    size_t before = 0;
    for (size_t round = 0; round < process_scaled(200); round++) {
        pthread_t threads[2];
        for (size_t i = 0; i < 2; i++) {
            ASSERT_TRUE(pthread_create(&threads[i], NULL, work, NULL) == 0);
        }
        usleep((useconds_t)(round * 37 % 3000));
        for (size_t i = 0; i < 2; i++) {
            void *result = NULL;
            ASSERT_TRUE(pthread_cancel(threads[i]) == 0);
            ASSERT_TRUE(pthread_join(threads[i], &result) == 0);
            EXPECT_TRUE(result == PTHREAD_CANCELED);
        }
        if (round == 0) {
            before = mallinfo2().uordblks;
        }
    }
    EXPECT_AT_LEAST(atomic_load(&passes), 100);
    EXPECT_AT_MOST(mallinfo2().uordblks, before + 2048); // libc's own
    EXPECT_VALID(halde_process_heap(), NULL);
    return test_result();
}
