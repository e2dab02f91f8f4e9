// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Spans of one size class and the caches that sweep them.
 *
 * A span belongs to one cache.  The cache's user looks at 64 states at a time: zeros become a word
 * of free blocks.  A span swept to its end is *given up*: it waits on its record's list until an
 * eighth of it is free again.  The owner counts its own frees; remote frees are counted apart, and
 * the one that reaches the threshold pushes the span to the owner's `remote` list.  Since that
 * counter may lose increments, the oldest given-up spans are looked at again before a fresh span is
 * taken.
 *
 * Unless a function says "central", it is called inside the heap by the cache's user.
 */
#ifndef ENGINE_SPAN_H
#define ENGINE_SPAN_H

#include "engine/pool.h"

/// Whether blocks of a class have 16-bit states.
ALWAYS_INLINE bool class_has_words(uint32_t size_class)
{
    return size_class >= CLASS_BYTE_COUNT;
}

ALWAYS_INLINE uint32_t span_slice_count(const struct slice *span)
{
    return span->block_size > CLASS_ONE_SLICE_MAX ? SPAN_LARGE_SLICES : 1;
}

ALWAYS_INLINE uintptr_t span_first_block(const struct slice *span)
{
    return slice_address(span) + span->first_offset;
}

/// Bytes of a span's state map.
size_t span_map_size(const struct slice *span);

/// Central. Makes `first` (1 or SPAN_LARGE_SLICES slices of the cache's heap) a span of the cache.
/// Returns false when there is no memory for its map.
bool span_init(struct slice *first, struct cache *cache, uint32_t size_class);
/// Central. Ends a span; its slices are SLICE_NONE and still the heap's.
void span_release(struct slice *span);

/// State of a block. Blocks in other threads' hands may change meanwhile.
ALWAYS_INLINE uint32_t span_state(const struct slice *span, uint32_t index)
{
    if (span->kind == SLICE_SPAN_BYTES) {
        return __atomic_load_n(span->map + index, __ATOMIC_RELAXED);
    }
    return __atomic_load_n((const uint16_t *)(const void *)span->map + index, __ATOMIC_RELAXED);
}

/// Sets a state with release order: whoever reads 0 may use the block.
ALWAYS_INLINE void span_set_state(struct slice *span, uint32_t index, uint32_t state)
{
    if (span->kind == SLICE_SPAN_BYTES) {
        __atomic_store_n(span->map + index, (uint8_t)state, __ATOMIC_RELEASE);
    } else {
        __atomic_store_n((uint16_t *)(void *)span->map + index, (uint16_t)state, __ATOMIC_RELEASE);
    }
}

/// Mask of the free blocks of group `group` of a span.
uint64_t span_free_mask(const struct slice *span, uint32_t group);
/// Free blocks of a span.
uint32_t span_free_count(const struct slice *span);

ALWAYS_INLINE uint32_t span_group_count(const struct slice *span)
{
    return (span->block_count + STATE_GROUP_SIZE - 1u) / STATE_GROUP_SIZE;
}

/// Index of the block that starts at `offset` bytes behind the first block; garbage for other
/// offsets, to be checked by multiplying back.
ALWAYS_INLINE uint32_t span_index(const struct slice *span, uint32_t offset)
{
    return (uint32_t)(((uint64_t)offset * span->reciprocal) >> 32);
}

// ---- Caches -----------------------------------------------------------------------------------

/// Gives a cache its records on first use of a class. Returns false when out of memory.
bool cache_use_class(struct cache *cache, uint32_t size_class);
/// Gives the records back. The spans are gone or another cache's.
void cache_release_records(struct cache *cache);
/// Records without any class, for caches that serve nothing yet.
extern HIDDEN struct class_record cache_no_records[CLASS_COUNT];

/// For fork: no records change hands in between.
void cache_lock_all(void);
void cache_unlock_all(void);

/// Fills `word` of a used class from the spans the cache owns. Returns false when they have no free
/// block.
bool cache_refill(struct cache *cache, uint32_t size_class);
/// Makes `span`, which is on no list, the one the record sweeps.
void cache_start_span(struct class_record *record, struct slice *span);

/// Called when the owner's frees in a span reached its limit: lists the span again, or finds it
/// empty.
/// @return whether the span is empty and may be released
bool cache_evaluate_span(struct slice *span);
/// Takes a span off its record's lists, or from under its sweep.
void cache_unlink_span(struct slice *span);

/// Counts a remote free of a block of `span` and tells the owner when it is time.  Called inside
/// the heap by any thread, *before* the block's state becomes 0: as long as a block is busy the
/// span stays.
void span_count_remote_free(struct slice *span);
/// Whether an empty, unlisted span may be released: no other thread is about to push it. Owner
/// only.
bool span_can_end(struct slice *span);

/// The heap is stopped. Moves all spans of `from` to `to`, a cache of the same heap.
/// @return false when out of memory; some spans may have been moved
bool cache_move_spans(struct cache *from, struct cache *to);
/// Whether a cache owns any span. The heap is stopped, or the answer is a hint.
bool cache_has_spans(const struct cache *cache);

#endif
