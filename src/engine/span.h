// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Spans of one size class and the caches that sweep them.
 *
 * A span belongs to one cache.  The cache's user looks at 64 states at a time: zeros become blocks
 * in the class's magazine.  A span swept to its end is *given up*: it waits on its record's list
 * until an eighth of it is free again.  The owner counts the blocks that come back from the
 * magazine; remote frees are counted apart, and
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
    return RELAXED_LOAD(span->block_size) > CLASS_ONE_SLICE_MAX ? SPAN_LARGE_SLICES : 1;
}

ALWAYS_INLINE uintptr_t span_first_block(const struct slice *span)
{
    return slice_address(span) + RELAXED_LOAD(span->first_offset);
}

/// Bytes of a span's state map.
size_t span_map_size(const struct slice *span);

/// Central. Makes `first` (1 or SPAN_LARGE_SLICES slices of the cache's heap) a span of the cache.
/// Returns false when there is no memory for its map.
bool span_init(struct slice *first, struct cache *cache, uint32_t size_class);
/// Central. Ends a span; its slices are SLICE_NONE and still the heap's.
void span_release(struct slice *span);

/// The cache that sweeps a span, or NULL.
ALWAYS_INLINE struct cache *span_owner(const struct slice *span)
{
    return (struct cache *)(slice_owner(span) & ~(uintptr_t)OWNER_NOT_FAST);
}

/// State of a block, 0 for one in a magazine too. Blocks in other threads' hands may change
/// meanwhile.
ALWAYS_INLINE uint32_t span_state(const struct slice *span, uint32_t index)
{
    const uint8_t *map = RELAXED_LOAD(span->map);
    if (slice_kind(span) == SLICE_SPAN_BYTES) {
        uint8_t state = __atomic_load_n(map + index, __ATOMIC_RELAXED);
        return state == STATE_CACHED_BYTE ? 0 : state;
    }
    const uint16_t *words = (const uint16_t *)(const void *)map;
    uint16_t state = __atomic_load_n(words + index, __ATOMIC_RELAXED);
    return state == STATE_CACHED_WORD ? 0 : state;
}

/// Sets a state with release order: whoever reads 0 may use the block.
ALWAYS_INLINE void span_set_state(struct slice *span, uint32_t index, uint32_t state)
{
    if (slice_kind(span) == SLICE_SPAN_BYTES) {
        __atomic_store_n(span->map + index, (uint8_t)state, __ATOMIC_RELEASE);
    } else {
        __atomic_store_n((uint16_t *)(void *)span->map + index, (uint16_t)state, __ATOMIC_RELEASE);
    }
}

/// Mask of the free blocks of group `group` of a span, without those in a magazine.
uint64_t span_free_mask(const struct slice *span, uint32_t group);
/// Mask of those that are not busy: free or in a magazine.
uint64_t span_idle_mask(const struct slice *span, uint32_t group);
/// Free blocks of a span, without those in a magazine.
uint32_t span_free_count(const struct slice *span);

ALWAYS_INLINE uint32_t span_group_count(const struct slice *span)
{
    return (span->block_count + STATE_GROUP_SIZE - 1u) / STATE_GROUP_SIZE;
}

/// Index of the block that starts at `offset` bytes behind the first block; garbage for other
/// offsets, to be checked by multiplying back.
ALWAYS_INLINE uint32_t span_index(const struct slice *span, uint32_t offset)
{
    return (uint32_t)(((uint64_t)offset * RELAXED_LOAD(span->reciprocal)) >> 32);
}

/// Finds the block of a span that starts at an address. Returns false when none does.
ALWAYS_INLINE bool span_find(const struct slice *span, uintptr_t address, uint32_t *index)
{
    uint64_t offset = address - span_first_block(span);
    uint64_t block_size = RELAXED_LOAD(span->block_size);
    if (offset >= RELAXED_LOAD(span->block_count) * block_size) {
        return false;
    }
    *index = span_index(span, (uint32_t)offset);
    return *index * block_size == offset;
}

