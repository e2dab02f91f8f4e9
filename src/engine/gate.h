// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The gate: how operations enter a heap, and how a heap is stopped. See SYNCHRONISATION in types.h.
 *
 * The fast path is gate_enter_opening() .. gate_leave(): plain loads and stores.  Everything else
 * works in a *session*, which begins inside the gate where possible and can be raised to *central*:
 * allowed to touch the parts of the heap that the caches share.
 */
#ifndef ENGINE_GATE_H
#define ENGINE_GATE_H

#include "engine/thread.h"

ALWAYS_INLINE void gate_leave(struct thread *thread)
{
    // Release: a stopper that reads 0 sees all that was done inside.
    atomic_store_explicit(&thread->in, 0, memory_order_release);
}

/// Enters the heap that an opening of the caller's thread record names, if it is the one with this
/// handle. In any case gate_leave() must follow.
ALWAYS_INLINE bool gate_enter_opening(
    struct thread *thread, struct opening *opening, uintptr_t handle)
{
    atomic_store_explicit(&thread->in, handle, memory_order_relaxed);
    COMPILER_BARRIER(); // the stopper's membarrier turns this into a fence when it matters
    return atomic_load_explicit(&opening->handle, memory_order_relaxed) == handle;
}

/**
 * Enters a heap whenever its gate is open for the thread.
 * @param opening  of the thread's record: receives the heap, so that the next operation need not
 *                 ask its gate; or NULL
 * @param cache  receives the thread's cache, NULL when it has none in a shared heap yet
 * @return false when the gate is not open for the thread; then it is outside
 */
bool gate_enter(
    struct thread *thread, struct heap *heap, struct opening *opening, struct cache **cache);

struct session {
    struct heap *heap;
    struct thread *thread;
    struct cache *cache; ///< the thread's; NULL when it has none
    bool is_locked;      ///< holds heap->mutex; otherwise inside the gate
    bool is_central;     ///< may touch the central parts
    bool is_borrowed;    ///< uses the borrowed thread record
};

/// Enters a heap, or locks its mutex, waiting for a lock owner unless `flags` has HALDE_UNLOCKED.
void session_begin(struct session *session, struct heap *heap, uint32_t flags);
/// The same, and central from the start.
void session_begin_central(struct session *session, struct heap *heap, uint32_t flags);
/// Raises a session to central. Between leaving the gate and getting the mutex the heap may have
/// changed.
void session_make_central(struct session *session, uint32_t flags);
/// Tries the same without waiting. Returns false when that cannot be: then the session is outside,
/// and nothing but session_end() may follow.
bool session_try_central(struct session *session);
/// The thread's cache, made when there is none; NULL when out of memory. Central.
struct cache *session_cache(struct session *session);
void session_end(struct session *session);

/// Closes the gate and waits until nobody else is inside. Caller holds the mutex. gate_open() ends
/// it.
void gate_stop(struct heap *heap, const struct thread *self);
/// For fork: waits until nobody else is inside any heap. The gates are closed already.
void gate_wait_for_all(const struct thread *self);
/// Gives the gate its value for a heap whose mutex the caller holds: closed while somebody holds
/// the lock.
void gate_open(struct heap *heap, uintptr_t gate);
/// The value of a gate biased to a thread, or shared, with the fence bit where the system needs it.
uintptr_t gate_biased(const struct thread *thread);
uintptr_t gate_shared(const struct heap *heap);
/// The thread a gate is biased to, or NULL.
ALWAYS_INLINE struct thread *gate_thread(uintptr_t gate)
{
    return (struct thread *)(gate & ~(uintptr_t)GATE_BITS);
}

/// The user's lock: recursive, other threads' operations wait. gate_unlock() fails for anybody but
/// the owner.
void gate_lock(struct heap *heap);
bool gate_unlock(struct heap *heap);

/// Chooses membarrier or fences. Called once, before any heap exists.
void gate_init(void);

#endif
