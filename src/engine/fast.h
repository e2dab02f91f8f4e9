// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The fast paths, for the functions that programs call most to inline: the second front header of
 * the engine.  They prove what they touch, touch only the caller's cache, and leave everything else
 * to fast_alloc_rest() and fast_free_rest().
 *
 * No atomic read-modify-write, no lock, no fence.  tests/codegen counts their instructions.
 */
#ifndef ENGINE_FAST_H
#define ENGINE_FAST_H

#include "engine/gate.h"
#include "engine/pool.h"
#include "engine/size_class.h"
#include "engine/span.h"

/// Enters the heap with this handle if the opening names it. In any case fast_leave() must follow.
/// Unguarded it only asks, because the opening leads to the cache.
ALWAYS_INLINE bool fast_enter(
    struct thread *thread, struct opening *opening, const halde_heap *handle)
{
    if (CONFIG_UNGUARDED) {
        uintptr_t open = atomic_load_explicit(&opening->handle, memory_order_relaxed);
        return open == (uintptr_t)handle;
    }
    return gate_enter_opening(thread, opening, (uintptr_t)handle);
}

ALWAYS_INLINE void fast_leave(struct thread *thread)
{
    if (!CONFIG_UNGUARDED) {
        gate_leave(thread);
    }
}

/// Takes the block on top of a magazine and marks it busy. NULL when the magazine is empty.
ALWAYS_INLINE void *fast_take_block(struct class_record *record, size_t user_size, bool has_words)
{
    struct free_block *top = record->top;
    void *block = top->address;
    if (UNLIKELY(block == NULL)) {
        return NULL;
    }
    if (CONFIG_UNGUARDED) {
        record->top = top - 1;
        return block; // it has been busy since the magazine was filled
    }
    uint8_t *state = top->state;
    record->top = top - 1;
    uint32_t value = record->full_state - (uint32_t)user_size;
    if (has_words) {
        __atomic_store_n((uint16_t *)(void *)state, (uint16_t)value, __ATOMIC_RELAXED);
    } else {
        __atomic_store_n(state, (uint8_t)value, __ATOMIC_RELAXED);
    }
    return block;
}

/// Whether a state is that of a busy block without user info: the fast paths free no others.
ALWAYS_INLINE bool fast_is_plain_busy(const uint8_t *state, bool has_words)
{
    if (has_words) {
        const int16_t *word = (const int16_t *)(const void *)state;
        return __atomic_load_n(word, __ATOMIC_RELAXED) > 0;
    }
    return __atomic_load_n((const int8_t *)state, __ATOMIC_RELAXED) > 0;
}

/// Puts a block on top of a magazine that is not full.
ALWAYS_INLINE void fast_put_block(
    struct class_record *record, void *block, uint8_t *state, bool has_words)
{
    struct free_block *top = record->top + 1;
    top->address = block;
    if (CONFIG_UNGUARDED) {
        record->top = top;
        return; // a flush finds the state, and only then makes it free
    }
    top->state = state;
    record->top = top;
    if (has_words) {
        __atomic_store_n((uint16_t *)(void *)state, (uint16_t)STATE_CACHED_WORD, __ATOMIC_RELAXED);
    } else {
        __atomic_store_n(state, (uint8_t)STATE_CACHED_BYTE, __ATOMIC_RELAXED);
    }
}

/// fast_alloc_in() for sizes up to CLASS_BYTE_MAX.
ALWAYS_INLINE void *fast_alloc_bytes_in(
    struct thread *thread, struct opening *opening, const halde_heap *handle, size_t size)
{
    uint32_t size_class = size_class_table[(size + GRANULE_SIZE - 1) >> GRANULE_SHIFT];
    void *block = NULL;
    if (LIKELY(fast_enter(thread, opening, handle))) {
        block = fast_take_block(&opening->records[size_class], size, false);
    }
    fast_leave(thread);
    return block;
}

/// Allocates up to CLASS_BYTE_MAX bytes from the caller's magazine, in the heap of an opening of
/// the caller's thread record. NULL, with nothing changed, when that is not possible:
/// fast_alloc_rest() decides.
ALWAYS_INLINE void *fast_alloc_in(
    struct thread *thread, struct opening *opening, const halde_heap *handle, size_t size)
{
    return LIKELY(size <= CLASS_BYTE_MAX) ? fast_alloc_bytes_in(thread, opening, handle, size)
                                          : NULL;
}

