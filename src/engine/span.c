// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "engine/span.h"

#include <string.h>

#include "base/zero_mask.h"
#include "engine/purge.h"
#include "engine/side_record.h"

enum {
    COLOUR_MAX = 448, // bytes given away so that first blocks do not share cache sets
    COLOUR_STEP = 64,
    COLOUR_COUNT = 8,
    MAGAZINE_MAX = 64, // blocks
    MAGAZINE_MIN = 8,
    MAGAZINE_SIZE_MAX = 64 * 1024, // bytes of blocks
    TURNS_TO_GROW = 4, // of a magazine between empty, at least twice, and full: it becomes larger
    GROWN_MAX = 1024,  // the same limits for magazines that have grown
    GROWN_SIZE_MAX = 64 * 1024,
    FIRST_FILL_COUNT = 8,
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

// States in a map: for every offset in the span, also before the first block (which the fast path
// takes for one beyond the last).
static size_t map_size(uint32_t block_size)
{
    uint32_t slice_count = block_size > CLASS_ONE_SLICE_MAX ? SPAN_LARGE_SLICES : 1;
    uint32_t count = (slice_count << SLICE_SHIFT) / block_size + 1;
    return bits_round_up(count + METADATA_MAP_LINK_SIZE, STATE_GROUP_SIZE);
}

size_t span_map_size(const struct slice *span)
{
    return map_size(span->block_size) << (slice_kind(span) == SLICE_SPAN_WORDS);
}

static uint16_t threshold_of(const struct slice *span)
{
    uint16_t threshold = (uint16_t)(span->block_count >> THRESHOLD_SHIFT);
    return threshold == 0 ? 1 : threshold;
}

// Strangers may ask about an address that lay in an earlier span.
static void set_states(uint8_t *states, uint8_t value, size_t size)
{
#if CONFIG_TSAN
    for (size_t i = 0; i < size; i++) {
        __atomic_store_n(states + i, value, __ATOMIC_RELAXED);
    }
#else
    memset(states, value, size);
#endif
}

static void set_owner(struct slice *span, struct cache *cache)
{
    bool is_fast = !class_has_words(span->size_class) && span->block_size <= CLASS_ONE_SLICE_MAX;
    uintptr_t owner = (uintptr_t)cache | (is_fast ? 0 : OWNER_NOT_FAST);
    atomic_store_explicit(&span->owner, owner, memory_order_relaxed);
}

bool span_init(struct slice *first, struct cache *cache, uint32_t size_class)
{
    uint32_t size = size_class_block_size(size_class);
    uint32_t slice_count = size > CLASS_ONE_SLICE_MAX ? SPAN_LARGE_SLICES : 1;
    uint32_t span_size = slice_count << SLICE_SHIFT;
    uint32_t offset = colour_for(first, size, span_size);
    bool has_words = class_has_words(size_class);
    uint32_t count = (span_size - offset) / size;
    size_t size_of_map = map_size(size) << has_words;
    uint8_t *map = metadata_alloc_map(size_of_map);
    if (map == NULL) {
        return false;
    }
    size_t used_size = (size_t)count << has_words;
    set_states(map, 0, used_size);
    set_states(map + used_size, STATE_UNUSABLE, size_of_map - used_size);

    if (!side_records_make(first, cache->heap, count)) {
        metadata_free_map(map, size_of_map);
        return false;
    }

    RELAXED_STORE(first->map, map);
    first->record = &cache->records[size_class];
    RELAXED_STORE(first->reciprocal, (uint32_t)((((uint64_t)1 << 32) + size - 1) / size));
    RELAXED_STORE(first->block_size, size);
    RELAXED_STORE(first->first_offset, (uint16_t)offset);
    RELAXED_STORE(first->block_count, (uint16_t)count);
    first->freed = 0;
    RELAXED_STORE(first->size_class, (uint8_t)size_class);
    RELAXED_STORE(first->distance, 0);
    first->flags &= SLICE_FLAG_REGION_START;
    first->next = 0;
    first->previous = 0;
    first->freed_limit = threshold_of(first);
    set_owner(first, cache);
    for (uint32_t i = 1; i < slice_count; i++) {
        RELAXED_STORE(first[i].distance, (uint8_t)i);
        slice_set_kind(&first[i], SLICE_INSIDE);
    }
    struct remote *remote = &pool.remotes[slice_number(first)];
    atomic_store_explicit(&remote->freed, 0, memory_order_relaxed);
    atomic_store_explicit(&remote->wanted, REMOTE_NOT_WANTED, memory_order_relaxed);
    for (uint32_t i = 0; i < slice_count; i++) {
        remote[i].idle_pages = 0;
        remote[i].purged_pages = 0;
    }
    cache->slice_count += slice_count;
    slice_set_kind(first, has_words ? SLICE_SPAN_WORDS : SLICE_SPAN_BYTES);
    return true;
}

void span_release(struct slice *span)
{
    uint32_t slice_count = span_slice_count(span);
    span_owner(span)->slice_count -= slice_count;
    side_records_release(span, slice_heap(span), span->block_count);
    metadata_free_map(span->map, span_map_size(span));
    for (uint32_t i = 0; i < slice_count; i++) {
        slice_set_kind(&span[i], SLICE_NONE);
    }
    atomic_store_explicit(
        &span->owner, 0, memory_order_relaxed); // nobody's: `record` is no record now
}

uint64_t span_free_mask(const struct slice *span, uint32_t group)
{
    size_t first = (size_t)group * STATE_GROUP_SIZE;
    if (slice_kind(span) == SLICE_SPAN_BYTES) {
        return zero_mask_bytes(span->map + first, 0);
    }
    return zero_mask_words((const uint16_t *)(const void *)span->map + first, 0);
}

uint64_t span_idle_mask(const struct slice *span, uint32_t group)
{
    size_t first = (size_t)group * STATE_GROUP_SIZE;
    if (slice_kind(span) == SLICE_SPAN_BYTES) {
        return zero_mask_bytes(span->map + first, STATE_CACHED_BYTE);
    }
    return zero_mask_words((const uint16_t *)(const void *)span->map + first, STATE_CACHED_WORD);
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

// Unused record arrays keep their magazines, which are empty.
static struct {
    struct os_mutex mutex;
    struct class_record *unused;
} arrays;

// The magazine of classes that are not in use: empty, and full.
static struct free_block no_magazine;

static void init_records(struct class_record *records)
{
    for (uint32_t i = 0; i < CLASS_COUNT; i++) {
        records[i].top = &no_magazine;
        records[i].limit = &no_magazine;
    }
}

AT_START void cache_init(void)
{
    init_records(cache_no_records);
}

static struct class_record *take_records(void)
{
    os_mutex_lock(&arrays.mutex);
    struct class_record *records = arrays.unused;
    if (records != NULL) {
        arrays.unused = records->unused;
    }
    os_mutex_unlock(&arrays.mutex);
    if (records == NULL) {
        records = metadata_alloc_new(CLASS_COUNT * sizeof(*records));
        if (records != NULL) {
            init_records(records);
        }
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
            struct class_record *record = &records[i * 64 + bits_lowest(used)];
            *record = (struct class_record){.top = record->magazine,
                .limit = record->magazine,
                .magazine = record->magazine,
                .capacity = record->capacity};
        }
        cache->used[i] = 0;
    }
    cache->records = cache_no_records;
    os_mutex_lock(&arrays.mutex);
    records->unused = arrays.unused;
    arrays.unused = records;
    os_mutex_unlock(&arrays.mutex);
}

static uint32_t magazine_capacity(uint32_t block_size)
{
    uint32_t capacity = MAGAZINE_SIZE_MAX / block_size;
    capacity = capacity > MAGAZINE_MAX ? MAGAZINE_MAX : capacity;
    return capacity < MAGAZINE_MIN ? MAGAZINE_MIN : capacity;
}

static size_t magazine_size(uint32_t capacity)
{
    return (capacity + 1) * sizeof(struct free_block); // and the end mark
}

bool cache_grow_magazine(struct class_record *record)
{
    uint32_t fillings = record->fillings;
    if (fillings == 0) {
        return false; // full again
    }
    record->fillings = 0;
    if (fillings == 1) {
        record->turns = 0; // as with random frees and allocations: they even out without room
        return false;
    }
    uint32_t old_capacity = (uint32_t)(record->limit - record->magazine);
    uint32_t capacity = old_capacity * 2;
    if (capacity > GROWN_MAX || capacity * record->block_size > GROWN_SIZE_MAX ||
        ++record->turns < TURNS_TO_GROW) {
        return false;
    }
    record->turns = 0;
    if (capacity <= record->capacity) { // it was a grown one when its last user ended
        record->limit = record->magazine + capacity;
        return true;
    }
    struct free_block *magazine = metadata_alloc(magazine_size(capacity));
    if (magazine == NULL) {
        return false;
    }
    memcpy(magazine, record->magazine, magazine_size(old_capacity));
    metadata_free(record->magazine, magazine_size(record->capacity));
    record->magazine = magazine;
    record->capacity = (uint16_t)capacity;
    record->top = magazine + old_capacity;
    record->limit = magazine + capacity;
    return true;
}

bool cache_use_class(struct cache *cache, uint32_t size_class)
{
    if (cache->records[size_class].block_size != 0) {
        return true;
    }
    if (cache->records == cache_no_records) {
        struct class_record *records = take_records();
        if (records == NULL) {
            return false;
        }
        cache->records = records;
    }
    struct class_record *record = &cache->records[size_class];
    uint32_t block_size = size_class_block_size(size_class);
    uint32_t capacity = magazine_capacity(block_size);
    if (record->magazine == NULL) {
        struct free_block *magazine = metadata_alloc(magazine_size(capacity));
        if (magazine == NULL) {
            return false;
        }
        *magazine = (struct free_block){0};
        record->magazine = magazine;
        record->capacity = (uint16_t)capacity;
    }
    cache->used[size_class / 64] |= (uint64_t)1 << (size_class % 64);
    record->top = record->magazine;
    record->limit = record->magazine + capacity;
    record->fill_count = (uint16_t)(capacity < FIRST_FILL_COUNT ? capacity : FIRST_FILL_COUNT);
    record->full_state = block_size + 1;
    record->block_size = block_size;
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

void cache_unlink_span(struct slice *span)
{
    struct class_record *record = span->record;
    if ((span->flags & SLICE_FLAG_LISTED) != 0) {
        list_remove(record, span);
    } else if ((span->flags & SLICE_FLAG_GIVEN_UP) != 0) {
        ring_remove(record, span);
    } else if (record->span == span) {
        record->span = NULL;
    }
}

// ---- Sweep ------------------------------------------------------------------------------------

// The states of a block in a magazine.  Unguarded, where nobody will say when the block is given
// out: busy, and without slack.
enum {
    CACHED_BYTE = CONFIG_UNGUARDED ? 1 : STATE_CACHED_BYTE,
    CACHED_WORD = CONFIG_UNGUARDED ? 1 : STATE_CACHED_WORD,
};

static void set_cached(uint8_t *state, bool has_words)
{
    if (has_words) {
        __atomic_store_n((uint16_t *)(void *)state, (uint16_t)CACHED_WORD, __ATOMIC_RELAXED);
    } else {
        __atomic_store_n(state, (uint8_t)CACHED_BYTE, __ATOMIC_RELAXED);
    }
}

void cache_start_span(struct class_record *record, struct slice *span)
{
    record->span = span;
    record->next_group = 0;
    span->freed = 0;
    span->freed_limit = UINT16_MAX;
}

// Puts `count` of the free blocks of a group on top of a magazine, so that the lowest is given out
// first.
ALWAYS_INLINE void put_group(struct class_record *record, uintptr_t base, uint8_t *states,
    uint64_t mask, uint32_t count, bool has_words)
{
    size_t block_size = record->block_size; // a store to a state may, for all the compiler knows,
    struct free_block *place = record->top + count; // change anything
    record->top = place;
    for (; count > 0; count--, mask &= mask - 1, place--) {
        size_t index = bits_lowest(mask);
        uint8_t *state = states + (index << has_words);
        place->address = (void *)(base + index * block_size);
        place->state = state;
        set_cached(state, has_words);
    }
}

// Whether the purge has something noted about the pages of a span.
static bool has_idle_pages(const struct slice *span)
{
    const struct remote *remote = &pool.remotes[slice_number(span)];
    uint32_t pages = 0;
    for (uint32_t i = 0; i < span_slice_count(span); i++) {
        pages |= remote[i].idle_pages | remote[i].purged_pages;
    }
    return pages != 0;
}

// Up to `count` free blocks of a group of the span being swept. Returns how many.
static uint32_t fill_from_group(
    struct class_record *record, uint32_t group, uint64_t mask, uint32_t count)
{
    struct slice *span = record->span;
    uint32_t found = (uint32_t)__builtin_popcountll(mask);
    count = found < count ? found : count;
    uint32_t first = group * STATE_GROUP_SIZE;
    uintptr_t base = span_first_block(span) + (uintptr_t)first * span->block_size;
    if (slice_kind(span) == SLICE_SPAN_WORDS) {
        put_group(record, base, span->map + (size_t)first * 2, mask, count, true);
    } else {
        put_group(record, base, span->map + first, mask, count, false);
    }
    if (UNLIKELY(has_idle_pages(span))) {
        uintptr_t lowest = (uintptr_t)record->top->address;
        uintptr_t highest = (uintptr_t)(record->top - (count - 1))->address;
        purge_note_use(span, lowest, highest + span->block_size);
    }
    return count;
}

// Fills the magazine from the current span. Where an eighth of what was swept has come back, the
// sweep starts again from the bottom: memory that is warm is used before memory that is not.
static bool sweep(struct class_record *record)
{
    struct slice *span = record->span;
    uint32_t swept_count = record->next_group * STATE_GROUP_SIZE;
    if (span->freed > 0 && (uint32_t)span->freed << THRESHOLD_SHIFT >= swept_count) {
        cache_start_span(record, span);
    }
    uint32_t group_count = span_group_count(span);
    uint32_t wanted = record->fill_count;
    while (record->next_group < group_count && wanted > 0) {
        uint32_t group = record->next_group;
        uint64_t mask = span_free_mask(span, group);
        uint32_t taken = mask == 0 ? 0 : fill_from_group(record, group, mask, wanted);
        wanted -= taken;
        // A group of which something is left comes first the next time.
        if (taken == (uint32_t)__builtin_popcountll(mask)) {
            record->next_group++;
        }
    }
    if (wanted == record->fill_count) {
        return false;
    }
    uint32_t capacity = (uint32_t)(record->limit - record->magazine);
    uint32_t next = 2u * record->fill_count;
    record->fill_count = (uint16_t)(next > capacity ? capacity : next);
    record->fillings = (uint8_t)(record->fillings + (record->fillings < UINT8_MAX));
    return true;
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
        take_remote_spans(span_owner(span));
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
    if (record->top->address != NULL) {
        return true; // another user of a serial heap's cache was here first
    }
    for (;;) {
        if (record->span != NULL) {
            if (sweep(record)) {
                return true;
            }
            struct slice *span = record->span;
            record->span = NULL;
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
    return free_count == span->block_count && (span->next != 0 || span->previous != 0);
}

// ---- Remote frees ----------------------------------------------------------------------------

// Tells the owner when it is time. Before the states change: as long as a block is not free the
// span stays.
static void count_remote_free(struct slice *span, uint32_t count)
{
    struct remote *remote = &pool.remotes[slice_number(span)];
    uint32_t before = atomic_load_explicit(&remote->freed, memory_order_relaxed);
    uint16_t freed = (uint16_t)(before + count > UINT16_MAX ? UINT16_MAX : before + count);
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
    struct cache *owner = span_owner(span);
    uint32_t head = atomic_load_explicit(&owner->remote, memory_order_relaxed);
    do {
        atomic_store_explicit(&remote->next, head, memory_order_relaxed);
    } while (!atomic_compare_exchange_weak_explicit(
        &owner->remote, &head, slice_number(span), memory_order_release, memory_order_relaxed));
}

// ---- Flush ------------------------------------------------------------------------------------

// Spans that a flush has found empty.
struct empty_spans {
    struct slice **spans;
    uint32_t count;
    uint32_t capacity;
};

static void count_freed(struct slice *span, uint32_t count, struct empty_spans *empty)
{
    uint32_t freed = span->freed + count;
    span->freed = (uint16_t)(freed > UINT16_MAX ? UINT16_MAX : freed);
    if (UNLIKELY(freed >= span->freed_limit) && cache_evaluate_span(span) &&
        empty->count < empty->capacity) {
        empty->spans[empty->count++] = span;
    }
}

// The state of a block in a magazine. Unguarded, fast_put_block() has not noted where it is.
ALWAYS_INLINE uint8_t *state_of(
    const struct slice *span, const struct free_block *block, bool has_words)
{
    if (!CONFIG_UNGUARDED) {
        return block->state;
    }
    uint32_t offset = (uint32_t)((uintptr_t)block->address - span_first_block(span));
    return span->map + ((size_t)span_index(span, offset) << has_words);
}

// Makes the states of blocks of one span free. Release: whoever reads 0 may use the block.
ALWAYS_INLINE void free_states(
    const struct slice *span, const struct free_block *block, uint32_t count, bool has_words)
{
    for (; count > 0; count--, block++) {
        uint8_t *state = state_of(span, block, has_words);
        if (has_words) {
            __atomic_store_n((uint16_t *)(void *)state, (uint16_t)0, __ATOMIC_RELEASE);
        } else {
            __atomic_store_n(state, (uint8_t)0, __ATOMIC_RELEASE);
        }
    }
}

// Neighbours in a magazine are often of one span.
static uint32_t run_length(const struct free_block *block, uint32_t count)
{
    uintptr_t number = (uintptr_t)block->address >> SLICE_SHIFT;
    uint32_t length = 1;
    while (length < count && (uintptr_t)block[length].address >> SLICE_SHIFT == number) {
        length++;
    }
    return length;
}

// Gives blocks back to their spans, which may be other caches'.
static void return_blocks(const struct cache *cache, const struct free_block *block, uint32_t count,
    struct empty_spans *empty)
{
    while (count > 0) {
        uint32_t length = run_length(block, count);
        struct slice *span = slice_first(slice_of(block->address));
        bool is_own = span_owner(span) == cache;
        if (!is_own) {
            count_remote_free(span, length);
        }
        if (slice_kind(span) == SLICE_SPAN_WORDS) {
            free_states(span, block, length, true);
        } else {
            free_states(span, block, length, false);
        }
        if (is_own) {
            count_freed(span, length, empty);
        }
        block += length;
        count -= length;
    }
}

uint32_t cache_flush(struct cache *cache, struct class_record *record, uint32_t count,
    struct slice **spans, uint32_t capacity)
{
    struct free_block *magazine = record->magazine;
    uint32_t total = cache_magazine_count(record);
    count = count < total ? count : total;
    struct empty_spans empty = {.spans = spans, .capacity = capacity};
    return_blocks(cache, magazine + 1, count, &empty);
    memmove(magazine + 1, magazine + 1 + count, (total - count) * sizeof(*magazine));
    record->top = magazine + (total - count);
    return empty.count;
}

void cache_flush_all(struct cache *cache)
{
    for (uint32_t i = 0; i < USED_WORD_COUNT; i++) {
        for (uint64_t used = cache->used[i]; used != 0; used &= used - 1) {
            struct class_record *record = &cache->records[i * 64 + bits_lowest(used)];
            cache_flush(cache, record, UINT32_MAX, NULL, 0);
        }
    }
}

// The state changes from what it was seen to be, so that of two threads which free a block at the
// same moment one fails.  Release: whoever reads 0 may use the block.
static bool clear_busy_state(struct slice *span, uint32_t index)
{
    uint32_t state = span_state(span, index);
    bool is_cleared;
    if (slice_kind(span) == SLICE_SPAN_BYTES) {
        uint8_t expected = (uint8_t)state;
        is_cleared = __atomic_compare_exchange_n(
            span->map + index, &expected, 0, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
    } else {
        uint16_t expected = (uint16_t)state;
        is_cleared = __atomic_compare_exchange_n((uint16_t *)(void *)span->map + index, &expected,
            0, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
    }
    return state != 0 && is_cleared;
}

bool span_free_remote(struct slice *span, uint32_t index)
{
    count_remote_free(span, 1); // as long as the block is busy the span stays
    return clear_busy_state(span, index);
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
    span_owner(span)->slice_count -= span_slice_count(span);
    to->slice_count += span_slice_count(span);
    set_owner(span, to);
    give_up(record, span);
    uint32_t free_count = span_free_count(span);
    if (free_count > 0) {
        list_again(record, span, free_count);
    }
}

bool cache_move_spans(struct cache *from, struct cache *to)
{
    cache_flush_all(from);
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
