// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Allocation, free, resize: the fast paths, and the sessions behind them.

#include "engine/block.h"
#include "engine/checks.h"
#include "engine/engine.h"
#include "engine/fast.h"
#include "engine/heap.h"
#include "engine/large.h"
#include "engine/mixed.h"
#include "engine/observer.h"
#include "engine/purge.h"
#include "engine/reclaim.h"
#include "engine/side_record.h"
#include "engine/span.h"
#include "engine/user_info.h"
#include "engine/validate.h"

#include <string.h>

enum {
    IDLE_CACHE_AGE_MS = 10, // a thread that ended so long ago will not be followed by another soon
    APART_SIZE_MIN = 32 * 1024, // bytes that are worth the heap's mutex once more
};

// ---- Allocation -------------------------------------------------------------------------------

// Reports a place of the mixed span as committed; the reported free block behind it needs room for
// its own overhead.
static void use_mixed(struct heap *heap, const void *block, size_t size)
{
    struct region *region = heap_region_of(heap, (uintptr_t)block);
    region_use(region, (uintptr_t)block + mixed_block_size(size) + 2 * REGION_HEADER_SIZE);
    mixed_set_committed(heap, region->committed_end - heap->handle);
}

static void release_span(struct heap *heap, struct slice *span)
{
    uint32_t slice_count = span_slice_count(span);
    cache_unlink_span(span);
    span_release(span);
    heap_give_slices(heap, span, slice_count);
}

static bool is_idle(const struct cache *cache, uint32_t now)
{
    const struct thread *thread = cache->thread;
    uint32_t since = atomic_load_explicit(&thread->idle_since, memory_order_relaxed);
    return !atomic_load_explicit(&thread->is_alive, memory_order_acquire) &&
           now - since >= IDLE_CACHE_AGE_MS;
}

// Takes over what threads that ended long ago left in their caches. Returns whether there was
// anything.
static bool adopt_idle(struct session *session, struct cache *cache)
{
    struct heap *heap = session->heap;
    uint64_t now = os_clock_ms();
    if (!heap->is_shared || now - heap->idle_checked_at < IDLE_CACHE_AGE_MS) {
        return false;
    }
    heap->idle_checked_at = now;
    bool has_adopted = false;
    bool is_stopped = false;
    for (struct cache *other = &heap->cache; other != NULL;
         other = other == &heap->cache ? heap->caches : other->next) {
        if (other == cache || !is_idle(other, (uint32_t)now)) {
            continue;
        }
        if (!is_stopped) {
            gate_stop(heap,
                session->thread); // only now nobody can have revived the record and use the cache
            is_stopped = true;
        }
        has_adopted |= cache_has_spans(other);
        if (!cache_move_spans(other, cache)) {
            break;
        }
    }
    if (is_stopped) {
        reclaim_cache(heap, cache);
        gate_open(heap, gate_shared(heap));
    }
    return has_adopted;
}

static bool add_span(struct heap *heap, struct cache *cache, uint32_t size_class)
{
    uint32_t count =
        size_class_block_size(size_class) > CLASS_ONE_SLICE_MAX ? SPAN_LARGE_SLICES : 1;
    purge_before_span(cache);
    struct slice *first = heap_take_slices(heap, count, SLICE_SIZE);
    if (first == NULL) {
        return false;
    }
    pool_mark_dirty(first, count);
    if (!span_init(first, cache, size_class)) {
        heap_give_slices(heap, first, count);
        return false;
    }
    if ((heap->checks & HALDE_CHECK_FREE) != 0) {
        checks_span_created(first);
    }
    heap->has_spans = true;
    cache_start_span(&cache->records[size_class], first);
    return true;
}

// Ends every empty span of the heap. Returns whether there was one.
static bool reclaim(struct session *session)
{
    struct heap *heap = session->heap;
    bool is_open = session->is_locked && heap->is_shared;
    if (is_open) {
        gate_stop(heap, session->thread);
    }
    reclaim_magazines(heap);
    bool has_reclaimed = reclaim_empty_spans(heap);
    if (is_open) {
        gate_open(heap, gate_shared(heap));
    }
    return has_reclaimed;
}

// Central: finds or makes free blocks of a class.
static bool refill_central(struct session *session, struct cache *cache, uint32_t size_class)
{
    if (cache->records[size_class].block_size == 0) {
        struct class_record *old_records = cache->records;
        if (!cache_use_class(cache, size_class)) {
            return false;
        }
        if (cache->records != old_records) {
            thread_clear_own_openings(session->thread, session->heap->handle);
        }
    }
    if (cache_refill(cache, size_class)) {
        return true;
    }
    if (adopt_idle(session, cache) && cache_refill(cache, size_class)) {
        return true;
    }
    bool has_span = add_span(session->heap, cache, size_class) ||
                    (reclaim(session) && add_span(session->heap, cache, size_class));
    return has_span && cache_refill(cache, size_class);
}

// Takes a block out of a magazine, filled from the cache's own spans when it is empty.
static void *take_block(struct cache *cache, uint32_t size_class, size_t user_size, bool has_words)
{
    struct class_record *record = &cache->records[size_class];
    void *block = fast_take_block(record, user_size, has_words);
    if (block == NULL && record->block_size != 0 && cache_refill(cache, size_class)) {
        block = fast_take_block(record, user_size, has_words);
    }
    return block;
}

static void *alloc_in_mixed(struct heap *heap, size_t size, size_t user_size, size_t alignment)
{
    if (!heap->uses_mixed) {
        return NULL;
    }
    uintptr_t old_top = heap->handle + ((uintptr_t)heap->mixed.top << GRANULE_SHIFT);
    void *block = mixed_alloc(heap, size, user_size, alignment);
    if (block != NULL) {
        checks_range_freed(heap, old_top, (uintptr_t)block); // what alignment skipped, if anything
        use_mixed(heap, block, size);
        side_record_begin_mixed(heap, block);
    }
    return block;
}

