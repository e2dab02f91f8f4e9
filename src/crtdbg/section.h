// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Sections: how the debug heap does without a lock.
 *
 * Whatever makes, changes or ends a debug block does so in a *section*: between section_enter() and
 * section_leave() a block may be half made.  A section costs two plain stores and a load.  Who has
 * to see every block whole (a dump, a check, a checkpoint, fork) *stops* the sections: it raises
 * one flag, makes all other processors fence, and waits until nobody is inside.  Threads that find
 * the flag raised step back and sleep.
 *
 *     a thread                           section_stop()
 *     inside = 1                         mutex; is_stopped = 1
 *     is_stopped ?  step back, sleep     fence, membarrier -- all others fence -->
 *     ... works ...                      wait for inside == 0 of every other thread
 *     inside = 0           release       ... looks ...
 *
 * In a section nothing is called but the engine: no hook, no report, no program code.  So nobody
 * waits in a section for anything but the engine, and a stop takes microseconds.  The thread that
 * stopped the sections may enter them, and stop them again.
 *
 * The program can lock the debug heap like any other (HeapLock() on what GetProcessHeaps() lists).
 * So a stop takes the heap's lock first: whoever has it may go on meanwhile.  And threads that wait
 * for the lock in a section count as outside: they say so before they call the engine, and look at
 * the flag again behind it.
 *
 * A thread keeps its word, and what it has counted, in a *slot*.  There are SECTION_SLOTS of them;
 * a slot whose thread has ended is used again.  Threads that find none share one with atomic
 * counting.
 */
#ifndef CRTDBG_SECTION_H
#define CRTDBG_SECTION_H

#include "base/compiler.h"

enum {
    SECTION_SLOTS = 1024
};

/// Where the owner of a slot is. Of the shared slot `inside` is a count.
enum section_place {
    SECTION_OUTSIDE,
    SECTION_INSIDE,
    SECTION_IN_ENGINE, ///< in a section, but without a block that is half made
};

/// Bytes and blocks that one thread has counted and not yet handed over to the totals.
struct section_counts {
    _Atomic(uint64_t) total;  ///< bytes ever allocated, modulo 2^64: a realloc may take some away
    _Atomic(int64_t) current; ///< bytes in live blocks, relative to the last hand-over
    _Atomic(int64_t) highest; ///< the highest value of `current` since the last hand-over, or 0
};

struct section_slot {
    _Alignas(64) _Atomic(uint32_t) inside; ///< SECTION_*; owner stores; the stopper reads (acquire)
    _Atomic(uint32_t) thread_id;           ///< 0: free.  Claimed by compare-and-swap
    bool is_shared;                        ///< constant: the slot of threads that found none
    uint16_t number;                       ///< index among the slots; owner
    struct section_counts counts;          ///< owner thread, or whoever has stopped the sections
};

/// Prepares slots and fork handlers. Called once, before the first section.
void section_init(void);

/// glibc's word for it, since 2.32.
extern char __libc_single_threaded __attribute__((weak));

/// Whether the process has but one thread: then atomic steps of a section may be plain ones, which
/// need not wait for what was stored before.
ALWAYS_INLINE bool section_is_alone(void)
{
    return &__libc_single_threaded != NULL && __libc_single_threaded != 0;
}

/// Begins a section; waits while somebody else has stopped them. Not recursive.
struct section_slot *section_enter(void);
/// Ends the section that section_enter() began.
void section_leave(struct section_slot *slot);

/// Between the two the section calls the engine, which may make it wait for a heap's lock.  The
/// block in hand has state RECORD_NONE, so that who stops the sections meanwhile need not wait for
/// it.
void section_enter_engine(struct section_slot *slot);
void section_leave_engine(struct section_slot *slot);

/// Whether the calling thread is in a section, or has stopped them.
bool section_is_entered(void);

/// Waits until no other thread is in a section and keeps it so. Recursive.
void section_stop(void);
/// Ends what section_stop() began.
void section_resume(void);

/// Counts `size` bytes up (or down: negative), and `total` bytes of the running total. In a
/// section.
void section_count(struct section_slot *slot, int64_t size, int64_t total);

struct section_totals {
    uint64_t total;   ///< bytes ever allocated
    uint64_t current; ///< bytes in live blocks
    uint64_t peak;    ///< the highest `current`: exact while one thread allocates; otherwise what
                      ///< each thread did since its last hand-over (64 KiB) may be missing
};
/// Adds everything up. The caller has stopped the sections.
void section_totals_read(struct section_totals *totals);

/// Called in the child of a fork, once sections go on there. Set before section_init().
extern void (*section_in_child)(void);

#endif
