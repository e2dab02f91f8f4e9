// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "engine/reclaim.h"

#include "engine/heap.h"
#include "engine/purge.h"
#include "engine/span.h"

static bool end_if_empty(struct heap *heap, struct slice *span)
{
    if (span_free_count(span) != span->block_count || !span_can_end(span)) {
        return false;
    }
    uint32_t count = span_slice_count(span);
    cache_unlink_span(span);
    span_release(span);
    heap_give_slices(heap, span, count);
    return true;
}

void reclaim_magazines(struct heap *heap)
{
    cache_flush_all(&heap->cache);
    for (struct cache *cache = heap->caches; cache != NULL; cache = cache->next) {
        cache_flush_all(cache);
    }
}

void reclaim_cache(struct heap *heap, struct cache *cache)
{
    cache_flush_all(cache);
    for (uint32_t i = 0; i < CLASS_COUNT; i++) {
        struct class_record *record = &cache->records[i];
        if (record->span != NULL) {
            end_if_empty(heap, record->span);
        }
        for (uint32_t number = record->listed; number != 0;) {
            struct slice *span = slice_at(number);
            number = span->next;
            end_if_empty(heap, span);
        }
    }
}

// Calls `act` for every span of the heap; returns whether any call returned true.
static bool for_each_span(struct heap *heap, bool (*act)(struct heap *, struct slice *))
{
    bool is_any = false;
    for (uint32_t i = 0; i < heap->region_count; i++) {
        struct slice *slice = slice_at(heap->regions[i].first_slice);
        struct slice *end = slice + heap->regions[i].slice_count;
        while (slice < end) {
            struct slice *unit = slice;
            if (slice_is_span(unit)) {
                slice += span_slice_count(unit);
                is_any |= act(heap, unit);
            } else {
                bool is_run = slice_kind(unit) == SLICE_FREE || slice_kind(unit) == SLICE_LARGE;
                slice += is_run ? unit->slice_count : 1;
            }
        }
    }
    return is_any;
}

bool reclaim_empty_spans(struct heap *heap)
{
    bool has_ended = for_each_span(heap, end_if_empty);
    return heap_release_regions(heap) || has_ended;
}

static bool purge_one(struct heap *heap, struct slice *span)
{
    (void)heap;
    purge_free_pages(span);
    return true;
}

void reclaim_pages(struct heap *heap)
{
    if ((heap->checks & HALDE_CHECK_FREE) == 0) {
        for_each_span(heap, purge_one);
    }
}
