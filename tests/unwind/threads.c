// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Stacks of threads, on stacks of libc's and of the program's, in their last moments, of coroutines
// whose stacks come and go, and after fork.

#include "stacks.h"

#include "check.h"
#include "child.h"
#include "unwind/unwind.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define FRAME __attribute__((noinline))

static _Atomic(size_t) sink;

FRAME static size_t recurse(size_t depth, const char *what)
{
    if (depth == 0) {
        stacks_check(what, 4);
        return 1;
    }
    size_t result = recurse(depth - 1, what) + depth;
    sink = result;
    return result;
}

// ---- Threads ----------------------------------------------------------------------------------

static pthread_key_t key;

static void on_thread_end(void *value)
{
    (void)value;
    recurse(2, "destructor of a thread's value");
}

static void *run_thread(void *context)
{
    size_t depth = (size_t)(uintptr_t)context;
    pthread_setspecific(key, context);
    for (size_t i = 0; i < 20; i++) {
        recurse(depth + i, "thread");
    }
    return NULL;
}

static void test_threads(void)
{
    enum {
        COUNT = 4,
        ROUNDS = 50
    };
    for (size_t round = 0; round < ROUNDS; round++) {
        pthread_t threads[COUNT];
        for (size_t i = 0; i < COUNT; i++) {
            ASSERT_TRUE(
                pthread_create(&threads[i], NULL, run_thread, (void *)(uintptr_t)(i + 1)) == 0);
        }
        for (size_t i = 0; i < COUNT; i++) {
            pthread_join(threads[i], NULL);
        }
    }
}

static void *map(size_t size)
{
    void *memory = mmap(
        NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ASSERT_TRUE(memory != MAP_FAILED);
    return memory;
}

static void test_own_stacks(void)
{
    for (size_t size = CONFIG_TSAN ? 2 << 20 : 128 << 10; size <= 8 << 20; size *= 4) {
        void *memory = map(size);
        pthread_attr_t attributes;
        pthread_t thread;
        pthread_attr_init(&attributes);
        ASSERT_TRUE(pthread_attr_setstack(&attributes, memory, size) == 0);
        ASSERT_TRUE(pthread_create(&thread, &attributes, run_thread, (void *)3) == 0);
        pthread_join(thread, NULL);
        pthread_attr_destroy(&attributes);
        munmap(memory, size);
    }
}

// ---- Coroutines -------------------------------------------------------------------------------

static ucontext_t home;
static ucontext_t away;

static void coroutine(void)
{
    recurse(5, "coroutine");
    swapcontext(&away, &home);
    recurse(30, "coroutine that goes on");
    swapcontext(&away, &home);
}

// The end of a coroutine's stack is followed by a page that cannot be read, and its addresses are
// used again for a smaller one.
static void run_coroutine(char *memory, size_t size, size_t hole)
{
    ASSERT_TRUE(mprotect(memory + size, hole, PROT_NONE) == 0);
    getcontext(&away);
    away.uc_stack.ss_sp = memory;
    away.uc_stack.ss_size = size;
    away.uc_link = &home;
    makecontext(&away, coroutine, 0);
    swapcontext(&home, &away);
    recurse(3, "between two turns of a coroutine");
    swapcontext(&home, &away);
    ASSERT_TRUE(mprotect(memory + size, hole, PROT_READ | PROT_WRITE) == 0);
}

static void *run_coroutines(void *context)
{
    (void)context;
    enum {
        SIZE = 256 << 10,
        HOLE = 64 << 10
    };
    char *memory = map(SIZE + HOLE);
    for (size_t size = SIZE; size >= 4 * (16 << 10); size -= 16 << 10) {
        run_coroutine(memory, size, HOLE);
    }
    munmap(memory, SIZE + HOLE);
    return NULL;
}

static void test_coroutines(void)
{
    run_coroutines(NULL);
    pthread_t thread;
    ASSERT_TRUE(pthread_create(&thread, NULL, run_coroutines, NULL) == 0);
    pthread_join(thread, NULL);
}

// ---- Damage -----------------------------------------------------------------------------------

// A frame pointer of a function compiled with one, overwritten: the walk ends, it does not fault.
FRAME static void damage(uintptr_t value)
{
    volatile uintptr_t *frame = __builtin_frame_address(0);
    uintptr_t before = frame[0];
    frame[0] = value;
    uintptr_t frames[64];
    size_t count = unwind_capture(frames, 64, NULL);
    EXPECT_AT_LEAST(count, 1);
    frame[0] = before;
}

FRAME static void call_damage(uintptr_t value)
{
    volatile char *local = __builtin_alloca(16 + value % 16);
    local[0] = 1;
    damage(value);
    sink += (size_t)local[0];
}

static void test_damage(void)
{
    static const uintptr_t VALUES[] = {0, 1, 7, 8, 4096, UINTPTR_MAX, UINTPTR_MAX - 7,
        (uintptr_t)1 << 47, (uintptr_t)1 << 63, 0x10000};
    for (size_t i = 0; i < sizeof(VALUES) / sizeof(VALUES[0]); i++) {
        call_damage(VALUES[i]);
    }
    call_damage((uintptr_t)&sink);
    call_damage((uintptr_t)VALUES);
    call_damage((uintptr_t)test_damage);
}

// -----------------------------------------------------------------------------------------------

static void child_body_walk(void *context)
{
    (void)context;
    unwind_modules_changed();
    recurse(10, "child process");
}

static void *run_child(void *context)
{
    (void)context;
    EXPECT_CHILD_PASSES("stack in a forked child", child_body_walk, NULL, 20);
    return NULL;
}

static void test_fork(void)
{
    run_child(NULL);
    pthread_t thread;
    ASSERT_TRUE(pthread_create(&thread, NULL, run_child, NULL) == 0);
    pthread_join(thread, NULL);
}

int main(void)
{
    stacks_prepare();
    ASSERT_TRUE(pthread_key_create(&key, on_thread_end) == 0);
    test_threads();
    test_own_stacks();
    test_coroutines();
    test_damage();
    test_fork();
    return test_result();
}
