// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "engine/span.h"

#include <string.h>

#include "base/zero_mask.h"

enum {
    COLOUR_MAX = 448, // bytes given away so that first blocks do not share cache sets
    COLOUR_STEP = 64,
    COLOUR_COUNT = 8,
    THRESHOLD_SHIFT = 3, // a given-up span comes back when 1/8 of it is free
};

// First block's offset: what is left over anyway, and for small blocks a little more, in steps that
// keep the block size's own alignment.
static uint32_t colour_for(const struct slice *first, uint32_t size, uint32_t span_size)
{
    uint32_t step = size & -size;
    step = step < COLOUR_STEP ? COLOUR_STEP : step;
    uint32_t spare = span_size % size;
    uint32_t room = size <= 512 ? COLOUR_MAX : spare;
    uint32_t wanted = (slice_number(first) % COLOUR_COUNT) * step;
    if (size == GRANULE_SIZE && wanted == 0) {
        wanted = step; // a free block of this size is reported at its start, which must not be a
                       // region's
    }
    return wanted <= room ? wanted : 0;
}

size_t span_map_size(const struct slice *span)
{
    size_t states = bits_round_up(span->block_count, STATE_GROUP_SIZE);
    return span->kind == SLICE_SPAN_BYTES ? states : states * 2;
}

static uint16_t threshold_of(const struct slice *span)
{
    uint16_t threshold = (uint16_t)(span->block_count >> THRESHOLD_SHIFT);
    return threshold == 0 ? 1 : threshold;
}

bool span_init(struct slice *first, struct cache *cache, uint32_t size_class)
{
    uint32_t size = size_class_block_size(size_class);
    uint32_t slice_count = size > CLASS_ONE_SLICE_MAX ? SPAN_LARGE_SLICES : 1;
    uint32_t span_size = slice_count << SLICE_SHIFT;
    uint32_t offset = colour_for(first, size, span_size);
    bool has_words = class_has_words(size_class);
    uint32_t count = (span_size - offset) / size;
    size_t map_size = bits_round_up(count, STATE_GROUP_SIZE) << has_words;
    uint8_t *map = metadata_alloc(map_size);
    if (map == NULL) {
        return false;
    }
    memset(map, 0, (size_t)count << has_words);
    memset(map + ((size_t)count << has_words), STATE_UNUSABLE,
        map_size - ((size_t)count << has_words));

    first->map = map;
    first->record = &cache->records[size_class];
    first->reciprocal = (uint32_t)((((uint64_t)1 << 32) + size - 1) / size);
    first->block_size = size;
    first->first_offset = (uint16_t)offset;
    first->block_count = (uint16_t)count;
    first->freed = 0;
    first->size_class = (uint8_t)size_class;
    first->distance = 0;
    first->flags &= SLICE_FLAG_REGION_START;
    first->next = 0;
    first->previous = 0;
    first->freed_limit = threshold_of(first);
    atomic_store_explicit(&first->owner, cache, memory_order_relaxed);
    for (uint32_t i = 1; i < slice_count; i++) {

        first[i].distance = (uint8_t)i;
        first[i].kind = SLICE_INSIDE;
    }
    struct remote *remote = &pool.remotes[slice_number(first)];
    atomic_store_explicit(&remote->freed, 0, memory_order_relaxed);
    atomic_store_explicit(&remote->wanted, REMOTE_NOT_WANTED, memory_order_relaxed);
    first->kind = has_words ? SLICE_SPAN_WORDS : SLICE_SPAN_BYTES;
    return true;
}

void span_release(struct slice *span)
{
    uint32_t slice_count = span_slice_count(span);
    metadata_free(span->map, span_map_size(span));
    for (uint32_t i = 0; i < slice_count; i++) {
        span[i].kind = SLICE_NONE;
    }
    atomic_store_explicit(
        &span->owner, NULL, memory_order_relaxed); // nobody's: `record` is no record now
}

uint64_t span_free_mask(const struct slice *span, uint32_t group)
{
    if (span->kind == SLICE_SPAN_BYTES) {
        return zero_mask_bytes(span->map + (size_t)group * STATE_GROUP_SIZE);
    }
    return zero_mask_words(
        (const uint16_t *)(const void *)span->map + (size_t)group * STATE_GROUP_SIZE);
}