/// Frees a block of a one-slice span with byte states into the caller's magazine. Returns false,
/// with nothing changed, when that is not possible: fast_free_rest() decides.
ALWAYS_INLINE bool fast_free_in(
    struct thread *thread, struct opening *opening, const halde_heap *handle, void *data)
{
    struct slice *span = slice_of(data);
    if (UNLIKELY(span == NULL)) {
        return false;
    }
    bool is_freed = false;
    // That the span is the cache's own proves that it is one, and the heap's.
    if (LIKELY(fast_enter(thread, opening, handle)) &&
        LIKELY(slice_owner(span) == (uintptr_t)opening->cache)) {
        uint32_t reciprocal = span->reciprocal;
        uint64_t product = (uint64_t)(uint16_t)((uintptr_t)data - span->first_offset) * reciprocal;
        // The low half is smaller than the reciprocal where the division leaves no rest.  For what
        // lies before the first block or after the last, the map has STATE_UNUSABLE.
        uint8_t *state = span->map + (product >> 32);
        struct class_record *record = span->record;
        if (LIKELY((CONFIG_UNGUARDED ||
                       ((uint32_t)product < reciprocal && fast_is_plain_busy(state, false))) &&
                   record->top != record->limit)) {
            fast_put_block(record, data, state, false);
            is_freed = true;
        }
    }
    fast_leave(thread);
    return is_freed;
}

/// The same for sizes from CLASS_BYTE_MAX + 1 to CLASS_MAX, whose blocks have 16-bit states.
ALWAYS_INLINE void *fast_alloc_words_in(
    struct thread *thread, struct opening *opening, const halde_heap *handle, size_t size)
{
    uint32_t size_class = size_class_of(size);
    void *block = NULL;
    if (LIKELY(fast_enter(thread, opening, handle))) {
        block = fast_take_block(&opening->records[size_class], size, true);
    }
    fast_leave(thread);
    return block;
}

/// A block of the caller's own span with 16-bit states, which may have several slices.
ALWAYS_INLINE bool fast_free_own_words(const struct slice *span, void *data)
{
    uint32_t index;
    if (UNLIKELY(!span_find(span, (uintptr_t)data, &index))) {
        return false;
    }
    uint8_t *state = span->map + ((size_t)index << 1);
    struct class_record *record = span->record;
    if (UNLIKELY((!CONFIG_UNGUARDED && !fast_is_plain_busy(state, true)) ||
                 record->top == record->limit)) {
        return false;
    }
    fast_put_block(record, data, state, true);
    return true;
}

/// A block of another cache's one-slice span with byte states, into the caller's magazine: see
/// span_keep_remote().
ALWAYS_INLINE bool fast_keep_remote(struct class_record *records, struct slice *span, void *data)
{
    if (CONFIG_UNGUARDED || RELAXED_LOAD(span->block_size) < SPAN_KEPT_SIZE_MIN) {
        return false;
    }
    uint32_t reciprocal = RELAXED_LOAD(span->reciprocal);
    uint16_t offset = (uint16_t)((uintptr_t)data - RELAXED_LOAD(span->first_offset));
    uint64_t product = (uint64_t)offset * reciprocal; // as in fast_free_in()
    uint8_t *state = RELAXED_LOAD(span->map) + (product >> 32);
    return (uint32_t)product < reciprocal &&
           span_keep_remote(&records[RELAXED_LOAD(span->size_class)], state, data);
}

/// What fast_free_in() leaves of the usual: blocks with 16-bit states, and blocks of other threads'
/// spans.  Returns false, with nothing changed, for the rest.
ALWAYS_INLINE bool fast_free_more_in(
    struct thread *thread, struct opening *opening, const halde_heap *handle, void *data)
{
    struct slice *span = slice_of(data);
    if (UNLIKELY(span == NULL)) {
        return false;
    }
    span = slice_first(span);
    bool is_freed = false;
    if (LIKELY(fast_enter(thread, opening, handle))) {
        // That the span is the cache's own proves that it is one, and the heap's; the bit, that its
        // states are words.
        uintptr_t own = (uintptr_t)opening->cache | OWNER_NOT_FAST;
        if (slice_owner(span) == own) {
            is_freed = fast_free_own_words(span, data);
        } else if (slice_kind(span) == SLICE_SPAN_BYTES &&
                   slice_heap(span) == opening->cache->heap) {
            is_freed = fast_keep_remote(opening->records, span, data);
        }
    }
    fast_leave(thread);
    return is_freed;
}

/// fast_alloc_in() and fast_free_in() for a heap that the caller names.
ALWAYS_INLINE void *fast_alloc(halde_heap *handle, size_t size)
{
    struct thread *thread = thread_current;
    return fast_alloc_in(thread, &thread->open, handle, size);
}

ALWAYS_INLINE bool fast_free(halde_heap *handle, void *data)
{
    struct thread *thread = thread_current;
    return fast_free_in(thread, &thread->open, handle, data);
}

