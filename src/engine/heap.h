// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** Heaps: their list, their regions, their slices. */
#ifndef ENGINE_HEAP_H
#define ENGINE_HEAP_H

#include "engine/gate.h"
#include "engine/pool.h"

/// Sets the engine up on first use. Returns false when the system gave no memory at all.
bool heap_system_init(void);

/// The heap that a handle names, proved; NULL when there is none.
ALWAYS_INLINE struct heap *heap_of(const halde_heap *handle)
{
    struct slice *slice = slice_of(handle);
    if (UNLIKELY(slice == NULL)) {
        return NULL;
    }
    struct heap *heap = slice_heap(slice);
    return LIKELY(heap != NULL && RELAXED_LOAD(heap->handle) == (uintptr_t)handle) ? heap : NULL;
}

struct layout;
/// Fills in where the list of heaps is.
void heap_describe(struct layout *layout);

/// Whether there is a heap with zeroes_freed. Relaxed.
extern HIDDEN bool heap_some_zeroes_freed;

/// Whether there is a heap for which openings are not always made. Relaxed.
extern HIDDEN bool heap_some_shut;

/// Whether freed bytes of a heap become zero. The heap's own word lies in the line of its mutex,
/// which other threads write: it is read only where some heap has it set.
ALWAYS_INLINE bool heap_zeroes_freed(const struct heap *heap)
{
    return UNLIKELY(RELAXED_LOAD(heap_some_zeroes_freed)) && heap->zeroes_freed;
}

/// Central. Takes slices inside the heap's regions, adding a region where allowed. NULL when out of
/// memory.
struct slice *heap_take_slices(struct heap *heap, size_t count, size_t alignment);
/// Central. Gives slices inside the regions back; their descriptors are SLICE_NONE.
void heap_give_slices(struct heap *heap, struct slice *first, size_t count);
/// Central. Takes exactly the slices that follow a block, for growth in place.
bool heap_take_slices_at(struct heap *heap, struct slice *first, size_t count);
/// Central. Gives regions without any block back to the pool. Returns whether there was one.
bool heap_release_regions(struct heap *heap);
/// Central. Slices in use, by spans, mixed span and large blocks.
size_t heap_used_slices(const struct heap *heap);
/// Central. Slices have been taken: notes the peak.
void heap_note_peak(struct heap *heap);
/// Central. The region that an address lies in, or NULL.
struct region *heap_region_of(const struct heap *heap, uintptr_t address);
/// Central. Reports everything below `end` as committed.
void region_use(struct region *region, uintptr_t end);
/// Makes slices outside of the regions executable where the heap asks for it. 0 or errno value.
int heap_protect(const struct heap *heap, const struct slice *first, size_t count);

/// Locks the list of heaps; while it is held no heap begins or ends.
void heap_list_lock(void);
void heap_list_unlock(void);
/// First heap of the list; `next` leads on. Caller holds the list's lock.
struct heap *heap_list_first(void);

#endif
