// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "engine/gate.h"

#include "engine/heap.h"
#include "engine/span.h"

#include <string.h>

enum {
    QUICK_STOP_US = 500,     // between stops of a heap for which fences cost its users less
    QUICK_STOPS_MAX = 16,    // in a row; then its users fence
    CALM_US = 2000,          // without a stop; then they do not any more
    ENTRIES_PER_LOOK = 1024, // of a thread into a fenced heap, until it asks how calm that is
};

// Constant after gate_init(): GATE_FENCED when entries must fence themselves, else 0.
static uintptr_t fence_bit;

AT_START void gate_init(void)
{
    const char *option = os_option("membarrier");
    bool is_wanted = option == NULL || option[0] != '0';
    fence_bit = is_wanted && os_fence_others_init() ? 0 : GATE_FENCED;
}

AT_START uintptr_t gate_biased(const struct thread *thread)
{
    return (uintptr_t)thread | fence_bit;
}

uintptr_t gate_shared(const struct heap *heap)
{
    return GATE_SHARED | fence_bit | (heap->is_fenced ? GATE_FENCED : 0);
}

// The opening to make where one is wanted; NULL: none.  A heap whose frees have more to do gets
// none, and one that an observer sees (observer.h) none that the fast paths of HeapAlloc() would
// find.
static inline struct opening *opening_for(
    struct thread *thread, const struct heap *heap, struct opening *wanted)
{
    if (LIKELY(!RELAXED_LOAD(heap_some_shut)) || wanted == NULL) {
        return wanted;
    }
    if (heap->zeroes_freed) {
        return NULL;
    }
    return RELAXED_LOAD(heap->is_observed) && wanted == &thread->open ? &thread->observed : wanted;
}

bool gate_enter(
    struct thread *thread, struct heap *heap, struct opening *opening, struct cache **cache)
{
    if (UNLIKELY(thread == &thread_none)) {
        return false; // a stopper would not see it
    }
    if (opening != NULL && gate_enter_opening(thread, opening, heap->handle)) {
        *cache = opening->cache;
        return true;
    }
    atomic_store_explicit(&thread->in, heap->handle, memory_order_relaxed);
    COMPILER_BARRIER(); // the stopper's membarrier turns this into a fence when it matters
    uintptr_t gate = atomic_load_explicit(&heap->gate, memory_order_acquire);
    bool is_fenced = (gate & GATE_FENCED) != 0;
    if (is_fenced) {
        atomic_thread_fence(memory_order_seq_cst); // pairs with the fence in wait_for_others()
        gate = atomic_load_explicit(&heap->gate, memory_order_acquire) & ~(uintptr_t)GATE_FENCED;
        if (fence_bit == 0 && ++thread->fenced_entries % ENTRIES_PER_LOOK == 0) {
            gate = GATE_CLOSED; // go and see whether the heap has calmed down: lock_heap()
        }
    }
    if (gate == (uintptr_t)thread) {
        *cache = &heap->cache;
    } else if (gate == GATE_SHARED) {
        *cache = thread_find_cache(thread, heap);
    } else {
        gate_leave(thread);
        return false;
    }
    if (*cache != NULL && !is_fenced && (opening = opening_for(thread, heap, opening)) != NULL) {
        opening->records = (*cache)->records;
        opening->cache = *cache;
        atomic_store_explicit(&opening->handle, heap->handle, memory_order_relaxed);
    }
    return true;
}

// To fence all other processors costs the stopper microseconds, a fence of its own each of the
// others nanoseconds at every entry: a heap that is stopped again and again changes over.
static void note_stop(struct heap *heap)
{
    uint64_t now = os_clock_us();
    bool is_quick = now - heap->stopped_at < QUICK_STOP_US;
    heap->quick_stops = is_quick ? heap->quick_stops + 1 : 0;
    heap->stopped_at = now;
    heap->is_fenced |= heap->quick_stops >= QUICK_STOPS_MAX;
}

