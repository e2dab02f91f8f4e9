// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The recorder: who asked for which block, noted while the program runs.
 *
 * HALDE_OPTIONS=mode=exact notes the call stack, the thread and the time of every block in its side
 * record; mode=sample does so, beside the user info, for some blocks, picked so that each byte has
 * the same chance.  The malloc family comes in by the redirect (engine/redirect.h), the heap
 * functions by the observer (engine/observer.h); a block may be allocated by one and freed by the
 * other.  Not seen are heaps from before the start, and the debug heap's.  Readers outside find it
 * all by the process's layout (base/layout.h).
 *
 * Under `halde run` every noted allocation and free is told to a collector, too, through memory
 * that the two share (channel.h).
 *
 * Nothing here allocates, locks what the loader or libc locks, or changes errno.  All of it may be
 * called in signal handlers as far as malloc() itself may, in destructors of threads, before
 * constructors and after exit().  In a forked child nothing is told any more, unless descendants
 * are to be recorded: then the child gets a channel of its own.  The page that says so is wiped by
 * the kernel, so this holds for whatever system call made the child.  A child of vfork() shares the
 * memory, and the thread: what it does is told like everything else.
 */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include "base/layout.h"
#include "engine/block.h"
#include "engine/heap.h"
#include "engine/observer.h"
#include "engine/redirect.h"
#include "record/channel.h"
#include "unwind/stack_depot.h"
#include "unwind/unwind.h"

enum {
    RECORD_FRAMES_MAX = 64,
    RECORD_INTERVAL = 512 << 10, ///< bytes between samples, on average
};

/// In a page of its own, which the kernel wipes: see above. All zero: a child that has not been set
/// up.
struct record_page {
    _Atomic(uint32_t) process_id; ///< of whom this is about; written in that process only
    _Atomic(uint32_t) is_telling; ///< events go into the channel
    _Atomic(uint32_t) is_noting;  ///< stacks are noted; else records are cleared only
};

/// Constant after record_start(), but for what forked children change.
struct recorder {
    enum layout_record_mode mode;
    uint32_t frames;         ///< of a stack, at most
    uint64_t interval;       ///< sampling: bytes
    uint64_t started_ns;     ///< CLOCK_MONOTONIC
    uint32_t unknown_stack;  ///< number of what stands for stacks without room
    halde_heap *heap;        ///< the process heap
    const struct heap *home; ///< the same, as the engine has it
    struct record_page *page;
    struct channel_header *channel; ///< NULL: no collector
    size_t channel_size;
    struct channel_ring *rings;
    struct channel_event *events;
    uint32_t ring_count;
    uint32_t ring_shift;
    uint32_t process_id; ///< whose stacks these are
    uint32_t collector_id;
    bool is_child;                ///< the collector is this process's parent
    char name[CHANNEL_NAME_SIZE]; ///< where descendants get a channel; "": they do not
};
extern HIDDEN struct recorder recorder;

/// What a thread has.
struct record_thread {
    struct channel_ring *ring; ///< NULL: none yet
    struct channel_event *events;
    uint64_t limit;           ///< positions below need no look at `tail`
    uint32_t id;              ///< of the thread; 0: not asked yet
    bool is_ringed;           ///< `ring` is its own, not the common one
    bool is_watched;          ///< its end will be told
    bool has_memo;            ///< `memo` has been asked for
    struct unwind_memo *memo; ///< of its stack; NULL: none
    uintptr_t last;    ///< the block that it allocated last, inverted: it is no pointer to it
    int64_t countdown; ///< sampling: bytes until the next sample
    int64_t picked_at; ///< sampling: what it was when `last` had been picked
    uint64_t random;   ///< sampling: state of the generator; 0: not seeded
};
extern HIDDEN THREAD_LOCAL struct record_thread record_thread;

/// The redirects and observers of the two modes.
extern HIDDEN const struct allocator_redirect record_exact;
extern HIDDEN const struct allocator_redirect record_sample;
/// malloc() where its fast path fails, while sampling.
void *record_sample_malloc(size_t size, const void *caller);
extern HIDDEN const struct heap_observer record_exact_observer;
extern HIDDEN const struct heap_observer record_sample_observer;

/// Finds a busy block of an observed heap; `heap` NULL: of any. Any value may be asked. The block
/// is the caller's, so that nothing of it changes.
bool record_find_block(const struct heap *heap, const void *data, struct block *block);
/// The heap that a handle names, if it is observed; or NULL.
ALWAYS_INLINE struct heap *record_observed_heap(const halde_heap *handle)
{
    struct heap *heap = heap_of(handle);
    return heap != NULL && RELAXED_LOAD(heap->is_observed) ? heap : NULL;
}

/// Hands out all busy blocks of a heap, if it is observed; `context` is the struct heap.
void record_walk_observed(halde_heap *handle, halde_block_visitor visit);

// ---- Page and time ------------------------------------------------------------------------------

/// Sets the page up in a forked child that nobody has set up yet.
void record_enter_child(void);

/// Whether stacks are to be noted.
ALWAYS_INLINE bool record_is_noting(void)
{
    if (UNLIKELY(atomic_load_explicit(&recorder.page->process_id, memory_order_relaxed) == 0)) {
        record_enter_child();
    }
    return atomic_load_explicit(&recorder.page->is_noting, memory_order_relaxed) != 0;
}

/// Nothing is told any more.
void record_stop_telling(void);

/// Nanoseconds since the start, a few milliseconds old.
uint64_t record_time(void);

uint32_t record_thread_id_slow(void);

/// The calling thread's id.
ALWAYS_INLINE uint32_t record_thread_id(void)
{
    uint32_t id = record_thread.id;
    return LIKELY(id != 0) ? id : record_thread_id_slow();
}

/// The thread's memo, which it gets if it has not asked before. NULL: none.
struct unwind_memo *record_make_memo(void);

/// The number of the stack that begins with `caller`.  Inlined, like all on the way here: each
/// frame of ours has to be walked over.
ALWAYS_INLINE uint32_t record_stack(struct unwind_memo *memo, const void *caller)
{
    uint32_t stack = unwind_number(memo, recorder.frames, caller);
    return LIKELY(stack != 0) ? stack : recorder.unknown_stack;
}

// ---- Telling ------------------------------------------------------------------------------------
// Each waits for room in the thread's ring, and does nothing when nobody listens.

ALWAYS_INLINE bool record_is_telling(void)
{
    return atomic_load_explicit(&recorder.page->is_telling, memory_order_relaxed) != 0;
}

void record_tell_allocated(uint32_t stack, size_t size);
/// `is_temporary`: its thread had allocated nothing since.
void record_tell_freed(uint32_t stack, size_t size, uint64_t age_ns, bool is_temporary);

/// Prepares what threads need when they end.
void record_rings_init(void);
/// Has the calling thread give back what it has when it ends.
void record_watch_thread(void);
/// Gives the thread's memo back.
void record_release_memo(void);
/// In a forked child: the rings are another's.
void record_rings_in_child(void);

// ---- Start and end ------------------------------------------------------------------------------

/// Reads HALDE_RECORD and takes what `halde run` has added out of the environment; sets
/// recorder.collector_id and name.  Returns the channel's descriptor, or -1.
int record_take_descriptor(void);
/// Fills in where side records have what is noted.
void record_describe_notes(struct layout_recorder *layout);
/// Lets the collector look at the process, which ends then. Returns at once if there is none.
void record_ask(enum channel_reason reason);
/// Prepares for quick_exit().
void record_watch_end(void);

#endif
