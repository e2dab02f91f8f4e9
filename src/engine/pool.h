// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The process's one reservation: user memory in slices, and behind it, apart, all that the engine
 * knows.
 *
 *     base                                                                        reserved end
 *     | pool: slices 0, 1, 2 ... | gap | slices[] | gap | remotes[] | gap | dirty bits | gap |
 * heaps | gap | thread records | gap | metadata | gap |
 *
 * Each area is a committed prefix that grows by one system call at a time, so the whole of it is a
 * handful of mappings, untouched addresses cost nothing, and memory locking or strict overcommit
 * see only what is in use.  The gaps are never accessible.
 *
 * Slice 0 is never used: 0 is "none" in every list of slices.
 * Lock: pool_lock() guards slices that belong to no heap; the areas' growth has its own lock.
 */
#ifndef ENGINE_POOL_H
#define ENGINE_POOL_H

#include "engine/types.h"

/// What every operation reads. Constant after pool_init() but for `committed`.
struct pool {
    uintptr_t base;               ///< address of slice 0
    struct slice *slices;         ///< descriptor of slice 0
    _Atomic(uintptr_t) committed; ///< bytes of the pool that are accessible; grows only; relaxed
    struct remote *remotes;
};
extern HIDDEN struct pool pool;

struct layout;
/// Fills in where the pool's data is.
void pool_describe(struct layout *layout);

/// Reserves everything. 0 or ENOMEM. Called once, under the registry's lock.
int pool_init(void);

ALWAYS_INLINE uint32_t slice_number(const struct slice *slice)
{
    return (uint32_t)(slice - pool.slices);
}

ALWAYS_INLINE struct slice *slice_at(uint32_t number)
{
    return pool.slices + number;
}

ALWAYS_INLINE uintptr_t slice_address(const struct slice *slice)
{
    return pool.base + ((uintptr_t)slice_number(slice) << SLICE_SHIFT);
}

/// The descriptor of the slice that an address lies in; NULL when the address is not in the pool.
ALWAYS_INLINE struct slice *slice_of(const void *address)
{
    uintptr_t offset = (uintptr_t)address - pool.base;
    if (UNLIKELY(offset >= atomic_load_explicit(&pool.committed, memory_order_relaxed))) {
        return NULL;
    }
    return pool.slices + (offset >> SLICE_SHIFT);
}

ALWAYS_INLINE struct heap *slice_heap(const struct slice *slice)
{
    return atomic_load_explicit(&slice->heap, memory_order_relaxed);
}

ALWAYS_INLINE void slice_set_heap(struct slice *slice, struct heap *heap)
{
    if (slice_heap(slice) != heap) {
        atomic_store_explicit(&slice->heap, heap, memory_order_relaxed);
    }
}

ALWAYS_INLINE uint8_t slice_kind(const struct slice *slice)
{
    return RELAXED_LOAD(slice->kind);
}

ALWAYS_INLINE void slice_set_kind(struct slice *slice, enum slice_kind kind)
{
    RELAXED_STORE(slice->kind, (uint8_t)kind);
}

ALWAYS_INLINE bool slice_is_span(const struct slice *slice)
{
    uint8_t kind = slice_kind(slice);
    return kind == SLICE_SPAN_BYTES || kind == SLICE_SPAN_WORDS;
}

/// The owner of a span, as it stands in the descriptor; 0 where there is none.
ALWAYS_INLINE uintptr_t slice_owner(const struct slice *slice)
{
    return atomic_load_explicit(&slice->owner, memory_order_relaxed);
}

/// The first slice of the span, mixed span or large block that a slice belongs to.
ALWAYS_INLINE struct slice *slice_first(struct slice *slice)
{
    return slice_kind(slice) == SLICE_INSIDE ? slice - RELAXED_LOAD(slice->distance) : slice;
}

/// Takes `count` adjacent slices for a heap, the first at a multiple of `alignment` bytes (at least
/// a slice).  The descriptors name the heap; their kind is SLICE_NONE.
/// @return the first slice, or NULL when out of memory
struct slice *pool_take(struct heap *heap, size_t count, size_t alignment);
/// Gives slices back. Their descriptors are reset here.
void pool_give(struct slice *first, size_t count);
/// Takes exactly the `count` slices that start at `first`, if they are free.
bool pool_take_at(struct heap *heap, struct slice *first, size_t count);
/// Gives the memory of free slices back to the system, if they were freed at least `age_ms` ago.
void pool_purge(uint64_t age_ms);

/// How many of the slices may not be zero.
uint32_t pool_dirty_count(const struct slice *first, size_t count);
/// Marks slices as possibly not zero; returns whether all were zero. Owner of the slices only.
bool pool_mark_dirty(const struct slice *first, size_t count);
/// Gives the memory of dirty slices back and marks them zero. Owner of the slices only.
/// @return slices given back
uint32_t pool_purge_slices(const struct slice *first, size_t count);

// ---- Free runs, for the pool and for heaps ----------------------------------------------------

/// Adds a free run, merging it with its neighbours. `flags` of the first slice is kept.
void runs_insert(struct runs *runs, struct slice *first, size_t count);
/// Takes `count` slices out of a free run, the first of them at a multiple of `alignment` bytes (at
/// least a slice); the best fit of a few. NULL when there is none.
struct slice *runs_take_aligned(struct runs *runs, size_t count, size_t alignment);
/// Takes exactly the `count` slices that start at `first`, if that is the start of a free run of
/// this owner.
bool runs_take_at(struct runs *runs, struct slice *first, size_t count);
/// Takes a whole free run, wherever it starts.
void runs_remove(struct runs *runs, struct slice *first);
/// Purges free runs that were freed at least `age_ms` ago. Returns how many slices it gave back.
uint32_t runs_purge(struct runs *runs, uint64_t age_ms);

// ---- Areas ------------------------------------------------------------------------------------

enum area_kind {
    AREA_SLICES,
    AREA_REMOTES,
    AREA_DIRTY,
    AREA_HEAPS,
    AREA_THREADS,
    AREA_METADATA,
    AREA_COUNT,
};

/// First address of an area.
void *area_base(enum area_kind kind);
/// Makes the first `size` bytes of an area accessible. Returns false when out of memory or beyond
/// its end.
bool area_commit(enum area_kind kind, size_t size);

// ---- Metadata ---------------------------------------------------------------------------------

/// Allocates engine data, 64-byte aligned, contents undefined. NULL when out of memory. Any lock
/// may be held.
void *metadata_alloc(size_t size);
/// The same for what is never freed: memory that was never used, so it is zero.
void *metadata_alloc_new(size_t size);
/// Frees it; `size` as in metadata_alloc(). NULL is allowed.
void metadata_free(void *data, size_t size);

/// The same for state maps, whose memory never becomes anything else.  `size` is a multiple of 64;
/// the last METADATA_MAP_LINK_SIZE bytes are not the caller's while the map is free.
enum {
    METADATA_MAP_LINK_SIZE = 8
};
void *metadata_alloc_map(size_t size);
void metadata_free_map(void *map, size_t size);

/// Locks and unlocks the pool and the metadata, for fork.
void pool_lock_all(void);
void pool_unlock_all(void);

#endif