// Caller holds the mutex.
static void calm_down(struct heap *heap)
{
    if (!heap->is_fenced || os_clock_us() - heap->stopped_at < CALM_US) {
        return;
    }
    heap->is_fenced = false;
    heap->quick_stops = 0;
    uintptr_t gate = atomic_load_explicit(&heap->gate, memory_order_relaxed);
    if ((gate & GATE_SHARED) != 0) {
        atomic_store_explicit(&heap->gate, gate_shared(heap), memory_order_release);
    }
}

// Waits until nobody else is inside a heap (handle 0: any heap) whose gate is closed. `fences`: who
// entered may not have executed a fence.
static void wait_for_others(const struct thread *self, uintptr_t handle, bool fences)
{
    do {
        atomic_thread_fence(memory_order_seq_cst);
        if (fences) {
            os_fence_others();
        }
        thread_wait_outside(self, handle);
        // A thread that passed the gate before it was closed may have made an opening since.
    } while (thread_clear_openings(handle));
}

void gate_stop(struct heap *heap, const struct thread *self)
{
    uintptr_t gate = atomic_exchange_explicit(&heap->gate, GATE_CLOSED, memory_order_seq_cst);
    thread_clear_openings(heap->handle);
    if (thread_is_alone(self)) {
        return;
    }
    note_stop(heap);
    wait_for_others(self, heap->handle, (gate & GATE_FENCED) == 0 && fence_bit == 0);
}

void gate_wait_for_all(const struct thread *self)
{
    thread_clear_openings(0);
    if (!thread_is_alone(self)) {
        wait_for_others(self, 0, fence_bit == 0);
    }
}

void gate_open(struct heap *heap, uintptr_t gate)
{
    bool stays_closed = heap->lock_owner != NULL || (heap->is_serial && gate_thread(gate) == NULL);
    atomic_store_explicit(&heap->gate, stays_closed ? GATE_CLOSED : gate, memory_order_release);
}

// ---- Sessions ---------------------------------------------------------------------------------

// Sleeps until the lock's owner has released it. Holds the mutex on entry and return.
static void wait_for_lock_owner(struct heap *heap)
{
    uint32_t generation = atomic_load_explicit(&heap->lock_generation, memory_order_relaxed);
    atomic_fetch_add_explicit(&heap->lock_waiters, 1, memory_order_relaxed);
    os_mutex_unlock(&heap->mutex);
    os_wait(&heap->lock_generation, generation);
    os_mutex_lock(&heap->mutex);
    atomic_fetch_sub_explicit(&heap->lock_waiters, 1, memory_order_relaxed);
}

// Another thread comes to a biased heap: from now on every thread has a cache of its own (or, in a
// serial heap, takes the mutex). The cache inside the heap stays with the record it was biased to.
static void end_bias(struct heap *heap, struct thread *owner, const struct thread *self)
{
    gate_stop(heap, self);
    heap->cache.thread = owner;
    heap->is_shared = !heap->is_serial;
    gate_open(heap, gate_shared(heap));
}

// The cache of a thread in a shared heap. Caller holds the mutex.
static struct cache *find_cache_locked(const struct heap *heap, const struct thread *thread)
{
    if (heap->cache.thread == thread) {
        return (struct cache *)(uintptr_t)&heap->cache;
    }
    struct cache *cache = heap->caches;
    while (cache != NULL && cache->thread != thread) {
        cache = cache->next;
    }
    return cache;
}

static void lock_heap(struct session *session, uint32_t flags)
{
    struct heap *heap = session->heap;
    struct thread *thread = session->thread;
    os_mutex_lock(&heap->mutex);
    while (
        heap->lock_owner != NULL && heap->lock_owner != thread && (flags & HALDE_UNLOCKED) == 0) {
        wait_for_lock_owner(heap);
    }
    session->is_locked = true;
    session->is_central = true;
    calm_down(heap);
    struct thread *owner = gate_thread(atomic_load_explicit(&heap->gate, memory_order_relaxed));
    if (owner == thread || heap->is_serial) {
        if (owner != NULL && owner != thread) {
            end_bias(heap, owner, thread);
        }
        session->cache = &heap->cache;
        return;
    }
    if (owner != NULL) {
        end_bias(heap, owner, thread);
    }
    session->cache = find_cache_locked(heap, thread);
    if (session->cache != NULL) {
        thread_remember_cache(thread, heap, session->cache);
    }
}

