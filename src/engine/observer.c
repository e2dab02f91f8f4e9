// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "engine/observer.h"

#include "engine/heap.h"

HIDDEN const struct heap_observer *engine_observer;

// The process heap is there already, and may have openings: to stop it takes away those that other
// threads have; its only user would keep one.
static void observe_home(void)
{
    halde_heap *home = halde_process_heap();
    struct heap *heap = heap_of(home);
    if (heap == NULL) {
        return;
    }
    RELAXED_STORE(heap->is_observed, true);
    halde_heap_lock(home);
    thread_clear_openings(heap->handle);
    halde_heap_unlock(home);
}

void engine_set_observer(const struct heap_observer *observer)
{
    RELAXED_STORE(heap_some_shut, true);
    __atomic_store_n(&engine_observer, observer, __ATOMIC_RELEASE);
    observe_home();
}

void *observed_alloc_aligned(
    halde_heap *heap, size_t size, size_t alignment, uint32_t flags, const void *caller)
{
    const struct heap_observer *observer = observer_of_heaps();
    return LIKELY(observer == NULL) ? heap_alloc_plain(heap, size, alignment, flags)
                                    : observer->allocate(heap, size, alignment, flags, caller);
}

void *observed_realloc(halde_heap *heap, void *block, size_t size, uint32_t flags,
    enum halde_status *status, const void *caller)
{
    enum halde_status ignored;
    status = status == NULL ? &ignored : status;
    const struct heap_observer *observer = observer_of_heaps();
    return LIKELY(observer == NULL)
               ? heap_realloc_plain(heap, block, size, flags, status)
               : observer->reallocate(heap, block, size, flags, status, caller);
}

// ---- The public functions -----------------------------------------------------------------------

void *halde_heap_alloc_aligned(halde_heap *heap, size_t size, size_t alignment, uint32_t flags)
{
    // 0 is the plain functions' word for the usual.
    return alignment == 0 ? NULL : observed_alloc_aligned(heap, size, alignment, flags, CALLER);
}

void *halde_heap_realloc(
    halde_heap *heap, void *block, size_t size, uint32_t flags, enum halde_status *status)
{
    return observed_realloc(heap, block, size, flags, status, CALLER);
}