// Whether a class may still be served from the mixed span. A class that is used much gets spans.
static bool is_early(const struct heap *heap, uint32_t size_class)
{
    return !heap->is_shared && heap->class_live[size_class] < FRONT_END_THRESHOLD &&
           heap->mixed_uses < MIXED_USES_MAX && heap->uses_mixed;
}

static void *alloc_early(struct heap *heap, uint32_t size_class, size_t size, size_t user_size)
{
    if (!is_early(heap, size_class) && heap->can_use_spans) {
        return NULL;
    }
    void *block = alloc_in_mixed(heap, size, user_size, GRANULE_SIZE);
    if (block != NULL && heap->class_live[size_class] < UINT8_MAX) {
        heap->class_live[size_class]++;
        heap->mixed_uses++;
    }
    return block;
}

// Frees a block of the mixed span. Central.
static void free_in_mixed(struct heap *heap, const struct block *block)
{
    size_t size = block->user_size + checks_extra(heap);
    if (size <= CLASS_MAX) {
        uint8_t *live = &heap->class_live[size_class_of(size)];
        *live = (uint8_t)(*live - (*live > 0));
    }
    mixed_free(heap, block->index);
}

// The last resorts where there is no room for another span.
static void *alloc_anywhere(struct heap *heap, size_t size, size_t user_size)
{
    void *block = alloc_in_mixed(heap, size, user_size, GRANULE_SIZE);
    bool is_clean;
    if (block == NULL && size > CLASS_ONE_SLICE_MAX) {
        block = large_alloc(heap, size, user_size, GRANULE_SIZE, &is_clean);
    }
    return block;
}

static void *alloc_class(
    struct session *session, uint32_t size_class, size_t size, size_t user_size, uint32_t flags)
{
    struct heap *heap = session->heap;
    bool has_words = class_has_words(size_class);
    struct cache *cache = session->cache;
    bool is_in_use = cache != NULL && cache->records[size_class].block_size != 0;
    if (is_in_use) {
        void *block = take_block(cache, size_class, user_size, has_words);
        if (block != NULL) {
            return block;
        }
    }
    session_make_central(session, flags);
    void *block = is_in_use ? NULL : alloc_early(heap, size_class, size, user_size);
    if (block != NULL || !heap->can_use_spans) {
        return block;
    }
    cache = session_cache(session);
    if (cache != NULL && refill_central(session, cache, size_class)) {
        return fast_take_block(&cache->records[size_class], user_size, has_words);
    }
    return alloc_anywhere(heap, size, user_size);
}

// The smallest class whose blocks are all aligned so, and whose states can hold the slack; or
// CLASS_COUNT.
static uint32_t aligned_class(size_t size, size_t user_size, size_t alignment)
{
    if (alignment > CLASS_MAX || size > CLASS_MAX) {
        return CLASS_COUNT;
    }
    uint32_t size_class = size_class_of(size_max(size, alignment));
    for (; size_class < CLASS_COUNT; size_class++) {
        size_t block_size = size_class_block_size(size_class);
        size_t slack_max = class_has_words(size_class) ? STATE_INFO_WORD - 2 : STATE_INFO_BYTE - 2;
        if (block_size % alignment == 0 && block_size - user_size <= slack_max) {
            break;
        }
    }
    return size_class;
}

static void *alloc_aligned(
    struct session *session, size_t size, size_t user_size, size_t alignment, uint32_t flags)
{
    struct heap *heap = session->heap;
    if (!heap->can_use_spans) {
        session_make_central(session, flags);
        return alloc_in_mixed(heap, size, user_size, alignment);
    }
    uint32_t size_class = aligned_class(size, user_size, alignment);
    if (size_class < CLASS_COUNT) {
        session_make_central(session, flags);
        struct cache *cache = session_cache(session);
        bool has_words = class_has_words(size_class);
        if (cache == NULL) {
            return NULL;
        }
        void *block = take_block(cache, size_class, user_size, has_words);
        if (block == NULL && refill_central(session, cache, size_class)) {
            block = fast_take_block(&cache->records[size_class], user_size, has_words);
        }
        return block;
    }
    session_make_central(session, flags);
    bool is_clean;
    return large_alloc(heap, size, user_size, alignment, &is_clean);
}

// Allocates in a session; `*is_clean` receives whether the block is known to be zero.
static void *alloc_in(
    struct session *session, size_t user_size, size_t alignment, uint32_t flags, bool *is_clean)
{
    struct heap *heap = session->heap;
    size_t size;
    *is_clean = false;
    if (__builtin_add_overflow(user_size, checks_extra(heap), &size) || size > SIZE_MAX / 2) {
        return NULL;
    }
    if (heap->maximum_size != 0 && size >= LARGE_ALONE_SIZE) {
        return NULL;
    }
    if (alignment > GRANULE_SIZE) {
        return alloc_aligned(session, size, user_size, alignment, flags);
    }
    if (size <= CLASS_MAX) {
        return alloc_class(session, size_class_of(size), size, user_size, flags);
    }
    session_make_central(session, flags);
    if (!heap->can_use_spans) {
        return alloc_in_mixed(heap, size, user_size, GRANULE_SIZE);
    }
    void *block = large_alloc(heap, size, user_size, GRANULE_SIZE, is_clean);
    if (block == NULL && reclaim(session)) {
        block = large_alloc(heap, size, user_size, GRANULE_SIZE, is_clean);
    }
    return block;
}