/// The process heap; NULL before it exists. Constant from then on.
extern HIDDEN halde_heap *fast_home;
/// The same for fast_malloc() and for fast_free_any(); NULL, which no opening ever names, from when
/// a redirect wants to see all allocations, or all frees. Relaxed: calls that are under way end as
/// they began.
extern HIDDEN halde_heap *fast_malloc_home;
extern HIDDEN halde_heap *fast_free_home;
/// The largest size that fast_malloc() serves: CLASS_BYTE_MAX; or 0, from when a redirect wants to
/// see all allocations, so that they lose no time there.  Relaxed.
extern HIDDEN size_t fast_malloc_max;

/// The opening for operations on a heap.
ALWAYS_INLINE struct opening *fast_opening(struct thread *thread, const halde_heap *handle)
{
    return handle == RELAXED_LOAD(fast_home) ? &thread->open_home : &thread->open;
}

/// Whether a size exceeds fast_malloc_max.
ALWAYS_INLINE bool fast_exceeds_max(size_t size)
{
#if defined(__x86_64__) && !CONFIG_TSAN
    bool exceeds;
    __asm__("cmpq %2, %1" : "=@cca"(exceeds) : "r"(size), "m"(fast_malloc_max)); // one instruction
    return exceeds;
#else
    return size > RELAXED_LOAD(fast_malloc_max);
#endif
}

/// The same on the process heap, with an opening of its own: a program that uses private heaps
/// besides is not slower for it. NULL: fast_malloc_rest() decides.
ALWAYS_INLINE void *fast_malloc(size_t size)
{
    struct thread *thread = thread_current;
    if (UNLIKELY(fast_exceeds_max(size))) {
        return NULL;
    }
    return fast_alloc_bytes_in(thread, &thread->open_home, RELAXED_LOAD(fast_malloc_home), size);
}

/// False, for NULL and for blocks of other heaps too: fast_free_any_rest() decides.
ALWAYS_INLINE bool fast_free_any(void *data)
{
    struct thread *thread = thread_current;
    return fast_free_in(thread, &thread->open_home, RELAXED_LOAD(fast_free_home), data);
}

/// The size of a busy block without user info in a span of whatever heap, if that is what it is;
/// else SIZE_MAX: halde_heap_size() decides. The block is the caller's, so nothing can change.
ALWAYS_INLINE size_t fast_size(const void *data)
{
    struct slice *span = slice_of(data);
    if (CONFIG_UNGUARDED || span == NULL) {
        return SIZE_MAX;
    }
    span = slice_first(span);
    uint32_t index;
    if (!slice_is_span(span) || !span_find(span, (uintptr_t)data, &index)) {
        return SIZE_MAX;
    }
    bool has_words = slice_kind(span) == SLICE_SPAN_WORDS;
    uint32_t state = span_state(span, index);
    bool is_plain_busy = state != 0 && state < (has_words ? STATE_INFO_WORD : STATE_INFO_BYTE);
    return is_plain_busy ? RELAXED_LOAD(span->block_size) - (state - 1) : SIZE_MAX;
}

/// What fast_malloc() does not do for its size, and fast_free_any() not for its block's, for the
/// callers' second attempt.
ALWAYS_INLINE void *fast_malloc_words(size_t size)
{
    struct thread *thread = thread_current;
    if (size <= CLASS_BYTE_MAX || size > CLASS_MAX) {
        return NULL;
    }
    return fast_alloc_words_in(thread, &thread->open_home, RELAXED_LOAD(fast_malloc_home), size);
}

ALWAYS_INLINE bool fast_free_any_more(void *data)
{
    struct thread *thread = thread_current;
    return fast_free_more_in(thread, &thread->open_home, RELAXED_LOAD(fast_free_home), data);
}

/// Allocates from the process heap, making that when it does not exist yet. `flags`: 0 or
/// HALDE_ZERO. NULL when out of memory.
void *fast_malloc_rest(size_t size, uint32_t flags);
/// Frees a block of whatever heap. NULL is allowed.  `*heap` receives the heap of a block that is
/// not to be freed, or NULL.
/// @return HALDE_OK; HALDE_BLOCK_UNKNOWN when the address is not in the library's memory at all; or
///         what else it is
enum halde_status fast_free_any_rest(void *data, halde_heap **heap);

/// halde_heap_alloc() and halde_heap_free() for callers whose attempt at the fast path has failed.
void *fast_alloc_rest(halde_heap *handle, size_t size, uint32_t flags);
enum halde_status fast_free_rest(halde_heap *handle, void *data, uint32_t flags);

#endif
