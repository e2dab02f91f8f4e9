// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "engine/purge.h"

#include "engine/span.h"

#include <stdlib.h>

enum {
    BACKOFF_STEP_MS = 25,
    BACKOFF_MAX = 6,         // 1.6 s
    STEP_SIZE_MIN = 1 << 20, // bytes that come back from magazines before pages are looked at
    STEP_SHIFT = 5,          // or 1/32 of the cache's spans
    GROWTH_STEP_SHIFT = 6,   // before another span: 1/64
    KEEP_SLICES = 32,        // 2 MiB
    REGRET_MS = 250,         // pages that were not missed for so long were worth a fault
    // A page that comes back costs about 1.5 us; where other processors must be told that it is
    // gone, because threads of the process run there, 5 to 30.
    CHEAP_PAGE_US = 3,
    DEAR_SHARE = 8, // then a pass may take this part of the time
};

HIDDEN struct purge_policy purge_policy = {
    .heap_age_ms = 500,
    .pool_age_ms = 1000,
    .keep_slices = KEEP_SLICES,
};

AT_START void purge_init(void)
{
    const char *option = os_option("purge_delay");
    if (option == NULL) {
        return;
    }
    bool is_never = option[0] == '-' || option[0] == 'n';
    uint64_t delay_ms = is_never ? UINT64_MAX : strtoul(option, NULL, 10);
    purge_policy = (struct purge_policy){
        .heap_age_ms = delay_ms,
        .pool_age_ms = delay_ms,
        .keep_slices = delay_ms == 0 ? 0 : KEEP_SLICES,
        .is_fixed = true,
    };
}

// Memory is given back as soon as it is free.
static bool is_at_once(void)
{
    return purge_policy.is_fixed && purge_policy.heap_age_ms == 0;
}

// No more often than the delay. The clock is far from where the sum would overflow.
static bool is_due_by_delay(struct purge *purge)
{
    uint64_t now = os_clock_ms();
    if (purge_policy.heap_age_ms == UINT64_MAX || now < purge->due) {
        return false;
    }
    purge->due = now + purge_policy.heap_age_ms;
    return true;
}

bool purge_is_due(struct purge *purge)
{
    if (purge_policy.is_fixed) {
        return is_due_by_delay(purge);
    }
    uint64_t now = os_clock_ms();
    if (now < purge->due) {
        return false;
    }
    if (purge->regretted > purge->given / 2) {
        purge->backoff = purge->backoff + 2 > BACKOFF_MAX ? BACKOFF_MAX : purge->backoff + 2;
    } else if (purge->given > 0) {
        purge->backoff -= purge->backoff > 0;
    }
    purge->given = 0;
    purge->regretted = 0;
    purge->due = purge->backoff == 0 ? 0 : now + ((uint64_t)BACKOFF_STEP_MS << purge->backoff);
    return true;
}

AT_START bool purge_before_growth(const struct runs *runs, size_t used_count)
{
    return !purge_policy.is_fixed && runs->dirty_count > KEEP_SLICES &&
           runs->dirty_count > used_count;
}

bool purge_after_shrinking(const struct runs *runs, size_t used_count)
{
    return !purge_policy.is_fixed && runs->dirty_count > 4 * KEEP_SLICES &&
           runs->dirty_count > 2 * used_count;
}

// ---- Pages of sparse spans --------------------------------------------------------------------

static uint32_t pages_per_slice(void)
{
    size_t page_size = os_page_size();
    return page_size >= SLICE_SIZE ? 1 : (uint32_t)(SLICE_SIZE / page_size);
}

// Whether a block is neither busy nor in a magazine.
static bool is_free(const struct slice *span, uint32_t index)
{
    if (slice_kind(span) == SLICE_SPAN_BYTES) {
        return __atomic_load_n(span->map + index, __ATOMIC_RELAXED) == 0;
    }
    const uint16_t *words = (const uint16_t *)(const void *)span->map;
    return __atomic_load_n(words + index, __ATOMIC_RELAXED) == 0;
}

// Whether all blocks that touch [start, end) are free.
static bool is_range_free(const struct slice *span, uintptr_t start, uintptr_t end)
{
    uintptr_t first = span_first_block(span);
    uint32_t index = start <= first ? 0 : (uint32_t)((start - first) / span->block_size);
    for (; index < span->block_count && first + (uintptr_t)index * span->block_size < end;
         index++) {
        if (!is_free(span, index)) {
            return false;
        }
    }
    return true;
}

// The pages of one slice of a span that hold no block.
static uint16_t free_pages(const struct slice *span, const struct slice *slice)
{
    uint32_t count = pages_per_slice();
    size_t page_size = SLICE_SIZE / count;
    uintptr_t start = slice_address(slice);
    uint32_t pages = 0;
    for (uint32_t i = 0; i < count; i++, start += page_size) {
        pages |= (uint32_t)is_range_free(span, start, start + page_size) << i;
    }
    return (uint16_t)pages;
}

// Gives back the pages of a slice in as few calls as there are ranges. Returns how many pages.
static uint32_t give_back(const struct slice *slice, uint32_t pages)
{
    size_t page_size = SLICE_SIZE / pages_per_slice();
    uint32_t count = 0;
    while (pages != 0) {
        uint32_t first = bits_lowest(pages);
        uint32_t length = bits_lowest(~(uint64_t)(pages >> first));
        os_purge((void *)(slice_address(slice) + first * page_size), length * page_size);
        pages &= ~(((1u << length) - 1) << first);
        count += length;
    }
    return count;
}