// The end of an allocation (old_size 0) or a resize: patterns where the heap has checks, zeroes
// where asked.
static void finish_block(
    struct heap *heap, void *data, size_t old_size, size_t user_size, uint32_t flags, bool is_clean)
{
    if (heap->checks != 0) {
        struct block block;
        if (block_find(heap, data, &block) == HALDE_OK) {
            checks_block_given(&block, data, old_size);
            is_clean = false;
        }
    }
    if ((flags & HALDE_ZERO) != 0 && !is_clean && user_size > old_size) {
        struct slice *slice = slice_of(data);
        bool is_whole = old_size == 0 && heap->checks == 0 && slice_is_large(slice);
        if (is_whole && large_zero(slice)) {
            return;
        }
        memset((char *)data + old_size, 0, user_size - old_size);
    }
}

static NOINLINE void *alloc_slow(struct heap *heap, size_t size, size_t alignment, uint32_t flags)
{
    struct session session;
    session_begin(&session, heap, flags);
    flags |= (heap->flags & HALDE_HEAP_ZERO) != 0 ? HALDE_ZERO : 0;
    bool is_clean = false;
    bool is_damaged =
        (heap->checks & HALDE_CHECK_ALWAYS) != 0 && validate_all(heap, NULL) != HALDE_OK;
    void *block = is_damaged ? NULL : alloc_in(&session, size, alignment, flags, &is_clean);
    bool is_apart = heap->checks == 0; // then only zeroes are missing, and nobody waits for them
    if (block != NULL && !is_apart) {
        finish_block(heap, block, 0, size, flags, is_clean);
    }
    session_end(&session);
    if (block != NULL && is_apart) {
        finish_block(heap, block, 0, size, flags, is_clean);
    }
    return block;
}

// The first blocks of a heap, without a session. The caller is inside the gate.
static NOINLINE void *alloc_first(
    struct heap *heap, struct thread *thread, uint32_t size_class, size_t size, uint32_t flags)
{
    void *block = NULL;
    if (is_early(heap, size_class)) {
        block = mixed_bump(heap, size);
        if (LIKELY(block != NULL)) {
            side_record_begin_mixed(heap, block);
        } else {
            block = alloc_in_mixed(heap, size, size, GRANULE_SIZE);
        }
    }
    if (UNLIKELY(block == NULL)) {
        gate_leave(thread);
        return alloc_slow(heap, size, GRANULE_SIZE, flags);
    }
    heap->class_live[size_class]++;
    heap->mixed_uses++;
    gate_leave(thread);
    return (flags & HALDE_ZERO) != 0 ? memset(block, 0, size) : block;
}

// The fast path once more: for other heaps than the last one used, for gates that need a fence,
// for empty magazines, and for the first blocks of a heap.
static NOINLINE void *alloc_again(
    struct heap *heap, struct thread *thread, struct opening *opening, size_t size, uint32_t flags)
{
    struct cache *cache;
    if (size > CLASS_MAX || !gate_enter(thread, heap, opening, &cache)) {
        return alloc_slow(heap, size, GRANULE_SIZE, flags);
    }
    uint32_t size_class = size_class_of(size);
    void *block =
        cache == NULL ? NULL : take_block(cache, size_class, size, class_has_words(size_class));
    if (block == NULL) {
        return alloc_first(heap, thread, size_class, size, flags);
    }
    gate_leave(thread);
    return (flags & HALDE_ZERO) != 0 ? memset(block, 0, size) : block;
}

// A block for a heap without any span, which the caller's opening names: the quick case of
// alloc_first(). NULL, with nothing changed, when it is not that.
static void *alloc_early_open(struct thread *thread, const halde_heap *handle, size_t size)
{
    struct opening *opening = &thread->open;
    void *block = NULL;
    if (size <= CLASS_BYTE_MAX && gate_enter_opening(thread, opening, (uintptr_t)handle) &&
        opening->records == cache_no_records) {
        struct heap *heap = opening->cache->heap;
        uint32_t size_class = size_class_of(size);
        if (is_early(heap, size_class)) {
            block = mixed_bump(heap, size);
        }
        if (block != NULL) {
            heap->class_live[size_class]++;
            heap->mixed_uses++;
        }
    }
    gate_leave(thread);
    return block;
}

NOINLINE void *fast_alloc_rest(halde_heap *handle, size_t size, uint32_t flags)
{
    struct thread *thread = thread_current;
    if (flags == 0) {
        void *block = alloc_early_open(thread, handle, size);
        if (block != NULL) {
            return block;
        }
    }
    if (size > CLASS_BYTE_MAX && size <= CLASS_MAX && flags == 0) {
        void *block = fast_alloc_words_in(thread, &thread->open, handle, size);
        if (block != NULL) {
            return block;
        }
    }
    struct heap *heap = heap_of(handle);
    return heap == NULL ? NULL : alloc_again(heap, thread, &thread->open, size, flags);
}

NOINLINE void *fast_malloc_rest(size_t size, uint32_t flags)
{
    halde_heap *handle = RELAXED_LOAD(fast_home);
    struct thread *thread = thread_current;
    void *block = fast_malloc_words(size);
    if (block != NULL) {
        return (flags & HALDE_ZERO) != 0 ? memset(block, 0, size) : block;
    }
    if (UNLIKELY(handle == NULL)) {
        handle = halde_process_heap();
    }
    struct heap *heap = heap_of(handle);
    struct opening *opening = fast_opening(thread, handle);
    return heap == NULL ? NULL : alloc_again(heap, thread, opening, size, flags);
}

ALWAYS_INLINE void *alloc_for(halde_heap *handle, size_t size, uint32_t flags, const void *caller)
{
    void *block = fast_alloc(handle, size);
    if (UNLIKELY(block == NULL)) {
        return observed_alloc(handle, size, flags, caller);
    }
    return UNLIKELY((flags & HALDE_ZERO) != 0) ? memset(block, 0, size) : block;
}

