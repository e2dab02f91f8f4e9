// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Thread records.
 *
 * A record lies in a dense array outside of TLS, so that a stopper sees every thread's `in` word
 * and no look-up depends on the life of a thread's TLS block.  When a thread ends, its record
 * waits, with caches and biases, for the next new thread.
 */
#ifndef ENGINE_THREAD_H
#define ENGINE_THREAD_H

#include "engine/types.h"

/// The calling thread's record, or &thread_none: never NULL, so that the fast paths need not ask.
extern HIDDEN THREAD_LOCAL struct thread *thread_current;
/// The record of threads that have none: it enters nothing.
extern HIDDEN struct thread thread_none;

/// The calling thread's record; takes one on first use.  NULL when out of memory, and in the
/// destructors of a thread that is ending: a record taken there might never be given back.
struct thread *thread_self_slow(void);
/// The same, in an ending thread too: for what cannot be done with a borrowed record.
struct thread *thread_self_always(void);

ALWAYS_INLINE struct thread *thread_self(void)
{
    struct thread *thread = thread_current;
    return LIKELY(thread != &thread_none) ? thread : thread_self_slow();
}

struct layout;
/// Fills in where the thread records are.
void thread_describe(struct layout *layout);

/// Sets up the array. `on_end` is called in every thread that ends, with its record, outside of all
/// heaps. 0 or an errno value. Called once, under the list's lock.
int thread_init(void (*on_end)(struct thread *thread));

/// The record used, one thread at a time, by threads that could not get one of their own.
struct thread *thread_borrow(void);
void thread_give_back(void);
/// The same record, to name it without using it.
struct thread *thread_nobody(void);

/// The calling thread's cache in a heap, by index and id; NULL when it has none in its table.
struct cache *thread_find_cache(struct thread *thread, const struct heap *heap);
/// Enters a cache into the table. A failure costs only speed.
void thread_remember_cache(struct thread *thread, const struct heap *heap, struct cache *cache);

/// Waits until no thread but `self` is inside the heap with this handle, whose gate is closed;
/// handle 0: inside any heap.
void thread_wait_outside(const struct thread *self, uintptr_t handle);
/// Takes away every opening, of any thread, that names the heap with this handle; handle 0: of all
/// heaps. Returns whether there was one.
bool thread_clear_openings(uintptr_t handle);
/// The same for one thread's openings.
bool thread_clear_own_openings(struct thread *thread, uintptr_t handle);
/// Whether no thread but `self` uses the library; then closing a gate needs no fence by others.
bool thread_is_alone(const struct thread *self);

/// Child of a fork: all records but the caller's become idle.
void thread_after_fork(void);
/// For fork: no record changes hands in between.
void thread_lock_records(void);
void thread_unlock_records(void);

#endif