uint32_t span_free_count(const struct slice *span)
{
    uint32_t free_count = 0;
    for (uint32_t group = 0; group < span_group_count(span); group++) {
        free_count += (uint32_t)__builtin_popcountll(span_free_mask(span, group));
    }
    return free_count;
}

// ---- Records ----------------------------------------------------------------------------------

HIDDEN struct class_record cache_no_records[CLASS_COUNT];

// Unused record arrays are all zero, so that a cache touches only the pages of the classes it uses.
static struct {
    struct os_mutex mutex;
    struct class_record *unused; // linked through `next`
} arrays;

static struct class_record *take_records(void)
{
    os_mutex_lock(&arrays.mutex);
    struct class_record *records = arrays.unused;
    if (records != NULL) {
        arrays.unused = records->next;
        records->next = NULL;
    }
    os_mutex_unlock(&arrays.mutex);
    if (records == NULL) {
        records = metadata_alloc_new(CLASS_COUNT * sizeof(*records));
    }
    return records;
}

void cache_lock_all(void)
{
    os_mutex_lock(&arrays.mutex);
}

void cache_unlock_all(void)
{
    os_mutex_unlock(&arrays.mutex);
}

void cache_release_records(struct cache *cache)
{
    struct class_record *records = cache->records;
    if (records == cache_no_records) {
        return;
    }
    for (uint32_t i = 0; i < USED_WORD_COUNT; i++) {
        for (uint64_t used = cache->used[i]; used != 0; used &= used - 1) {
            memset(&records[i * 64 + bits_lowest(used)], 0, sizeof(*records));
        }
        cache->used[i] = 0;
    }
    cache->records = cache_no_records;
    os_mutex_lock(&arrays.mutex);
    records->next = arrays.unused;
    arrays.unused = records;
    os_mutex_unlock(&arrays.mutex);
}

bool cache_use_class(struct cache *cache, uint32_t size_class)
{
    if (cache->records == cache_no_records) {
        struct class_record *records = take_records();
        if (records == NULL) {
            return false;
        }
        cache->records = records;
    }
    cache->used[size_class / 64] |= (uint64_t)1 << (size_class % 64);
    cache->records[size_class].block_size = size_class_block_size(size_class);
    return true;
}

// ---- Lists ------------------------------------------------------------------------------------

static void list_push(struct class_record *record, struct slice *span)
{
    span->flags |= SLICE_FLAG_LISTED;
    span->previous = 0;
    span->next = record->listed;
    if (span->next != 0) {
        slice_at(span->next)->previous = slice_number(span);
    }
    record->listed = slice_number(span);
}

static void list_remove(struct class_record *record, struct slice *span)
{
    span->flags &= (uint8_t)~SLICE_FLAG_LISTED;
    if (span->previous != 0) {
        slice_at(span->previous)->next = span->next;
    } else {
        record->listed = span->next;
    }
    if (span->next != 0) {
        slice_at(span->next)->previous = span->previous;
    }
}

// The given-up list is a ring through `next` and `previous`; the head is the oldest.
static void ring_append(struct class_record *record, struct slice *span)
{
    uint32_t number = slice_number(span);
    span->flags |= SLICE_FLAG_GIVEN_UP;
    if (record->given_up == 0) {
        span->next = span->previous = record->given_up = number;
        return;
    }
    struct slice *oldest = slice_at(record->given_up);
    span->next = record->given_up;
    span->previous = oldest->previous;
    slice_at(oldest->previous)->next = number;
    oldest->previous = number;
}

static void ring_remove(struct class_record *record, struct slice *span)
{
    uint32_t number = slice_number(span);
    span->flags &= (uint8_t)~SLICE_FLAG_GIVEN_UP;
    if (span->next == number) {
        record->given_up = 0;
        return;
    }
    slice_at(span->previous)->next = span->next;
    slice_at(span->next)->previous = span->previous;
    if (record->given_up == number) {
        record->given_up = span->next;
    }
}

// No span is swept; frees must not find a group in hand.
static void leave_span(struct class_record *record)
{
    record->span = NULL;
    record->word = 0;
    record->states = NULL;
    record->next = NULL;
}