void *halde_heap_alloc(halde_heap *handle, size_t size, uint32_t flags)
{
    return alloc_for(handle, size, flags, CALLER);
}

void *heap_alloc_for(halde_heap *handle, size_t size, uint32_t flags, const void *caller)
{
    return alloc_for(handle, size, flags, caller);
}

void *heap_alloc_plain(halde_heap *handle, size_t size, size_t alignment, uint32_t flags)
{
    if (alignment == 0) {
        return fast_alloc_rest(handle, size, flags);
    }
    struct heap *heap = heap_of(handle);
    if (heap == NULL || !bits_is_power_of_two(alignment)) {
        return NULL;
    }
    return alloc_slow(heap, size, size_max(alignment, GRANULE_SIZE), flags);
}

// ---- Free -------------------------------------------------------------------------------------

// Gives empty spans of the session's cache back to the heap; one stays for the next burst.  On the
// way to central somebody else may have ended one.
static void release_empty(struct session *session, struct slice **spans, uint32_t count)
{
    if (count == 0 || !session_try_central(session)) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct slice *span = spans[i];
        bool is_own = slice_is_span(span) && span_owner(span) == session->cache;
        if (is_own && (span->flags & SLICE_FLAG_LISTED) != 0 &&
            (span->next != 0 || span->previous != 0) &&
            span_free_count(span) == span->block_count && span_can_end(span)) {
            release_span(session->heap, span);
        }
    }
}

// Frees a block of a span that the session's cache owns.
static void free_local(struct session *session, struct slice *span, uint32_t index)
{
    span_set_state(span, index, 0);
    span->freed++;
    if (span->freed >= span->freed_limit && cache_evaluate_span(span)) {
        release_empty(session, &span, 1);
    }
}

static void free_in_span(struct session *session, const struct block *block)
{
    struct slice *span = block->slice;
    if (session->cache != NULL && span_owner(span) == session->cache) {
        free_local(session, span, block->index);
    } else {
        span_free_remote(span, block->index);
    }
}

static void free_block(struct session *session, const struct block *block, void *data)
{
    struct heap *heap = session->heap;
    if (heap_zeroes_freed(heap) &&
        !slice_is_large(block->slice)) { // large_free() does it for those
        memset(data, 0, block->block_size);
    }
    if (heap->checks != 0) {
        checks_block_freed(block, data);
    }
    if (block->has_info) {
        user_info_remove(heap, data);
        block_set_info_flag(block, false);
    }
    if (slice_kind(block->slice) == SLICE_MIXED) {
        free_in_mixed(heap, block);
    } else if (slice_is_large(block->slice)) {
        large_free(heap, block->slice);
    } else {
        free_in_span(session, block);
    }
}

// Finds the block; raises the session to central when finding it or working on it needs that.
static enum halde_status find_for_change(
    struct session *session, const void *data, uint32_t flags, struct block *block)
{
    struct slice *slice = slice_of(data);
    if (slice == NULL || !slice_is_span(slice_first(slice))) {
        session_make_central(session, flags);
    }
    enum halde_status status = block_find(session->heap, data, block);
    bool needs_central = status == HALDE_OK && (!slice_is_span(block->slice) || block->has_info);
    if (needs_central && !session->is_central) {
        session_make_central(session, flags);
        status = block_find(session->heap, data, block);
    }
    if (status == HALDE_OK && session->heap->checks != 0) {
        struct halde_damage damage;
        status = checks_tail(block, data, &damage);
        if (status == HALDE_OK && (session->heap->checks & HALDE_CHECK_ALWAYS) != 0) {
            status = validate_all(session->heap, NULL);
        }
    }
    return status;
}

static NOINLINE enum halde_status free_slow(struct heap *heap, void *data, uint32_t flags)
{
    struct session session;
    session_begin(&session, heap, flags);
    struct block block;
    enum halde_status status = find_for_change(&session, data, flags, &block);
    if (status == HALDE_OK) {
        free_block(&session, &block, data);
    }
    session_end(&session);
    return status;
}

enum {
    EMPTY_MAX = 8, // empty spans to give back after one flush; the others wait for the next
};

// Makes room in a full magazine. Returns how many spans it has found empty.
static uint32_t make_room(struct cache *cache, struct class_record *record, struct slice **empty)
{
    if (cache_grow_magazine(record)) {
        return 0;
    }
    uint32_t half = (cache_magazine_count(record) + 1) / 2;
    uint32_t empty_count = cache_flush(cache, record, half, empty, EMPTY_MAX);
    purge_after_flush(cache, (size_t)half * record->block_size);
    return empty_count;
}

// Frees a plain busy block of a span that the cache owns: into its magazine, of which half goes
// back to the spans first when it is full.  The caller is inside the gate, which this leaves.
static void put_block(struct heap *heap, struct thread *thread, struct cache *cache,
    struct class_record *record, void *data, uint8_t *state, bool has_words)
{
    struct slice *empty[EMPTY_MAX];
    uint32_t empty_count = 0;
    if (record->top == record->limit) {
        empty_count = make_room(cache, record, empty);
    }
    fast_put_block(record, data, state, has_words);
    if (LIKELY(empty_count == 0)) {
        gate_leave(thread);
        return;
    }
    struct session session = {
        .heap = heap, .thread = thread, .cache = cache, .is_central = !heap->is_shared};
    release_empty(&session, empty, empty_count);
    session_end(&session);
}

// Whether a thread keeps blocks of this size that came from another cache's span.
static bool is_kept(uint32_t block_size)
{
    return block_size >= SPAN_KEPT_SIZE_MIN && block_size <= CLASS_BYTE_MAX;
}

