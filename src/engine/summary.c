// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Counting a heap, and giving its free memory back.

#include "engine/element.h"
#include "engine/large.h"
#include "engine/span.h"

static bool is_span(const struct slice *slice)
{
    return slice->kind == SLICE_SPAN_BYTES || slice->kind == SLICE_SPAN_WORDS;
}

static void count_region(
    const struct heap *heap, const struct region *region, struct halde_heap_summary *summary)
{
    uintptr_t base = slice_address(slice_at(region->first_slice));
    summary->committed_size += region->committed_end - base;
    summary->reserved_size += region->end - base;
    struct element element;
    for (uintptr_t address = base; element_at(heap, region, address, &element);
         address = element.end) {
        if (element.kind == HALDE_ENTRY_BUSY) {
            summary->busy_count++;
            summary->busy_size += element.user_size;
        }
    }
}

enum halde_status halde_heap_summarize(halde_heap *handle, struct halde_heap_summary *summary)
{
    struct heap *heap = heap_of(handle);
    if (heap == NULL || summary == NULL) {
        return heap == NULL ? HALDE_BAD_HEAP : HALDE_BAD_ARGUMENT;
    }
    halde_heap_lock(handle);
    struct session session;
    session_begin_central(&session, heap, 0);
    *summary = (struct halde_heap_summary){
        .max_reserve_size = heap->maximum_size == 0 ? SIZE_MAX : heap->maximum_size,
    };
    for (uint32_t i = 0; i < heap->region_count; i++) {
        count_region(heap, &heap->regions[i], summary);
    }
    for (uint32_t number = heap->large_first; number != 0; number = slice_at(number)->next) {
        size_t size = (size_t)slice_at(number)->slice_count << SLICE_SHIFT;
        summary->busy_count++;
        summary->busy_size += slice_at(number)->user_size;
        summary->committed_size += size;
        summary->reserved_size += size;
    }
    session_end(&session);
    halde_heap_unlock(handle);
    return HALDE_OK;
}

// ---- Compaction
// ----------------------------------------------------------------------------------

// Whether no block of the span that touches [start, end) is busy.
static bool is_range_free(const struct slice *span, uintptr_t start, uintptr_t end)
{
    uintptr_t first = span_first_block(span);
    uint32_t index = start <= first ? 0 : (uint32_t)((start - first) / span->block_size);
    for (; index < span->block_count && first + (uintptr_t)index * span->block_size < end;
         index++) {
        if (span_state(span, index) != 0) {
            return false;
        }
    }
    return true;
}

// Gives back the pages of a sparse span that no busy block touches. Nobody is inside the heap.
static void purge_pages(const struct slice *span)
{
    uintptr_t page_size = os_page_size();
    uintptr_t start = slice_address(span);
    uintptr_t end = start + ((uintptr_t)span_slice_count(span) << SLICE_SHIFT);
    uintptr_t free_from = start;
    for (uintptr_t page = start; page <= end; page += page_size) {
        if (page < end && is_range_free(span, page, page + page_size)) {
            continue;
        }
        if (page > free_from) {
            os_purge((void *)free_from, page - free_from);
        }
        free_from = page + page_size;
    }
}

static void compact_region(struct heap *heap, struct region *region)
{
    struct slice *slice = slice_at(region->first_slice);
    struct slice *end = slice + region->slice_count;
    while (slice < end) {
        size_t count = 1;
        if (is_span(slice)) {
            count = span_slice_count(slice);
            if (span_free_count(slice) == slice->block_count && span_can_end(slice)) {
                cache_unlink_span(slice);
                span_release(slice);
                heap_give_slices(heap, slice, count);
            } else if ((heap->checks & HALDE_CHECK_FREE) == 0) {
                purge_pages(slice);
            }
        } else if (slice->kind == SLICE_FREE || slice->kind == SLICE_LARGE) {
            count = slice->slice_count;
        }
        slice += count;
    }
}

static size_t largest_free(const struct heap *heap)
{
    size_t largest = 0;
    for (uint32_t i = 0; i < heap->region_count; i++) {
        const struct region *region = &heap->regions[i];
        struct element element;
        for (uintptr_t address = region->first_block; element_at(heap, region, address, &element);
             address = element.end) {
            if (element.kind == HALDE_ENTRY_FREE) {
                largest = size_max(largest, element_free_size(&element));
            }
        }
    }
    return largest;
}

size_t halde_heap_compact(halde_heap *handle)
{
    struct heap *heap = heap_of(handle);
    if (heap == NULL) {
        return 0;
    }
    struct session session;
    session_begin_central(&session, heap, 0);
    if (session.is_locked && heap->is_shared) {
        gate_stop(heap, session.thread);
    }
    for (uint32_t i = 0; i < heap->region_count; i++) {
        compact_region(heap, &heap->regions[i]);
    }
    size_t largest = largest_free(heap);
    if (session.is_locked && heap->is_shared) {
        gate_open(heap, gate_shared());
    }
    runs_purge(&heap->runs, 0);
    session_end(&session);
    pool_purge(0);
    return largest;
}
