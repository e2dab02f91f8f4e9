// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The observer: who sees what happens in heaps that programs use by name (HeapAlloc() and its kin,
 * GlobalAlloc(), halde_heap_alloc()), while the redirect sees the malloc family.
 *
 * The fast paths do not know of it.  A heap that is created while there is an observer is
 * *observed*, and so is the process heap: no thread ever gets an opening for it that those fast
 * paths would find, so that they fail, and what follows comes here.  The observer may use the fast
 * paths itself, with the thread's opening `observed`, which names observed heaps only.  Heaps from
 * before stay as they are.
 *
 * An observer does the whole operation, by the plain functions below, and is called outside of all
 * heaps.  It is given blocks of all heaps, observed or not, and wrong pointers.
 */
#ifndef ENGINE_OBSERVER_H
#define ENGINE_OBSERVER_H

#include "engine/engine.h"
#include "engine/fast.h"

/// `caller` is the return address of the function that the program called.  The functions do what
/// those of halde/heap.h do.
struct heap_observer {
    size_t record_size; ///< of the side records of observed heaps; 0: none
    /// `alignment` 0: the usual.
    void *(*allocate)(
        halde_heap *heap, size_t size, size_t alignment, uint32_t flags, const void *caller);
    void *(*reallocate)(halde_heap *heap, void *block, size_t size, uint32_t flags,
        enum halde_status *status, const void *caller);
    enum halde_status (*release)(halde_heap *heap, void *block, uint32_t flags);
    /// A heap is about to be destroyed, with all blocks that are in it.
    void (*destroy)(halde_heap *heap);
};

/// NULL: nobody observes. Set once, never taken back.
extern HIDDEN const struct heap_observer *engine_observer;

/// Observes from now on. Calls that are under way end as they began.
void engine_set_observer(const struct heap_observer *observer);

/// Without the observer, who calls them. halde_heap_alloc() and so on; `alignment` 0: the usual.
void *heap_alloc_plain(halde_heap *heap, size_t size, size_t alignment, uint32_t flags);
void *heap_realloc_plain(
    halde_heap *heap, void *block, size_t size, uint32_t flags, enum halde_status *status);
enum halde_status heap_free_plain(halde_heap *heap, void *block, uint32_t flags);

/// A resize in whatever heap that takes nothing but the block and the caller's cache.  NULL, with
/// nothing changed: it takes more, or this is no block, or one with user info; then
/// heap_realloc_rest() decides.
void *heap_resize_quick(void *block, size_t size, uint32_t flags);
/// heap_realloc_plain() without the quick attempt. `block` is not NULL.
void *heap_realloc_rest(
    halde_heap *heap, void *block, size_t size, uint32_t flags, enum halde_status *status);

/// halde_heap_alloc() on behalf of a function that the program called.
void *heap_alloc_for(halde_heap *heap, size_t size, uint32_t flags, const void *caller);

/// By way of the observer, if there is one. For callers whose attempt at the fast path has failed,
/// or who made none.
void *observed_alloc_aligned(
    halde_heap *heap, size_t size, size_t alignment, uint32_t flags, const void *caller);
void *observed_realloc(halde_heap *heap, void *block, size_t size, uint32_t flags,
    enum halde_status *status, const void *caller);

ALWAYS_INLINE const struct heap_observer *observer_of_heaps(void)
{
    return __atomic_load_n(&engine_observer, __ATOMIC_ACQUIRE);
}

ALWAYS_INLINE void *observed_alloc(
    halde_heap *heap, size_t size, uint32_t flags, const void *caller)
{
    const struct heap_observer *observer = observer_of_heaps();
    return LIKELY(observer == NULL) ? fast_alloc_rest(heap, size, flags)
                                    : observer->allocate(heap, size, 0, flags, caller);
}

ALWAYS_INLINE enum halde_status observed_free(halde_heap *heap, void *block, uint32_t flags)
{
    const struct heap_observer *observer = observer_of_heaps();
    return LIKELY(observer == NULL) ? fast_free_rest(heap, block, flags)
                                    : observer->release(heap, block, flags);
}

#endif