// Frees a block of another cache's span.  Small blocks go straight back: kept, they would share the
// processor's cache lines with those of other threads for ever.  The caller is inside the gate,
// which this leaves.
static bool free_remote(struct heap *heap, struct thread *thread, struct cache *cache,
    struct slice *span, uint32_t index, void *data)
{
    struct slice *empty[EMPTY_MAX];
    uint32_t empty_count = 0;
    uint32_t block_size = RELAXED_LOAD(span->block_size);
    bool is_freed = false;
    if (cache != NULL && is_kept(block_size)) {
        struct class_record *record = &cache->records[RELAXED_LOAD(span->size_class)];
        if (record->block_size != 0 && record->top == record->limit) {
            empty_count = make_room(cache, record, empty);
        }
        is_freed = span_keep_remote(record, RELAXED_LOAD(span->map) + index, data);
    }
    is_freed = is_freed || span_free_remote(span, index);
    if (LIKELY(empty_count == 0)) {
        gate_leave(thread);
        return is_freed;
    }
    struct session session = {
        .heap = heap, .thread = thread, .cache = cache, .is_central = !heap->is_shared};
    release_empty(&session, empty, empty_count);
    session_end(&session);
    return is_freed;
}

// The fast path with everything it left out: other heaps than the last one, fenced gates, full
// magazines.
static NOINLINE enum halde_status free_again(
    struct heap *heap, struct opening *opening, struct slice *span, void *data, uint32_t flags)
{
    struct thread *thread = thread_current;
    struct cache *cache;
    if (!gate_enter(thread, heap, opening, &cache)) {
        return free_slow(heap, data, flags);
    }
    bool has_words = slice_kind(span) == SLICE_SPAN_WORDS;
    uint32_t index = 0;
    uint8_t *state = NULL;
    bool is_block = slice_heap(span) == heap && span_find(span, (uintptr_t)data, &index);
    if (LIKELY(is_block)) {
        state = RELAXED_LOAD(span->map) + ((size_t)index << has_words);
    }
    if (UNLIKELY(!is_block || !fast_is_plain_busy(state, has_words))) {
        gate_leave(thread);
        return free_slow(heap, data, flags);
    }
    if (UNLIKELY(heap_zeroes_freed(heap))) {
        memset(data, 0, span->block_size);
    }
    if (cache != NULL && span_owner(span) == cache) {
        put_block(heap, thread, cache, span->record, data, state, has_words);
        return HALDE_OK;
    }
    return free_remote(heap, thread, cache, span, index, data) ? HALDE_OK : HALDE_BLOCK_FREED;
}

enum halde_status halde_heap_free(halde_heap *handle, void *data, uint32_t flags)
{
    return LIKELY(fast_free(handle, data)) ? HALDE_OK : observed_free(handle, data, flags);
}

enum halde_status heap_free_plain(halde_heap *handle, void *data, uint32_t flags)
{
    return fast_free_rest(handle, data, flags);
}

// A block of the mixed span of a heap that is the caller's alone. Returns false, with nothing
// changed, when the slow path must judge.
static bool free_first(struct heap *heap, void *data)
{
    struct thread *thread = thread_current;
    struct cache *cache;
    if (!gate_enter(thread, heap, NULL, &cache)) {
        return false;
    }
    struct block block;
    bool is_plain = !heap->is_shared && !heap_zeroes_freed(heap) &&
                    block_find(heap, data, &block) == HALDE_OK &&
                    slice_kind(block.slice) == SLICE_MIXED && !block.has_info;
    if (is_plain) {
        free_in_mixed(heap, &block);
    }
    gate_leave(thread);
    return is_plain;
}

// Frees a plain busy block of a span, where that takes no more than the caller's magazine or a
// remote free. The caller is inside the heap, and `cache` its. False: nothing has changed.
ALWAYS_INLINE bool free_inside(
    const struct heap *heap, struct cache *cache, struct slice *span, void *data)
{
    bool has_words = slice_kind(span) == SLICE_SPAN_WORDS;
    uint32_t index;
    if (slice_heap(span) != heap || !span_find(span, (uintptr_t)data, &index)) {
        return false;
    }
    uint8_t *state = RELAXED_LOAD(span->map) + ((size_t)index << has_words);
    if (!fast_is_plain_busy(state, has_words)) {
        return false;
    }
    if (span_owner(span) == cache) {
        struct class_record *record = span->record;
        if (record->top == record->limit) {
            return false;
        }
        fast_put_block(record, data, state, has_words);
        return true;
    }
    if (is_kept(RELAXED_LOAD(span->block_size))) {
        struct class_record *record = &cache->records[RELAXED_LOAD(span->size_class)];
        if (record->block_size != 0 && record->top == record->limit) {
            return false;
        }
        if (span_keep_remote(record, RELAXED_LOAD(span->map) + index, data)) {
            return true;
        }
    }
    return span_free_remote(span, index);
}

// The fast path for what is rarer: 16-bit states, and blocks of other caches' spans. False: nothing
// has changed.
static bool free_open(
    struct opening *opening, const struct heap *heap, struct slice *span, void *data)
{
    struct thread *thread = thread_current;
    bool is_freed = gate_enter_opening(thread, opening, heap->handle) &&
                    free_inside(heap, opening->cache, span, data);
    gate_leave(thread);
    return is_freed;
}

// A block in a slice that is the heap's.
static enum halde_status free_in_slice(
    struct heap *heap, struct opening *opening, struct slice *slice, void *data, uint32_t flags)
{
    slice = slice_first(slice);
    if (slice_is_span(slice)) {
        return free_open(opening, heap, slice, data)
                   ? HALDE_OK
                   : free_again(heap, opening, slice, data, flags);
    }
    bool is_mixed = slice_kind(slice) == SLICE_MIXED;
    return is_mixed && free_first(heap, data) ? HALDE_OK : free_slow(heap, data, flags);
}

