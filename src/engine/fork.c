// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Everything is stopped between our handler before the fork and those after it.  Handlers of others
// that were registered before ours run in between, and may allocate: to the thread that forks every
// heap is as if it had locked it, a heap biased to another thread is biased to this one meanwhile,
// and the mutexes, which this thread holds all, let it pass.  What it must not do there is to
// destroy a heap.

#include "engine/fork.h"

#include "engine/heap.h"
#include "engine/span.h"

// Locks every heap's mutex. Returns false, holding none, when another thread holds a heap's lock:
// it may need the list's lock to get on, so the caller lets everything go and comes again.
static bool try_lock_heaps(const struct thread *self)
{
    for (struct heap *heap = heap_list_first(); heap != NULL; heap = heap->next) {
        os_mutex_lock(&heap->mutex);
        if (heap->lock_owner == NULL || heap->lock_owner == self) {
            continue;
        }
        for (struct heap *locked = heap_list_first(); locked != heap->next; locked = locked->next) {
            os_mutex_unlock(&locked->mutex);
        }
        return false;
    }
    return true;
}

static void close_gates(void)
{
    for (struct heap *heap = heap_list_first(); heap != NULL; heap = heap->next) {
        heap->gate_before_fork = atomic_exchange(&heap->gate, GATE_CLOSED);
    }
}

// The thread that forks. It has a record unless there is no memory for one; then it borrows.
static struct thread *forking_thread(void)
{
    struct thread *self = thread_self_always();
    return self != NULL ? self : thread_nobody();
}

// Nobody else is inside any heap, or can come in.
static void let_pass(struct thread *self)
{
    for (struct heap *heap = heap_list_first(); heap != NULL; heap = heap->next) {
        heap->lock_owner = self;
        heap->lock_depth++;
        if (gate_thread(heap->gate_before_fork) != NULL) {
            atomic_store_explicit(&heap->gate, gate_biased(self), memory_order_relaxed);
        }
    }
    os_mutex_is_passed = true;
}

static void prepare(void)
{
    struct thread *self = forking_thread();
    heap_list_lock();
    while (!try_lock_heaps(self)) {
        heap_list_unlock();
        os_yield();
        heap_list_lock();
    }
    close_gates();
    gate_wait_for_all(self);
    thread_lock_records();
    cache_lock_all();
    pool_lock_all();
    let_pass(self);
}

static void reopen(struct heap *heap)
{
    heap->lock_depth--;
    heap->lock_owner = heap->lock_depth == 0 ? NULL : heap->lock_owner;
    if (heap->is_shared) {
        gate_open(heap, gate_shared(heap));
    } else {
        atomic_store_explicit(&heap->gate, heap->gate_before_fork, memory_order_release);
    }
    os_mutex_unlock(&heap->mutex);
}

// Opens everything in the reverse order.
static void go_on(void)
{
    // What this thread has noted may be a cache that is another's again.
    thread_clear_own_openings(forking_thread(), 0);
    os_mutex_is_passed = false;
    pool_unlock_all();
    cache_unlock_all();
    thread_unlock_records();
    for (struct heap *heap = heap_list_first(); heap != NULL; heap = heap->next) {
        // A handler may have made a heap in between, which nobody has stopped.
        if (atomic_load_explicit(&heap->mutex.state, memory_order_relaxed) != 0) {
            reopen(heap);
        }
    }
    heap_list_unlock();
}

static void go_on_in_child(void)
{
    thread_after_fork();
    go_on();
}

AT_START void fork_init(void)
{
    os_fork_watch(prepare, go_on, go_on_in_child);
}