// `is_patient`: only pages that were free at the last look, too.
static uint32_t purge_span(struct slice *span, bool is_patient, uint32_t now)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < span_slice_count(span); i++) {
        struct remote *remote = &pool.remotes[slice_number(span) + i];
        uint16_t pages = free_pages(span, span + i);
        uint16_t wanted = pages & (uint16_t)~remote->purged_pages;
        wanted &= is_patient ? remote->idle_pages : UINT16_MAX;
        if (wanted != 0) {
            count += give_back(span + i, wanted);
            remote->purged_pages |= wanted;
            remote->purged_at = now;
        }
        remote->idle_pages = pages;
    }
    return count;
}

void purge_free_pages(struct slice *span)
{
    purge_span(span, false, (uint32_t)os_clock_ms());
}

static uint32_t purge_record(const struct class_record *record, bool is_patient)
{
    uint32_t now = (uint32_t)os_clock_ms();
    uint32_t count = 0;
    for (uint32_t number = record->listed; number != 0; number = slice_at(number)->next) {
        count += purge_span(slice_at(number), is_patient, now);
    }
    uint32_t number = record->given_up;
    while (number != 0) {
        count += purge_span(slice_at(number), is_patient, now);
        number = slice_at(number)->next;
        number = number == record->given_up ? 0 : number;
    }
    return count;
}

static uint32_t purge_records(const struct cache *cache, bool is_patient)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < USED_WORD_COUNT; i++) {
        for (uint64_t used = cache->used[i]; used != 0; used &= used - 1) {
            const struct class_record *record = &cache->records[i * 64 + bits_lowest(used)];
            count += purge_record(record, is_patient);
        }
    }
    return count;
}

static void purge_cache(struct cache *cache, bool is_patient)
{
    if ((cache->heap->checks & HALDE_CHECK_FREE) != 0) {
        return; // the pattern of free blocks is looked at later
    }
    uint64_t start = os_clock_us();
    uint32_t count = purge_records(cache, is_patient);
    uint64_t time = os_clock_us() - start;
    purge_count(&cache->purge, count);
    if (!purge_policy.is_fixed && time > (uint64_t)count * CHEAP_PAGE_US + 1000) {
        uint64_t due = os_clock_ms() + time * DEAR_SHARE / 1000;
        cache->purge.due = due > cache->purge.due ? due : cache->purge.due;
    }
}

static size_t step_size(const struct cache *cache, uint32_t shift)
{
    size_t step = ((size_t)cache->slice_count << SLICE_SHIFT) >> shift;
    size_t least = is_at_once() ? SLICE_SIZE : STEP_SIZE_MIN;
    return step < least ? least : step;
}

void purge_after_flush(struct cache *cache, size_t size)
{
    cache->returned_size += size;
    if (LIKELY(cache->returned_size <= step_size(cache, STEP_SHIFT))) {
        return;
    }
    cache->returned_size = 0;
    if (purge_is_due(&cache->purge)) {
        purge_cache(cache, !is_at_once());
    }
}

void purge_before_span(struct cache *cache)
{
    if (cache->returned_size <= step_size(cache, GROWTH_STEP_SHIFT)) {
        return;
    }
    cache->returned_size = 0;
    if (purge_is_due(&cache->purge)) {
        purge_cache(cache, purge_policy.is_fixed && !is_at_once());
    }
}

// The pages of slice `index` of a span that lie in [start, end), offsets in the span.
static uint16_t pages_between(uint32_t index, uintptr_t start, uintptr_t end)
{
    const uint32_t page_shift = SLICE_SHIFT - bits_lowest(pages_per_slice());
    const uintptr_t slice_start = (uintptr_t)index << SLICE_SHIFT;
    const uintptr_t first = start > slice_start ? start - slice_start : 0;
    const uintptr_t last = size_min(end - slice_start, SLICE_SIZE) - 1;
    return (uint16_t)((2u << (last >> page_shift)) - (1u << (first >> page_shift)));
}

// Pages of a slice that were given back are used again.
static void note_return(struct slice *span, const struct remote *remote, uint32_t pages)
{
    if ((uint32_t)os_clock_ms() - remote->purged_at < REGRET_MS) {
        purge_regret(&span_owner(span)->purge, (uint32_t)__builtin_popcount(pages));
    }
}

void purge_note_use(struct slice *span, uintptr_t start, uintptr_t end)
{
    start -= slice_address(span);
    end -= slice_address(span);
    struct remote *remotes = &pool.remotes[slice_number(span)];
    for (uint32_t i = (uint32_t)(start >> SLICE_SHIFT); i <= (end - 1) >> SLICE_SHIFT; i++) {
        const uint16_t pages = pages_between(i, start, end);
        struct remote *remote = &remotes[i];
        if ((remote->purged_pages & pages) != 0) {
            note_return(span, remote, remote->purged_pages & pages);
        }
        remote->purged_pages &= (uint16_t)~pages;
        remote->idle_pages &= (uint16_t)~pages;
    }
}