NOINLINE enum halde_status fast_free_rest(halde_heap *handle, void *data, uint32_t flags)
{
    struct heap *heap = heap_of(handle);
    if (heap == NULL || data == NULL) {
        return data == NULL ? HALDE_OK : HALDE_BAD_HEAP;
    }
    struct slice *slice = slice_of(data);
    if (slice == NULL || slice_heap(slice) != heap) {
        return free_slow(heap, data, flags);
    }
    return free_in_slice(heap, &thread_current->open, slice, data, flags);
}

NOINLINE enum halde_status fast_free_any_rest(void *data, halde_heap **handle)
{
    *handle = NULL;
    if (data == NULL) {
        return HALDE_OK;
    }
    struct slice *slice = slice_of(data);
    if (slice == NULL) {
        return HALDE_BLOCK_UNKNOWN;
    }
    struct heap *heap = slice_heap(slice);
    *handle = heap == NULL ? NULL : (halde_heap *)RELAXED_LOAD(heap->handle);
    if (*handle == NULL) {
        return HALDE_BLOCK_FREED;
    }
    return free_in_slice(heap, fast_opening(thread_current, *handle), slice, data, 0);
}

// ---- Resize -----------------------------------------------------------------------------------

// A span's block keeps its place when the size class stays the same; when it must, as long as its
// state can hold the slack.
static bool resize_in_span(
    const struct block *block, size_t size, size_t user_size, bool in_place_only)
{
    struct slice *span = block->slice;
    size_t slack_max =
        (slice_kind(span) == SLICE_SPAN_BYTES ? STATE_INFO_BYTE : STATE_INFO_WORD) - 2;
    if (size > span->block_size || span->block_size - user_size > slack_max ||
        (!in_place_only && user_size < block->user_size &&
            size_class_of(size) != span->size_class)) {
        return false;
    }
    uint32_t info_flag = slice_kind(span) == SLICE_SPAN_BYTES ? STATE_INFO_BYTE : STATE_INFO_WORD;
    uint32_t state = span->block_size - (uint32_t)user_size + 1;
    span_set_state(span, block->index, state | (block->has_info ? info_flag : 0));
    return true;
}

// A block of an aligned request may lie in a larger class than its size's own: there only growth
// within it.
static bool resize_in_place(
    const struct block *block, size_t size, size_t user_size, bool in_place_only)
{
    struct heap *heap = block->heap;
    struct slice *slice = block->slice;
    if (slice_kind(slice) == SLICE_MIXED) {
        uintptr_t start = heap->handle + ((uintptr_t)block->index << GRANULE_SHIFT);
        bool is_resized = mixed_resize(heap, block->index, size, user_size);
        if (is_resized && mixed_block_size(size) < block->block_size) {
            checks_range_freed(heap, start + mixed_block_size(size), start + block->block_size);
        }
        return is_resized;
    }
    if (!slice_is_large(slice)) {
        return resize_in_span(block, size, user_size, in_place_only);
    }
    // Outside of regions the tail of a block that shrank is gone, as on Windows.
    bool may_extend = !(in_place_only && slice_kind(slice) == SLICE_ALONE);
    bool is_too_small = !in_place_only && user_size <= CLASS_MAX;
    return !is_too_small && large_resize(heap, slice, size, user_size, may_extend);
}

// Room to grow beyond `size` bytes: in a large block it costs addresses, not memory.
static size_t headroom_for(size_t size)
{
    return size + size / 8 > CLASS_MAX ? size / 2 : size / 8;
}

// A large block of malloc's whose bytes are copied, and which is freed, after the session: copying
// them takes long and means page faults, for which the heap's other threads do not wait.
struct move {
    const struct slice *from; // NULL: everything was done in the session
    const struct slice *to;
    size_t size;
};

static bool is_copied_apart(
    const struct heap *heap, const struct block *old, const struct block *block, uint32_t flags)
{
    return flags == ENGINE_HEADROOM && heap->is_shared && heap->checks == 0 && !old->has_info &&
           slice_is_large(old->slice) && slice_is_large(block->slice) &&
           old->user_size >= APART_SIZE_MIN;
}

// Moves a block: within one session, so that a walk sees the old one or the new one, but for those
// that are copied apart.
static void *move_block(struct session *session, struct block *old, void *data, size_t user_size,
    uint32_t flags, struct move *move)
{
    struct heap *heap = session->heap;
    bool is_clean;
    bool wants_headroom = (flags & ENGINE_HEADROOM) != 0 && user_size > old->user_size &&
                          user_size + user_size / 8 > CLASS_MAX;
    void *moved = NULL;
    if (wants_headroom) {
        moved =
            alloc_in(session, user_size + headroom_for(user_size), GRANULE_SIZE, flags, &is_clean);
    }
    if (moved == NULL) {
        moved = alloc_in(session, user_size, GRANULE_SIZE, flags, &is_clean);
    }
    struct block block;
    if (moved == NULL || block_find(heap, moved, &block) != HALDE_OK) {
        return NULL;
    }
    if (wants_headroom && slice_is_large(block.slice)) {
        RELAXED_STORE(block.slice->user_size, user_size);
        block.user_size = user_size;
    }
    struct halde_user_info info;
    bool has_info = old->has_info && user_info_get(heap, data, &info);
    if (has_info) {
        if (!user_info_set(heap, moved, &info)) {
            block.has_info = false;
            free_block(session, &block, moved);
            return NULL;
        }
        block_set_info_flag(&block, true);
    }
    size_t kept = size_min(old->user_size, user_size);
    if (is_copied_apart(heap, old, &block, flags)) {
        *move = (struct move){old->slice, block.slice, kept};
        return moved;
    }
    if (slice_is_large(old->slice) && slice_is_large(block.slice)) {
        large_copy(old->slice, block.slice, kept);
    } else {
        memcpy(moved, data, kept);
    }
    free_block(session, old, data);
    return moved;
}