void cache_unlink_span(struct slice *span)
{
    struct class_record *record = span->record;
    if ((span->flags & SLICE_FLAG_LISTED) != 0) {
        list_remove(record, span);
    } else if ((span->flags & SLICE_FLAG_GIVEN_UP) != 0) {
        ring_remove(record, span);
    } else if (record->span == span) {
        leave_span(record);
    }
}

// ---- Sweep ------------------------------------------------------------------------------------

void cache_start_span(struct class_record *record, struct slice *span)
{
    record->span = span;
    record->next_group = 0;
    span->freed = 0;
    span->freed_limit = UINT16_MAX;
}

// The next group of the current span with a free block. Where an eighth of what was swept has come
// back, the sweep starts again from the bottom: memory that is warm is used before memory that is
// not.
static bool sweep(struct class_record *record)
{
    struct slice *span = record->span;
    uint32_t swept_count = record->next_group * STATE_GROUP_SIZE;
    if (span->freed > 0 && (uint32_t)span->freed << THRESHOLD_SHIFT >= swept_count) {
        cache_start_span(record, span);
    }
    uint32_t group_count = span_group_count(span);
    while (record->next_group < group_count) {
        uint32_t group = record->next_group++;
        uint64_t mask = span_free_mask(span, group);
        if (mask != 0) {
            uint32_t first = group * STATE_GROUP_SIZE;
            record->word = mask;
            record->base = (char *)span_first_block(span) + (size_t)first * span->block_size;
            record->states = span->map + ((size_t)first << (span->kind == SLICE_SPAN_WORDS));
            return true;
        }
    }
    return false;
}

// Owner's side of `wanted`: a span that was pushed stays so until it is taken off the remote list.
static void set_wanted(struct remote *remote, uint8_t from, uint8_t to)
{
    atomic_compare_exchange_strong_explicit(
        &remote->wanted, &from, to, memory_order_release, memory_order_relaxed);
}

// From now on a free that finds 1/8 of the span free brings it back.
static void give_up(struct class_record *record, struct slice *span)
{
    struct remote *remote = &pool.remotes[slice_number(span)];
    span->freed = 0;
    span->freed_limit = threshold_of(span);
    ring_append(record, span);
    atomic_store_explicit(&remote->freed, 0, memory_order_relaxed);
    set_wanted(remote, REMOTE_NOT_WANTED, REMOTE_WANTED);
}

static void list_again(struct class_record *record, struct slice *span, uint32_t free_count)
{
    ring_remove(record, span);
    set_wanted(&pool.remotes[slice_number(span)], REMOTE_WANTED, REMOTE_NOT_WANTED);
    span->freed = 0;
    uint32_t busy_count = span->block_count - free_count;
    span->freed_limit = (uint16_t)(busy_count == 0 ? 1 : busy_count);
    list_push(record, span);
}

static void take_remote_spans(struct cache *cache)
{
    uint32_t number = atomic_exchange_explicit(&cache->remote, 0, memory_order_acquire);
    while (number != 0) {
        struct slice *span = slice_at(number);
        struct remote *remote = &pool.remotes[number];
        number = atomic_load_explicit(&remote->next, memory_order_relaxed);
        atomic_store_explicit(&remote->wanted, REMOTE_NOT_WANTED, memory_order_relaxed);
        // The span may have been listed or taken for sweeping since it was pushed.
        if ((span->flags & SLICE_FLAG_GIVEN_UP) != 0) {
            list_again(span->record, span, span_free_count(span));
        }
    }
}

// Looks again at the two oldest given-up spans: remote frees that raced with giving up left no
// word.
static void rescan_oldest(struct class_record *record)
{
    for (unsigned i = 0; i < 2 && record->given_up != 0; i++) {
        struct slice *span = slice_at(record->given_up);
        uint32_t free_count = span_free_count(span);
        if (free_count >= threshold_of(span)) {
            list_again(record, span, free_count);
        } else {
            record->given_up = span->next; // the oldest becomes the newest
        }
    }
}

bool span_can_end(struct slice *span)
{
    struct remote *remote = &pool.remotes[slice_number(span)];
    set_wanted(remote, REMOTE_WANTED, REMOTE_NOT_WANTED);
    if (atomic_load_explicit(&remote->wanted, memory_order_relaxed) == REMOTE_PUSHED) {
        take_remote_spans(atomic_load_explicit(&span->owner, memory_order_relaxed));
    }
    return atomic_load_explicit(&remote->wanted, memory_order_acquire) != REMOTE_PUSHED;
}

