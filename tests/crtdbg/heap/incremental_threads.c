// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 120

// Incremental checks while other threads allocate, resize and free: no block in the making is taken
// for a damaged one, and one that is damaged is found.
//
// The run without membarrier() makes other processors fence by moving to each of them, which takes
// milliseconds a stop: there the threads do a tenth, which is still some hundred stops and many
// rounds through the heap.

#include "capture.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    THREADS = 4,
    ROUNDS = 20000,
    ROUNDS_WITH_FENCES = 2000,
    SLOTS = 64,
};

static unsigned rounds = ROUNDS;

static void *churn(void *seed)
{
    char *slots[SLOTS] = {NULL};
    unsigned random = (unsigned)(uintptr_t)seed;
    for (unsigned i = 0; i < rounds; i++) {
        random = random * 1103515245u + 12345u;
        char **slot = &slots[random >> 8 & (SLOTS - 1)];
        size_t size = random >> 16 & 1023;
        if (*slot != NULL && (random & 1) != 0) {
            free(*slot);
            *slot = NULL;
        } else {
            *slot = realloc(*slot, size + 1);
            memset(*slot, 1, size + 1);
        }
    }
    for (unsigned i = 0; i < SLOTS; i++) {
        free(slots[i]);
    }
    return NULL;
}

static void run_threads(void)
{
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, churn, (void *)(i + 1));
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
}

int main(void)
{
    const char *options = getenv("HALDE_OPTIONS");
    if (options != NULL && strstr(options, "membarrier=0") != NULL) {
        rounds = ROUNDS_WITH_FENCES;
    }
    capture_start();
    halde_set_incremental_check(2);
    run_threads();
    EXPECT_SILENCE();
    char *block = malloc(20);
    block[-1] = 1;
    run_threads();
    EXPECT_TRUE(strstr(capture.text, "before Normal block") != NULL);
    capture_clear();
    block[-1] = (char)0xFD;
    free(block);
    EXPECT_SILENCE();
    return test_result();
}