// ---- Caches -----------------------------------------------------------------------------------

/// Gives a cache its records on first use of a class. Returns false when out of memory.
bool cache_use_class(struct cache *cache, uint32_t size_class);
/// Gives the records back. The spans are gone or another cache's.
void cache_release_records(struct cache *cache);
/// Records without any class, for caches that serve nothing yet.
extern HIDDEN struct class_record cache_no_records[CLASS_COUNT];

/// Makes the records without any class. Called once.
void cache_init(void);

/// For fork: no records change hands in between.
void cache_lock_all(void);
void cache_unlock_all(void);

/// Fills the empty magazine of a used class from the spans the cache owns. Returns false when they
/// have no free block.
bool cache_refill(struct cache *cache, uint32_t size_class);
/// Gives the `count` lowest blocks of a magazine back to their spans.  Those of them that are empty
/// then, and not the only ones with free blocks, are stored in `spans`, at most `capacity`.
/// @return spans in `spans`
uint32_t cache_flush(struct cache *cache, struct class_record *record, uint32_t count,
    struct slice **spans, uint32_t capacity);
/// Gives the blocks of all magazines back. The heap is stopped, or the caller is the cache's user.
void cache_flush_all(struct cache *cache);
/// A magazine is full, and wants room: makes it larger where it was emptied several times in a row
/// before, again and again, as by a program that allocates and frees in batches.  Returns whether
/// there is room now.
bool cache_grow_magazine(struct class_record *record);
ALWAYS_INLINE uint32_t cache_magazine_count(const struct class_record *record)
{
    return record->magazine == NULL ? 0 : (uint32_t)(record->top - record->magazine);
}
/// Makes `span`, which is on no list, the one the record sweeps.
void cache_start_span(struct class_record *record, struct slice *span);

/// Called when the owner's frees in a span reached its limit: lists the span again, or finds it
/// empty.
/// @return whether the span is empty, and not the only one of its record with free blocks
bool cache_evaluate_span(struct slice *span);
/// Takes a span off its record's lists, or from under its sweep.
void cache_unlink_span(struct slice *span);

/// Frees a block of another cache's span, and tells the owner when it is time.  Called inside the
/// heap by any thread.  Returns false when the block is not busy: another thread was first.
bool span_free_remote(struct slice *span, uint32_t index);
/// Blocks with a byte state of another cache's span from this size on stay with the thread that
/// freed them. Smaller ones would share the processor's cache lines with other threads' for ever.
enum {
    SPAN_KEPT_SIZE_MIN = 64
};

/// Frees a block of such a span into a magazine of the caller's cache: whoever freed it has it in
/// the processor's cache.  Returns false, with nothing changed, when the magazine is full or of a
/// class not in use, or the block is not plainly busy.
ALWAYS_INLINE bool span_keep_remote(struct class_record *record, uint8_t *state, void *data)
{
    uint8_t busy = __atomic_load_n(state, __ATOMIC_RELAXED);
    const uint8_t cached = CONFIG_UNGUARDED ? 1 : STATE_CACHED_BYTE;
    bool is_kept = record->top != record->limit && (int8_t)busy > 0 &&
                   __atomic_compare_exchange_n(
                       state, &busy, cached, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
    if (is_kept) {
        struct free_block *top = ++record->top;
        *top = (struct free_block){.address = data, .state = state};
    }
    return is_kept;
}

/// Whether an empty, unlisted span may be released: no other thread is about to push it. Owner
/// only.
bool span_can_end(struct slice *span);

/// The heap is stopped. Moves all spans of `from` to `to`, a cache of the same heap.
/// @return false when out of memory; some spans may have been moved
bool cache_move_spans(struct cache *from, struct cache *to);
/// Whether a cache owns any span. The heap is stopped, or the answer is a hint.
bool cache_has_spans(const struct cache *cache);

#endif