static void *realloc_in(struct session *session, void *data, size_t user_size, uint32_t flags,
    enum halde_status *status, struct move *move)
{
    struct heap *heap = session->heap;
    struct block block;
    *status = find_for_change(session, data, flags, &block);
    if (*status != HALDE_OK) {
        return NULL;
    }
    size_t size;
    bool is_too_big = __builtin_add_overflow(user_size, checks_extra(heap), &size) ||
                      size > SIZE_MAX / 2 || (heap->maximum_size != 0 && size >= LARGE_ALONE_SIZE);
    size_t old_size = block.user_size;
    bool in_place_only = (flags & HALDE_IN_PLACE) != 0;
    void *result = NULL;
    if (!is_too_big && resize_in_place(&block, size, user_size, in_place_only)) {
        result = data;
        if (slice_kind(block.slice) == SLICE_MIXED) {
            use_mixed(heap, data, size);
        }
        if (heap_zeroes_freed(heap) && user_size < old_size) {
            bool is_large = slice_is_large(block.slice);
            size_t end = is_large ? size_min(old_size, large_capacity(block.slice)) : old_size;
            memset((char *)data + user_size, 0, end - user_size);
        }
    } else if (!is_too_big && !in_place_only) {
        result = move_block(session, &block, data, user_size, flags, move);
    }
    if (result == NULL) {
        *status = HALDE_NO_MEMORY;
        return NULL;
    }
    finish_block(heap, result, old_size, user_size, flags, false);
    return result;
}

// Where a block of a span that has `user_size` bytes finds room: in its place or in a block out of
// a magazine. NULL, with nothing changed, when neither will do.
static void *resize_inside(struct cache *cache, const struct block *block, void *data,
    size_t user_size, size_t wanted_size)
{
    struct slice *span = block->slice;
    size_t slack = block->block_size - user_size;
    bool stays = user_size <= block->block_size &&
                 (user_size >= block->user_size || size_class_of(user_size) == span->size_class) &&
                 slack <= STATE_INFO_WORD - 2 &&
                 (slice_kind(span) == SLICE_SPAN_WORDS || slack <= STATE_INFO_BYTE - 2);
    if (stays) {
        span_set_state(span, block->index, (uint32_t)slack + 1);
        return data;
    }
    uint32_t size_class = size_class_of(wanted_size);
    void *moved = take_block(cache, size_class, user_size, class_has_words(size_class));
    if (moved != NULL) {
        memcpy(moved, data, size_min(block->user_size, user_size));
    }
    return moved;
}

// A large block that grows within its slices: its size is its user's alone.  False: nothing has
// changed.
static bool grow_large(
    struct heap *heap, struct slice *slice, const void *data, size_t user_size, uint32_t flags)
{
    struct thread *thread = thread_current;
    struct opening *opening = fast_opening(thread, (halde_heap *)heap->handle);
    struct cache *cache;
    if ((flags & ~ENGINE_HEADROOM) != 0 || !gate_enter(thread, heap, opening, &cache)) {
        return false;
    }
    bool stays = slice_heap(slice) == heap && slice_is_large(slice) && data == large_block(slice) &&
                 user_size > RELAXED_LOAD(slice->user_size) && user_size <= large_capacity(slice) &&
                 (slice_kind(slice) == SLICE_ALONE || user_size < LARGE_ALONE_SIZE) &&
                 (slice->flags & SLICE_FLAG_USER_INFO) == 0;
    if (stays) {
        RELAXED_STORE(slice->user_size, user_size);
    }
    gate_leave(thread);
    return stays;
}

// Resizes a plain block within one pass of the gate, so that a walk sees the old block or the new
// one. NULL, with nothing changed, when the slow path must do it.
static void *resize_again(struct heap *heap, void *data, size_t user_size, uint32_t flags)
{
    struct thread *thread = thread_current;
    struct opening *opening = fast_opening(thread, (halde_heap *)heap->handle);
    size_t wanted_size = user_size;
    if ((flags & ENGINE_HEADROOM) != 0 && user_size > CLASS_BYTE_MAX) {
        wanted_size += headroom_for(user_size);
    }
    struct slice *slice = slice_of(data);
    if (slice != NULL && slice_is_large(slice)) {
        return grow_large(heap, slice, data, user_size, flags) ? data : NULL;
    }
    struct cache *cache;
    bool is_plain = (flags & ~ENGINE_HEADROOM) == 0 && wanted_size <= CLASS_MAX && slice != NULL &&
                    slice_is_span(slice_first(slice)) && !heap_zeroes_freed(heap);
    if (!is_plain || !gate_enter(thread, heap, opening, &cache)) {
        return NULL;
    }
    struct block block;
    bool is_busy = cache != NULL && block_find(heap, data, &block) == HALDE_OK &&
                   slice_is_span(block.slice) && !block.has_info;
    if (is_busy && user_size <= block.user_size) {
        wanted_size = user_size;
    }
    void *result = is_busy ? resize_inside(cache, &block, data, user_size, wanted_size) : NULL;
    if (result == NULL || result == data) {
        gate_leave(thread);
        return result;
    }
    bool has_words = slice_kind(block.slice) == SLICE_SPAN_WORDS;
    if (span_owner(block.slice) == cache) {
        put_block(heap, thread, cache, block.slice->record, data,
            block.slice->map + ((size_t)block.index << has_words), has_words);
        return result;
    }
    span_free_remote(block.slice, block.index);
    gate_leave(thread);
    return result;
}

