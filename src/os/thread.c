// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "base/bits.h"
#include "os/fault.h"
#include "os/os.h"

#include <errno.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

static int membarrier(int command)
{
    if (os_fault(OS_CALL_MEMBARRIER)) {
        return ENOMEM;
    }
    int saved_errno = errno;
    int error = syscall(SYS_membarrier, command, 0, 0) == 0 ? 0 : errno;
    errno = saved_errno;
    return error;
}

AT_START bool os_fence_others_init(void)
{
    return membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
}

// Runs on every processor in turn: whatever ran there was switched out, and a switch is a full
// fence.
static void visit_every_processor(void)
{
    int saved_errno = errno;
    cpu_set_t before;
    bool is_known = sched_getaffinity(0, sizeof(before), &before) == 0;
    size_t count = is_known ? size_min((size_t)get_nprocs_conf(), CPU_SETSIZE) : 0;
    for (size_t cpu = 0; cpu < count; cpu++) {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        sched_setaffinity(
            0, sizeof(one), &one); // a processor we may not use runs none of our threads
    }
    if (is_known) {
        sched_setaffinity(0, sizeof(before), &before);
    }
    errno = saved_errno;
}

void os_fence_others(void)
{
    // The global command needs no registration and waits for a scheduler grace period: slow, but
    // sound.
    if (membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0 &&
        membarrier(MEMBARRIER_CMD_GLOBAL) != 0) {
        visit_every_processor();
    }
}

void os_yield(void)
{
    int saved_errno = errno;
    sched_yield();
    errno = saved_errno;
}

// A wait ends after this time at the latest: should a wake be refused, nobody sleeps for ever.
static const struct timespec LONGEST_WAIT = {.tv_sec = 0, .tv_nsec = 100 * 1000 * 1000};

static void futex(
    _Atomic(uint32_t) *word, int operation, uint32_t value, const struct timespec *timeout)
{
    if (os_fault(OS_CALL_FUTEX)) {
        os_yield();
        return;
    }
    int saved_errno = errno;
    syscall(SYS_futex, word, operation | FUTEX_PRIVATE_FLAG, value, timeout, NULL, 0);
    errno = saved_errno;
}

void os_wait(_Atomic(uint32_t) *word, uint32_t value)
{
    futex(word, FUTEX_WAIT, value, &LONGEST_WAIT);
}

void os_wake_all(_Atomic(uint32_t) *word)
{
    futex(word, FUTEX_WAKE, INT32_MAX, NULL);
}

HIDDEN THREAD_LOCAL bool os_mutex_is_passed;

void os_mutex_lock_slow(struct os_mutex *mutex)
{
    enum {
        SPIN_COUNT = 100
    };
    for (unsigned i = 0; i < SPIN_COUNT; i++) {
        if (atomic_load_explicit(&mutex->state, memory_order_relaxed) == 0 &&
            os_mutex_try_lock(mutex)) {
            return;
        }
        CPU_PAUSE();
    }
    // 2 tells the holder to wake somebody; whoever gets the mutex this way keeps the 2, at worst
    // for one superfluous wake.
    while (atomic_exchange_explicit(&mutex->state, 2, memory_order_acquire) != 0) {
        os_wait(&mutex->state, 2);
    }
}

void os_mutex_wake(struct os_mutex *mutex)
{
    futex(&mutex->state, FUTEX_WAKE, 1, NULL);
}

static pthread_key_t exit_key;

AT_START int os_thread_watch_init(void (*on_exit)(void *value))
{
    return pthread_key_create(&exit_key, on_exit);
}

AT_START int os_thread_watch(void *value)
{
    return pthread_setspecific(exit_key, value);
}

// libc's fork() takes the lock on its list of streams after our handler has stopped every heap.
// Whoever holds that lock may be waiting for a stream, whose holder waits for memory: so it is
// taken here before the heaps.  It is recursive.
extern void _IO_list_lock(void) __attribute__((weak));
extern void _IO_list_unlock(void) __attribute__((weak));
extern void _IO_list_resetlock(void) __attribute__((weak));

static struct {
    void (*prepare)(void);
    void (*parent)(void);
    void (*child)(void);
} fork_handlers; // constant after os_fork_watch()

static void prepare_fork(void)
{
    if (_IO_list_lock != NULL) {
        _IO_list_lock();
    }
    fork_handlers.prepare();
}

static void go_on_in_parent(void)
{
    fork_handlers.parent();
    if (_IO_list_unlock != NULL) {
        _IO_list_unlock();
    }
}

// In a threaded program libc has reset the lock already, in others it has not.
static void go_on_in_child(void)
{
    fork_handlers.child();
    if (_IO_list_resetlock != NULL) {
        _IO_list_resetlock();
    }
}

// What pthread_atfork() is for libc.  That function lies in every shared object, behind all of its
// other code, of which nothing else would come into memory.
extern int __register_atfork(
    void (*prepare)(void), void (*parent)(void), void (*child)(void), void *object);
extern void *__dso_handle __attribute__((visibility("hidden")));

AT_START int os_fork_watch(void (*prepare)(void), void (*parent)(void), void (*child)(void))
{
    fork_handlers.prepare = prepare;
    fork_handlers.parent = parent;
    fork_handlers.child = child;
    return __register_atfork(prepare_fork, go_on_in_parent, go_on_in_child, __dso_handle);
}