static bool next_span(struct cache *cache, struct class_record *record)
{
    if (record->listed == 0 && atomic_load_explicit(&cache->remote, memory_order_relaxed) != 0) {
        take_remote_spans(cache);
    }
    if (record->listed == 0) {
        rescan_oldest(record);
    }
    if (record->listed == 0) {
        return false;
    }
    struct slice *span = slice_at(record->listed);
    list_remove(record, span);
    cache_start_span(record, span);
    return true;
}

bool cache_refill(struct cache *cache, uint32_t size_class)
{
    struct class_record *record = &cache->records[size_class];
    if (record->next != NULL || record->word != 0) {
        return true; // another user of a serial heap's cache was here first
    }
    for (;;) {
        if (record->span != NULL) {
            if (sweep(record)) {
                return true;
            }
            struct slice *span = record->span;
            leave_span(record);
            give_up(record, span);
        }
        if (!next_span(cache, record)) {
            return false;
        }
    }
}

bool cache_evaluate_span(struct slice *span)
{
    struct class_record *record = span->record;
    if (record->span == span) {
        span->freed_limit = UINT16_MAX;
        return false;
    }
    uint32_t free_count = span_free_count(span);
    if ((span->flags & SLICE_FLAG_GIVEN_UP) != 0) {
        list_again(record, span, free_count);
    } else {
        uint32_t busy_count = span->block_count - free_count;
        span->freed = 0;
        span->freed_limit = (uint16_t)(busy_count == 0 ? 1 : busy_count);
    }
    return free_count == span->block_count;
}

void span_count_remote_free(struct slice *span)
{
    struct remote *remote = &pool.remotes[slice_number(span)];
    uint16_t freed = (uint16_t)(atomic_load_explicit(&remote->freed, memory_order_relaxed) + 1);
    atomic_store_explicit(&remote->freed, freed, memory_order_relaxed);
    if (freed < threshold_of(span)) {
        return;
    }
    uint8_t expected = REMOTE_WANTED;
    bool is_mine = atomic_load_explicit(&remote->wanted, memory_order_relaxed) == REMOTE_WANTED &&
                   atomic_compare_exchange_strong_explicit(&remote->wanted, &expected,
                       REMOTE_PUSHED, memory_order_acq_rel, memory_order_relaxed);
    if (!is_mine) {
        return;
    }
    struct cache *owner = atomic_load_explicit(&span->owner, memory_order_relaxed);
    uint32_t head = atomic_load_explicit(&owner->remote, memory_order_relaxed);
    do {
        atomic_store_explicit(&remote->next, head, memory_order_relaxed);
    } while (!atomic_compare_exchange_weak_explicit(
        &owner->remote, &head, slice_number(span), memory_order_release, memory_order_relaxed));
}

// ---- Idle caches ------------------------------------------------------------------------------

bool cache_has_spans(const struct cache *cache)
{
    for (uint32_t i = 0; i < CLASS_COUNT; i++) {
        const struct class_record *record = &cache->records[i];
        if (record->span != NULL || record->listed != 0 || record->given_up != 0) {
            return true;
        }
    }
    return false;
}

// Files a span under its new record by what is free in it.
static void move_span(struct slice *span, struct cache *to)
{
    struct class_record *record = &to->records[span->size_class];
    span->record = record;
    atomic_store_explicit(&span->owner, to, memory_order_relaxed);
    give_up(record, span);
    uint32_t free_count = span_free_count(span);
    if (free_count > 0) {
        list_again(record, span, free_count);
    }
}

bool cache_move_spans(struct cache *from, struct cache *to)
{
    take_remote_spans(from);
    for (uint32_t i = 0; i < CLASS_COUNT; i++) {
        struct class_record *record = &from->records[i];
        if (record->block_size == 0) {
            continue;
        }
        if (!cache_use_class(to, i)) {
            return false;
        }
        while (record->span != NULL || record->listed != 0 || record->given_up != 0) {
            struct slice *span = record->span;
            if (span == NULL) {
                span = slice_at(record->listed != 0 ? record->listed : record->given_up);
            }
            cache_unlink_span(span);
            move_span(span, to);
        }
    }
    return true;
}
