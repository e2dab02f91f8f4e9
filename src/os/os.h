// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Linux, as the engine sees it: addresses, memory, locks, clock, environment.
 *
 * Every function keeps `errno`.  Sizes and addresses of memory functions are multiples of the page
 * size. A function that can fail returns 0 or an errno value, or a pointer that may be NULL.
 */
#ifndef OS_OS_H
#define OS_OS_H

#include "base/compiler.h"

// ---- Memory -----------------------------------------------------------------------------------

/// Bytes of a page of the operating system.
size_t os_page_size(void);

/// Takes addresses without access and without memory. NULL when refused.
void *os_reserve(size_t size);
/// Gives reserved addresses back to the system.
void os_unreserve(void *address, size_t size);
/// Makes reserved pages readable and writable (and executable). Zero until written. 0 or errno
/// value.
int os_commit(void *address, size_t size, bool is_executable);
/// Makes pages that were executable plain again. 0 or errno value.
int os_uncommit_exec(void *address, size_t size);
/// Makes committed pages readable only. A refusal is harmless.
void os_set_read_only(void *address, size_t size);
/// Gives the physical memory back; the pages read as zero afterwards. 0 or errno value.
int os_purge(void *address, size_t size);
/// Moves the pages of [from, from+size) to `to`, which is committed and unused; `from` is left
/// committed and zero.  0, or an errno value: then nothing has changed.
int os_move_pages(void *from, void *to, size_t size);
/// Asks the system not to use huge pages here, or to use them. A refusal is harmless.
void os_refuse_huge_pages(void *address, size_t size);
void os_want_huge_pages(void *address, size_t size);
/// Bytes of pages that are in memory now. 0 when the system does not tell.
size_t os_resident_bytes(void *address, size_t size);
/// The process's address-space limit in bytes (RLIMIT_AS), SIZE_MAX when there is none.
size_t os_address_space_limit(void);
/// Whether every page of [address, address+size) can be read; never faults. size 0: true.
bool os_is_readable(const void *address, size_t size);

// ---- Threads ----------------------------------------------------------------------------------

/// Prepares os_fence_others(). Returns whether it can be used from now on.
bool os_fence_others_init(void);
/// Makes every other running thread of the process execute a full memory fence. Never fails: where
/// the system call is refused, slower ways are taken.
void os_fence_others(void);
/// Lets another thread run.
void os_yield(void);
/// The calling thread's thread pointer: what TLS offsets count from.
ALWAYS_INLINE uintptr_t os_thread_pointer(void)
{
#if defined(__x86_64__)
    uintptr_t pointer;
    __asm__("mov %%fs:0, %0" : "=r"(pointer));
    return pointer;
#else
    return (uintptr_t)__builtin_thread_pointer();
#endif
}

/// Mutex without recursion: 0 free, 1 held, 2 held with waiters. Zero-initialised is free.
struct os_mutex {
    _Atomic(uint32_t) state;
};
/// The calling thread is about to fork: it holds every mutex, all other threads are stopped, and
/// what it locks and unlocks until it has forked changes nothing.
extern HIDDEN THREAD_LOCAL bool os_mutex_is_passed;
void os_mutex_lock_slow(struct os_mutex *mutex);
void os_mutex_wake(struct os_mutex *mutex);

ALWAYS_INLINE bool os_mutex_try_lock(struct os_mutex *mutex)
{
    uint32_t expected = 0;
    if (UNLIKELY(os_mutex_is_passed)) {
        return true;
    }
    return atomic_compare_exchange_strong_explicit(
        &mutex->state, &expected, 1, memory_order_acquire, memory_order_relaxed);
}

ALWAYS_INLINE void os_mutex_lock(struct os_mutex *mutex)
{
    if (UNLIKELY(!os_mutex_try_lock(mutex))) {
        os_mutex_lock_slow(mutex);
    }
}

ALWAYS_INLINE void os_mutex_unlock(struct os_mutex *mutex)
{
    if (UNLIKELY(os_mutex_is_passed)) {
        return;
    }
    if (UNLIKELY(atomic_exchange_explicit(&mutex->state, 0, memory_order_release) == 2)) {
        os_mutex_wake(mutex);
    }
}

/// Sleeps while *word == value; may return early for any reason.
void os_wait(_Atomic(uint32_t) *word, uint32_t value);
/// Wakes all that sleep in os_wait() on `word`.
void os_wake_all(_Atomic(uint32_t) *word);

/// Calls `on_exit(value)` when a thread that called os_thread_watch() ends. 0 or errno value.
int os_thread_watch_init(void (*on_exit)(void *value));
int os_thread_watch(void *value);
/// Registers the three fork handlers. 0 or errno value.
int os_fork_watch(void (*prepare)(void), void (*parent)(void), void (*child)(void));

// ---- Clock, environment, output ---------------------------------------------------------------

/// Milliseconds of a coarse monotonic clock.
uint64_t os_clock_ms(void);
/// Microseconds of the same clock, read exactly: tens of nanoseconds.
uint64_t os_clock_us(void);
/// Writes all of it to stderr in one call where the system allows it.
void os_write_stderr(const char *bytes, size_t size);
/// The value of `key` in HALDE_OPTIONS or NULL; constant after os_options_init().
const char *os_option(const char *key);
/// Whether it is this.
bool os_option_is(const char *key, const char *value);
/// The longest time that the option purge_delay may give, a day.
#define OS_PURGE_DELAY_MAX 86400000u
/// Reads HALDE_OPTIONS once; names unknown keys on stderr. Nothing is read in a set-uid program.
void os_options_init(void);

#endif
