// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The fast paths, for the functions that programs call most to inline: the second front header of
 * the engine.  They prove what they touch, touch only the caller's cache, and leave everything else
 * to halde_heap_alloc() and halde_heap_free().
 *
 * No atomic read-modify-write, no lock, no fence.  tests/codegen counts their instructions.
 */
#ifndef ENGINE_FAST_H
#define ENGINE_FAST_H

#include "engine/gate.h"
#include "engine/pool.h"
#include "engine/size_class.h"
#include "engine/span.h"

/// Makes the next block of the word ready, if there is one.
ALWAYS_INLINE void fast_prepare_next(struct class_record *record, bool has_words)
{
    uint64_t word = record->word;
    if (UNLIKELY(word == 0)) {
        record->next = NULL;
        return;
    }
    uint32_t i = bits_lowest(word);
    record->word = word & (word - 1);
    record->next = record->base + (size_t)i * record->block_size;
    record->next_state = record->states + ((size_t)i << has_words);
}

/// Takes the block that was made ready and marks it busy; then makes another ready, so that the way
/// from the word to an address is not on the caller's critical path. NULL when none is ready.
ALWAYS_INLINE void *fast_take_block(struct class_record *record, size_t user_size, bool has_words)
{
    void *block = record->next;
    if (UNLIKELY(block == NULL)) {
        return NULL;
    }
    uint8_t *state = record->next_state;
    fast_prepare_next(record, has_words);
    uint32_t slack = record->block_size - (uint32_t)user_size;
    if (has_words) {
        __atomic_store_n((uint16_t *)(void *)state, (uint16_t)(slack + 1), __ATOMIC_RELAXED);
    } else {
        __atomic_store_n(state, (uint8_t)(slack + 1), __ATOMIC_RELAXED);
    }
    return block;
}

/// Whether a state is that of a busy block without user info: the fast path frees no others.
ALWAYS_INLINE bool fast_is_plain_busy(const uint8_t *state, bool has_words)
{
    if (has_words) {
        const uint16_t *word = (const uint16_t *)(const void *)state;
        return (uint16_t)(__atomic_load_n(word, __ATOMIC_RELAXED) - 1) < STATE_INFO_WORD - 1;
    }
    return (uint8_t)(__atomic_load_n(state, __ATOMIC_RELAXED) - 1) < STATE_INFO_BYTE - 1;
}

ALWAYS_INLINE void fast_clear_state(uint8_t *state, bool has_words)
{
    if (has_words) {
        __atomic_store_n((uint16_t *)(void *)state, (uint16_t)0, __ATOMIC_RELEASE);
    } else {
        __atomic_store_n(state, (uint8_t)0, __ATOMIC_RELEASE);
    }
}

/// What became of a block that fast_free_inside() was given.
enum fast_result {
    FAST_DONE,     ///< freed
    FAST_EVALUATE, ///< nothing done: with this one the span's frees reach their limit
    FAST_REMOTE,   ///< nothing done: the block is busy, but the span is another cache's
    FAST_UNPROVED, ///< nothing done: not the start of a plain busy block
};

/// Frees a block of a one-slice span. The caller is inside the gate and leaves it. `*state`
/// receives where the block's state is, for FAST_REMOTE.
ALWAYS_INLINE enum fast_result fast_free_inside(
    struct cache *cache, struct slice *span, void *data, bool has_words, uint8_t **state)
{
    uint32_t offset = (uint32_t)((uintptr_t)data & (SLICE_SIZE - 1)) - span->first_offset;
    uint32_t index = span_index(span, offset);
    *state = span->map + ((size_t)index << has_words);
    bool is_block = index < span->block_count && index * span->block_size == offset;
    if (UNLIKELY(!is_block || !fast_is_plain_busy(*state, has_words))) {
        return FAST_UNPROVED;
    }
    if (UNLIKELY(atomic_load_explicit(&span->owner, memory_order_relaxed) != cache)) {
        return FAST_REMOTE;
    }
    struct class_record *record = span->record;
    (void)data;
    // A block of the group in hand is used again before groups that were never touched.
    size_t bit = (size_t)(*state - record->states) >> has_words;
    if (LIKELY(bit < STATE_GROUP_SIZE)) {
        fast_clear_state(*state, has_words);
        record->word |= (uint64_t)1 << bit;
        return FAST_DONE;
    }
    uint16_t freed = (uint16_t)(span->freed + 1);
    if (UNLIKELY(freed >= span->freed_limit)) {
        return FAST_EVALUATE;
    }
    fast_clear_state(*state, has_words);
    span->freed = freed;
    return FAST_DONE;
}

/// Allocates up to CLASS_BYTE_MAX bytes from the caller's cache. NULL, with nothing changed, when
/// that is not possible: fast_alloc_rest() decides.
ALWAYS_INLINE void *fast_alloc(halde_heap *handle, size_t size)
{
    struct slice *slice = slice_of(handle);
    struct thread *thread = thread_current;
    if (UNLIKELY(slice == NULL || thread == NULL || size > CLASS_BYTE_MAX)) {
        return NULL;
    }
    struct heap *heap = slice_heap(slice);
    if (UNLIKELY(heap == NULL || heap->handle != (uintptr_t)handle)) {
        return NULL;
    }
    uint32_t size_class = size_class_table[(size + GRANULE_SIZE - 1) >> GRANULE_SHIFT];
    struct cache *cache = gate_enter_fast(thread, heap);
    if (UNLIKELY(cache == NULL)) {
        return NULL;
    }
    void *block = fast_take_block(&cache->records[size_class], size, false);
    gate_leave(thread);
    return block;
}

/// Frees a block with a byte state into the caller's cache. Returns false, with nothing changed,
/// when that is not possible: fast_free_rest() decides.  The block's slice leads to its heap, and
/// that it is the one named is all the proof the handle needs.
ALWAYS_INLINE bool fast_free(halde_heap *handle, void *data)
{
    struct slice *slice = slice_of(data);
    struct thread *thread = thread_current;
    if (UNLIKELY(slice == NULL || thread == NULL || slice->kind != SLICE_SPAN_BYTES)) {
        return false;
    }
    struct heap *heap = slice_heap(slice);
    if (UNLIKELY(heap == NULL || heap->handle != (uintptr_t)handle)) {
        return false;
    }
    struct cache *cache = gate_enter_fast(thread, heap);
    if (UNLIKELY(cache == NULL)) {
        return false;
    }
    uint8_t *state;
    enum fast_result result = fast_free_inside(cache, slice, data, false, &state);

    gate_leave(thread);
    return result == FAST_DONE;
}

/// halde_heap_alloc() and halde_heap_free() for callers whose attempt at the fast path has failed.
void *fast_alloc_rest(halde_heap *handle, size_t size, uint32_t flags);
enum halde_status fast_free_rest(halde_heap *handle, void *data, uint32_t flags);

#endif
