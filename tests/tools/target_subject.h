// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * A process to be looked at: a forked child whose threads allocate and free, and keep a list of
 * what they hold.  The list is an ordinary variable, at the same address in the child and here.
 */
#ifndef TOOLS_TARGET_SUBJECT_H
#define TOOLS_TARGET_SUBJECT_H

#include "check.h"

#include "image/image.h"

#include <halde/heap.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    SUBJECT_THREADS_MAX = 256,
    SUBJECT_SLOTS = 200,
};

/// What a thread holds. A block is in its slot only while it is certainly the thread's.
struct subject_holding {
    _Atomic(void *) blocks[SUBJECT_SLOTS];
    size_t sizes[SUBJECT_SLOTS];
};

/// Shared between the child and us.
struct subject_shared {
    atomic_uint pause;    ///< turns of a loop between two allocations
    atomic_uint ready;    ///< threads that have begun
    atomic_ulong steps;   ///< allocations so far
    atomic_ulong signals; ///< that a handler has counted
    atomic_bool is_told_to_end;
    atomic_uintptr_t hidden; ///< its complement is an address that only a vector register holds
};

struct subject {
    pid_t pid;
    struct subject_shared *shared;
};

static struct subject_holding subject_holdings[SUBJECT_THREADS_MAX];
static struct subject_shared *subject_shared;

static inline void subject_sleep_ms(long ms)
{
    struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    while (nanosleep(&time, &time) != 0 && errno == EINTR) {
    }
}

static inline size_t subject_size(uint32_t random)
{
    static const size_t LIMITS[] = {64, 64, 256, 1024, 8192, 60000};
    size_t limit = LIMITS[random % (sizeof(LIMITS) / sizeof(LIMITS[0]))];
    return random / 8 % 500 == 0 ? 2000000 : random / 8 % limit;
}

static void *subject_work(void *argument)
{
    struct subject_holding *holding = argument;
    halde_heap *heap = halde_process_heap();
    uint32_t random = (uint32_t)(holding - subject_holdings) * 7919 + 1;
    atomic_fetch_add(&subject_shared->ready, 1);
    for (;;) {
        random = random * 1664525 + 1013904223;
        size_t slot = (random >> 16) % SUBJECT_SLOTS;
        void *old = atomic_exchange(&holding->blocks[slot], NULL);
        if (old != NULL) {
            halde_heap_free(heap, old, 0);
        }
        holding->sizes[slot] = subject_size(random >> 8);
        void *block = halde_heap_alloc(heap, holding->sizes[slot], 0);
        atomic_store(&holding->blocks[slot], block);
        atomic_fetch_add_explicit(&subject_shared->steps, 1, memory_order_relaxed);
        for (unsigned i = atomic_load(&subject_shared->pause); i > 0; i--) {
            atomic_signal_fence(memory_order_seq_cst);
        }
    }
    return NULL;
}

/// Waits for ever with a block of the process heap in a vector register and nowhere else.
static inline void subject_hide_block(void)
{
    uintptr_t block = (uintptr_t)halde_heap_alloc(halde_process_heap(), 4321, 0);
    atomic_store(&subject_shared->hidden, ~block);
#if defined(__x86_64__)
    __asm__ volatile("movq %0, %%xmm7\n\txorl %k0, %k0\n\tlock addl $1, %1\n"
                     "1:\n\tpause\n\tjmp 1b"
                     : "+r"(block), "+m"(subject_shared->ready)
                     :
                     : "xmm7", "memory");
#elif defined(__aarch64__)
    __asm__ volatile("fmov d7, %0\n\tmov %0, #0" : "+r"(block) : : "v7");
    atomic_fetch_add(&subject_shared->ready, 1);
    __asm__ volatile("1:\n\tyield\n\tb 1b" : : : "v7");
#endif
    abort();
}

/// Whether the image knows a word of the vector registers.
static inline bool subject_has_word(const struct image *image, uint64_t word)
{
    enum {
        GENERAL_REGISTERS = 27 // on x86-64; what follows are others
    };
    for (size_t i = 0; i < image->thread_count; i++) {
        for (uint32_t j = GENERAL_REGISTERS; j < image->threads[i].register_count; j++) {
            if (image->threads[i].registers[j] == word) {
                return true;
            }
        }
    }
    for (size_t i = 0; i < image->word_count; i++) {
        if (image->words[i].word == word) {
            return true;
        }
    }
    return false;
}

/// Starts a child in which `body(context)` runs and never returns.
static inline void subject_start(
    struct subject *subject, void (*body)(void *context), void *context)
{
    subject->shared = mmap(
        NULL, sizeof(*subject->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_TRUE(subject->shared != MAP_FAILED);
    subject_shared = subject->shared;
    subject->pid = fork();
    ASSERT_TRUE(subject->pid >= 0);
    if (subject->pid == 0) {
        // Nothing shall be left behind, whichever way the test ends.
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        alarm(120);
        body(context);
        _exit(0);
    }
}

static inline void subject_wait_ready(const struct subject *subject, unsigned threads)
{
    for (int i = 0; i < 20000 && atomic_load(&subject->shared->ready) < threads; i++) {
        subject_sleep_ms(1);
    }
    ASSERT_TRUE(atomic_load(&subject->shared->ready) >= threads);
}

static inline void subject_end(struct subject *subject)
{
    kill(subject->pid, SIGKILL);
    while (waitpid(subject->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    munmap(subject->shared, sizeof(*subject->shared));
}

/// Whether its threads get on with their work.
static inline bool subject_runs(const struct subject *subject)
{
    unsigned long before = atomic_load(&subject->shared->steps);
    for (int i = 0; i < 5000; i++) {
        subject_sleep_ms(1);
        if (atomic_load(&subject->shared->steps) > before + 10) {
            return true;
        }
    }
    return false;
}

/// As many threads as `context` (an unsigned) says, the first included.
static inline void subject_busy(void *context)
{
    unsigned count = *(const unsigned *)context;
    for (unsigned i = 1; i < count; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, subject_work, &subject_holdings[i]) != 0) {
            _exit(3);
        }
    }
    subject_work(&subject_holdings[0]);
}

#endif
