// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// FENCE: no

// (Not under valgrind: its threads cannot be stopped from within.)
//
// A thread's vector registers are seen when it is stopped from within its process: pointers may be
// there and nowhere else.

#include "check.h"

#include "os/stop.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define SECRET UINT64_C(0x00005aa5c33c1230)

static atomic_int is_ready, shall_end;

static void *hold(void *argument)
{
    (void)argument;
#if defined(__x86_64__)
    // Made in the register itself: half of it is nowhere else in the thread.
    uint64_t half = ~SECRET;
    __asm__ volatile("movq %0, %%xmm9\n\tpcmpeqd %%xmm8, %%xmm8\n\tpxor %%xmm8, %%xmm9\n\t"
                     "movl $1, %1\n"
                     "1:\n\tpause\n\tcmpl $0, %2\n\tje 1b"
                     : "+r"(half), "=m"(is_ready)
                     : "m"(shall_end)
                     : "xmm8", "xmm9", "memory", "cc");
#elif defined(__aarch64__)
    uint64_t half = ~SECRET;
    __asm__ volatile("fmov d9, %0\n\tmvn v9.16b, v9.16b" : : "r"(half) : "v9");
    atomic_store(&is_ready, 1);
    while (atomic_load(&shall_end) == 0) {
    }
#endif
    return argument;
}

int main(void)
{
    pthread_t thread;
    ASSERT_TRUE(pthread_create(&thread, NULL, hold, NULL) == 0);
    while (atomic_load(&is_ready) == 0) {
    }
    int error;
    struct os_stop *stop = os_stop_others(&error);
    if (stop == NULL) {
        atomic_store(&shall_end, 1);
        pthread_join(thread, NULL);
        test_skip("threads may not be stopped here");
    }
    size_t count, seen = 0;
    const struct os_stopped_thread *threads = os_stop_threads(stop, &count);
    const size_t thread_count = count;
    bool is_bounded = true;
    for (size_t i = 0; i < count; i++) {
        is_bounded = is_bounded && threads[i].register_count <= OS_REGISTERS_MAX;
        for (uint32_t j = 0; is_bounded && j < threads[i].register_count; j++) {
            seen += threads[i].registers[j] == SECRET;
        }
    }
    os_stop_end(stop);
    atomic_store(&shall_end, 1);
    pthread_join(thread, NULL);
    EXPECT_SIZE(thread_count, 1);
    EXPECT_TRUE(is_bounded);
    EXPECT_SIZE(seen, 1);
    return test_result();
}
