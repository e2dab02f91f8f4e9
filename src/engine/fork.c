// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

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

static void prepare(void)
{
    struct thread *self = thread_self();
    heap_list_lock();
    while (!try_lock_heaps(self)) {
        heap_list_unlock();
        os_yield();
        heap_list_lock();
    }
    close_gates();
    gate_wait_for_others(self, NULL);
    thread_lock_records();
    cache_lock_all();
    pool_lock_all();
}

// Opens everything in the reverse order.
static void go_on(void)
{
    pool_unlock_all();
    cache_unlock_all();
    thread_unlock_records();
    for (struct heap *heap = heap_list_first(); heap != NULL; heap = heap->next) {
        atomic_store_explicit(&heap->gate, heap->gate_before_fork, memory_order_release);
        os_mutex_unlock(&heap->mutex);
    }
    heap_list_unlock();
}

static void go_on_in_child(void)
{
    thread_after_fork();
    go_on();
}

void fork_init(void)
{
    os_fork_watch(prepare, go_on, go_on_in_child);
}