void *heap_resize_quick(void *data, size_t size, uint32_t flags)
{
    struct slice *slice = slice_of(data);
    struct heap *heap = slice == NULL ? NULL : slice_heap(slice);
    return heap == NULL || RELAXED_LOAD(heap->handle) == 0 ? NULL
                                                           : resize_again(heap, data, size, flags);
}

// The rest of a move, outside of the session. Whoever frees the block meanwhile loses the new one.
static void *finish_move(
    halde_heap *handle, void *data, const struct move *move, enum halde_status *status)
{
    void *moved = large_block(move->to);
    large_copy(move->from, move->to, move->size);
    *status = heap_free_plain(handle, data, 0);
    if (UNLIKELY(*status != HALDE_OK)) {
        heap_free_plain(handle, moved, 0);
        return NULL;
    }
    return moved;
}

NOINLINE void *heap_realloc_rest(
    halde_heap *handle, void *data, size_t size, uint32_t flags, enum halde_status *status)
{
    struct heap *heap = heap_of(handle);
    if (heap == NULL) {
        *status = HALDE_BAD_HEAP;
        return NULL;
    }
    struct session session;
    session_begin(&session, heap, flags);
    flags |= (heap->flags & HALDE_HEAP_ZERO) != 0 ? HALDE_ZERO : 0;
    struct move move = {0};
    void *result = realloc_in(&session, data, size, flags, status, &move);
    session_end(&session);
    return move.from == NULL ? result : finish_move(handle, data, &move, status);
}

void *heap_realloc_plain(
    halde_heap *handle, void *data, size_t size, uint32_t flags, enum halde_status *status)
{
    struct heap *heap = heap_of(handle);
    if (heap == NULL || data == NULL) {
        *status = heap == NULL ? HALDE_BAD_HEAP : HALDE_BAD_ARGUMENT;
        return NULL;
    }
    *status = HALDE_OK;
    void *result = resize_again(heap, data, size, flags);
    return LIKELY(result != NULL) ? result : heap_realloc_rest(handle, data, size, flags, status);
}

// ---- Questions --------------------------------------------------------------------------------

static enum halde_status find_in_session(struct heap *heap, const void *data, struct block *block)
{
    struct session session;
    session_begin_central(&session, heap, HALDE_UNLOCKED);
    enum halde_status status = block_find(heap, data, block);
    session_end(&session);
    return status;
}

// Finds a block for a question. Only the mixed span's map may change under the feet of other
// blocks' owners.
static enum halde_status find_for_question(struct heap *heap, const void *data, struct block *block)
{
    struct slice *slice = slice_of(data);
    bool is_mixed =
        slice != NULL && slice_heap(slice) == heap && slice_kind(slice_first(slice)) == SLICE_MIXED;
    return is_mixed ? find_in_session(heap, data, block) : block_find(heap, data, block);
}

enum halde_status halde_heap_size(const halde_heap *handle, const void *data, size_t *size)
{
    struct heap *heap = heap_of(handle);
    if (heap == NULL) {
        return HALDE_BAD_HEAP;
    }
    size_t known = fast_size(data);
    if (LIKELY(known != SIZE_MAX && slice_heap(slice_of(data)) == heap)) {
        *size = known;
        return HALDE_OK;
    }
    struct block block;
    enum halde_status status = find_for_question(heap, data, &block);
    if (status == HALDE_OK) {
        *size = block.user_size;
    }
    return status;
}

// The asker may not know of the block's heap at all: it must not be destroyed meanwhile.
static halde_heap *find_in_any(const void *data, struct block *block)
{
    halde_heap *handle = NULL;
    heap_list_lock();
    struct slice *slice = slice_of(data);
    struct heap *heap = slice == NULL ? NULL : slice_heap(slice);
    if (heap != NULL && heap->handle != 0 && find_for_question(heap, data, block) == HALDE_OK) {
        handle = (halde_heap *)heap->handle;
    }
    heap_list_unlock();
    return handle;
}

halde_heap *halde_heap_of_block(const void *data)
{
    struct block block;
    return find_in_any(data, &block);
}

bool engine_block_is_in_span(const void *data)
{
    struct block block;
    return find_in_any(data, &block) != NULL && slice_is_span(block.slice);
}

// ---- User info --------------------------------------------------------------------------------

enum halde_status halde_heap_set_user_info(
    halde_heap *handle, void *data, const struct halde_user_info *info)
{
    struct heap *heap = heap_of(handle);
    if (heap == NULL || info == NULL) {
        return heap == NULL ? HALDE_BAD_HEAP : HALDE_BAD_ARGUMENT;
    }
    struct session session;
    session_begin_central(&session, heap, 0);
    struct block block;
    enum halde_status status = block_find(heap, data, &block);
    if (status == HALDE_OK) {
        status = user_info_set(heap, data, info) ? HALDE_OK : HALDE_NO_MEMORY;
    }
    if (status == HALDE_OK) {
        block_set_info_flag(&block, true);
    }
    session_end(&session);
    return status;
}

enum halde_status halde_heap_get_user_info(
    const halde_heap *handle, const void *data, struct halde_user_info *info)
{
    struct heap *heap = heap_of(handle);
    if (heap == NULL || info == NULL) {
        return heap == NULL ? HALDE_BAD_HEAP : HALDE_BAD_ARGUMENT;
    }
    struct session session;
    session_begin_central(&session, heap, 0);
    struct block block;
    enum halde_status status = block_find(heap, data, &block);
    if (status == HALDE_OK) {
        status = block.has_info && user_info_get(heap, data, info) ? HALDE_OK : HALDE_NOT_FOUND;
    }
    session_end(&session);
    return status;
}
