// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Stacks of the calling thread: who called whom, and where that is.
 *
 * Made for an allocator: no allocation, no stdio, no lock of the loader or of libc, no library but
 * libc.  A frame is found by a rule (rule.h) from a cache that all threads share and read without a
 * lock; what it lacks comes from the module's call frame information (cfi.h), so that code without
 * frame pointers is no obstacle.  Memory is read only where the thread's stack is known to be
 * readable (bounds.h).  What cannot be understood ends the stack early; it never faults.
 *
 * Code outside of all modules (compiled at run time) is passed by its frame pointers, if these lead
 * back to a module.
 *
 * Threads: all functions may be called by any thread, in signal handlers, before constructors,
 * after exit, and in both processes after fork. errno is kept.
 */
#ifndef UNWIND_UNWIND_H
#define UNWIND_UNWIND_H

#include "base/compiler.h"

/**
 * Stores the return addresses of the calling thread, innermost first.
 *
 * @param frames    room for `capacity` addresses
 * @param capacity  0 or more
 * @param caller    a return address: the stack begins with it, if one of the innermost 32 frames
 *                  returns to it; so an allocator leaves its own frames out, with what
 *                  __builtin_return_address(0) gave its outermost function. NULL, or not found: the
 *                  stack begins with who called unwind_capture().
 * @return how many were stored
 */
size_t unwind_capture(uintptr_t *frames, size_t capacity, const void *caller);

/**
 * What the last captures of a thread have met: for threads that capture often.  A stack that was
 * met before is not walked again: whether the words are still there that the walk depends on is
 * looked up for all of them at once.
 *
 * A memo is unwind_memo_size() bytes, zero at first, aligned to 64; it belongs to one thread.  It
 * has no pointers to blocks in it, other than by chance.
 */
struct unwind_memo;
size_t unwind_memo_size(void);

extern HIDDEN THREAD_LOCAL struct unwind_memo *unwind_own_memo;
struct unwind_memo *unwind_thread_memo_slow(void);

/// The calling thread's memo, for whoever has no place for one of his own; it lasts as long as the
/// thread. There are 256 of them, for threads that live at the same time: NULL, there is none.
ALWAYS_INLINE struct unwind_memo *unwind_thread_memo(void)
{
    struct unwind_memo *memo = unwind_own_memo;
    return LIKELY(memo != NULL) ? memo : unwind_thread_memo_slow();
}

enum {
    UNWIND_NUMBER_FRAMES_MAX = 128
};

/**
 * Puts the calling thread's stack into the depot (stack_depot.h).  Its frames are those that
 * unwind_capture() finds; where it finds none, the caller.
 *
 * @param memo      of this thread; NULL: none. One that is in use further out, in what a signal
 *                  handler has interrupted, is left alone.
 * @param capacity  how many frames are kept, at most; 0 to UNWIND_NUMBER_FRAMES_MAX
 * @param caller    as in unwind_capture(); NULL: who called unwind_number()
 * @return the stack's number; 0: there is no room for it
 */
uint32_t unwind_number(struct unwind_memo *memo, size_t capacity, const void *caller);

/**
 * As unwind_capture(), from the place at which a signal interrupted the thread, which comes first.
 *
 * @param ucontext  the third argument of the signal handler (SA_SIGINFO)
 */
size_t unwind_capture_signal(uintptr_t *frames, size_t capacity, const void *ucontext);

/**
 * Forgets what is known about modules: to be called after dlclose() by whoever knows about it.  The
 * unwinder notices by itself, too, but not before it meets an address that it has no rule for.
 */
void unwind_modules_changed(void);

enum {
    UNWIND_PATH_SIZE = 512
};

/// Where an address lies.
struct unwind_place {
    uintptr_t bias;              ///< what the loader added to the module's own addresses
    uintptr_t offset;            ///< the address in the module's own terms, as addr2line takes it
    char path[UNWIND_PATH_SIZE]; ///< the module's file, cut where it is longer; ends with 0
};

/// Describes an address in a module. False: in none. Makes system calls for the main program.
bool unwind_describe(uintptr_t pc, struct unwind_place *place);

/// Stores where the function at an address begins and ends, as its call frame information says.
/// False: there is none.
bool unwind_function(uintptr_t pc, uintptr_t *start, uintptr_t *end);

#endif
