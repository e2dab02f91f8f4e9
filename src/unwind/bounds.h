// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Where the calling thread's stack may be read.
 *
 * libc's own answer allocates and locks, and knows nothing of signal stacks and coroutines.  So a
 * range is proved page by page with os_is_readable(), once, and remembered by the thread:
 *
 * - its own stack, from the lowest page that a capture has seen up to where the stack began: that
 *   memory stays for the thread's life. It is recognised by what lies at its top: the thread's own
 *   descriptor, or what the kernel left for the main thread.
 * - one other range, for a signal stack or a coroutine, which grows upward page by page as the walk
 *   asks for it.  It is forgotten as soon as the thread is seen on its own stack, because a
 * coroutine's memory may be unmapped meanwhile; only while it is in use it is surely there.
 *
 * Usually nothing but two comparisons is left to do.  A signal handler that captures meanwhile
 * leaves the thread's two ranges as they were, or finds that it may not change them now.
 */
#ifndef UNWIND_BOUNDS_H
#define UNWIND_BOUNDS_H

#include "base/compiler.h"

/// Readable bytes [low, high); high 0: none.
struct bounds_range {
    uintptr_t low;
    uintptr_t high;
};

/// What a walk may read; a copy, so that a signal handler cannot change it.
struct bounds {
    uintptr_t low;
    uintptr_t high;
    bool is_own; ///< the thread's own stack, which ends at `high`
};

/// A thread's ranges. Only the thread itself and its signal handlers touch them.
struct bounds_thread {
    struct bounds_range own;
    struct bounds_range other;
    bool is_changing; ///< somebody further out is in the middle of a change
};
extern THREAD_LOCAL struct bounds_thread bounds_thread;

/// Finds the range that `sp` lies in. False: nothing can be read there.
bool bounds_open_slow(struct bounds *bounds, uintptr_t sp);
/// Extends the range so that it holds [address, address + size). False: it cannot.
bool bounds_extend(struct bounds *bounds, uintptr_t address, size_t size);

ALWAYS_INLINE bool bounds_open(struct bounds *bounds, uintptr_t sp)
{
    const struct bounds_range *own = &bounds_thread.own;
    if (LIKELY(sp >= own->low && sp < own->high && bounds_thread.other.high == 0)) {
        *bounds = (struct bounds){.low = own->low, .high = own->high, .is_own = true};
        return true;
    }
    return bounds_open_slow(bounds, sp);
}

/// Whether the word at `address` may be read.
ALWAYS_INLINE bool bounds_has_word(struct bounds *bounds, uintptr_t address)
{
    if (LIKELY(address >= bounds->low && address <= bounds->high - sizeof(uintptr_t))) {
        return true;
    }
    return bounds_extend(bounds, address, sizeof(uintptr_t));
}

#endif