static void init_session(struct session *session, struct heap *heap)
{
    struct thread *thread = thread_self();
    bool is_borrowed = thread == NULL;
    *session = (struct session){
        .heap = heap,
        .thread = is_borrowed ? thread_borrow() : thread,
        .is_borrowed = is_borrowed,
    };
}

static bool enter(struct session *session)
{
    if (!gate_enter(session->thread, session->heap, NULL, &session->cache)) {
        return false;
    }
    session->is_central = !session->heap->is_shared; // it changes only while nobody is inside
    return true;
}

void session_begin(struct session *session, struct heap *heap, uint32_t flags)
{
    init_session(session, heap);
    if (!enter(session)) {
        lock_heap(session, flags);
    }
}

void session_begin_central(struct session *session, struct heap *heap, uint32_t flags)
{
    session_begin(session, heap, flags);
    session_make_central(session, flags);
}

void session_make_central(struct session *session, uint32_t flags)
{
    if (!session->is_central) {
        gate_leave(session->thread);
        lock_heap(session, flags);
    }
}

bool session_try_central(struct session *session)
{
    if (session->is_central) {
        return true;
    }
    struct heap *heap = session->heap;
    gate_leave(session->thread);
    if (os_mutex_try_lock(&heap->mutex)) {
        uintptr_t gate = atomic_load_explicit(&heap->gate, memory_order_relaxed);
        if ((gate & GATE_SHARED) != 0) {
            session->is_locked = true;
            session->is_central = true;
            return true;
        }
        os_mutex_unlock(&heap->mutex);
    }
    return false;
}

struct cache *session_cache(struct session *session)
{
    if (session->cache != NULL) {
        return session->cache;
    }
    struct heap *heap = session->heap;
    struct cache *cache = metadata_alloc(sizeof(*cache));
    if (cache == NULL) {
        return NULL;
    }
    memset(cache, 0, sizeof(*cache));
    cache->records = cache_no_records;
    cache->heap = heap;
    cache->thread = session->thread;
    cache->next = heap->caches;
    heap->caches = cache;
    thread_remember_cache(session->thread, heap, cache);
    session->cache = cache;
    return cache;
}

void session_end(struct session *session)
{
    if (session->is_locked) {
        os_mutex_unlock(&session->heap->mutex);
    } else {
        gate_leave(session->thread);
    }
    if (session->is_borrowed) {
        thread_give_back();
    }
}

// ---- The user's lock --------------------------------------------------------------------------

// A lock needs an owner that is nobody else: a borrowed record will not do.
static struct thread *self_for_locking(void)
{
    struct thread *thread = thread_self_always();
    while (thread == NULL) {
        os_yield();
        thread = thread_self_always();
    }
    return thread;
}

static bool is_biased_to(const struct heap *heap, const struct thread *thread)
{
    return gate_thread(atomic_load_explicit(&heap->gate, memory_order_relaxed)) == thread;
}

void gate_lock(struct heap *heap)
{
    struct session session = {.heap = heap, .thread = self_for_locking()};
    lock_heap(&session, 0);
    if (heap->lock_owner == NULL) {
        heap->lock_owner = session.thread;
        if (heap->is_shared) {
            gate_stop(heap, session.thread);
        } // otherwise nobody else can enter: biased to this thread, or closed for good
    }
    heap->lock_depth++;
    os_mutex_unlock(&heap->mutex);
}

bool gate_unlock(struct heap *heap)
{
    struct thread *thread = self_for_locking();
    os_mutex_lock(&heap->mutex);
    if (heap->lock_owner != thread) {
        os_mutex_unlock(&heap->mutex);
        return false;
    }
    if (--heap->lock_depth == 0) {
        heap->lock_owner = NULL;
        if (!is_biased_to(heap, thread)) {
            gate_open(heap, gate_shared(heap));
        }
        atomic_fetch_add_explicit(&heap->lock_generation, 1, memory_order_relaxed);
        if (atomic_load_explicit(&heap->lock_waiters, memory_order_relaxed) != 0) {
            os_wake_all(&heap->lock_generation);
        }
    }
    os_mutex_unlock(&heap->mutex);
    return true;
}
