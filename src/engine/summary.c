// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Counting a heap, and giving its free memory back.

#include "engine/element.h"
#include "engine/large.h"
#include "engine/reclaim.h"
#include "engine/span.h"

#include <halde/statistics.h>

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
        summary->busy_size += RELAXED_LOAD(slice_at(number)->user_size);
        summary->committed_size += size;
        summary->reserved_size += size;
    }
    session_end(&session);
    halde_heap_unlock(handle);
    return HALDE_OK;
}

// ---- Statistics -------------------------------------------------------------------------------

struct count {
    const struct heap *heap;
    struct halde_heap_statistics *total;
    struct halde_class_statistics classes[CLASS_COUNT];
};

static void count_group(
    struct halde_class_statistics *class, const struct slice *span, uint32_t group)
{
    uint32_t first = group * STATE_GROUP_SIZE;
    uint32_t count = span->block_count - first;
    uint64_t in_range = count >= STATE_GROUP_SIZE ? UINT64_MAX : ((uint64_t)1 << count) - 1;
    uint64_t idle = span_idle_mask(span, group) & in_range;
    uint64_t free = span_free_mask(span, group) & in_range;
    uint32_t flag = slice_kind(span) == SLICE_SPAN_BYTES ? STATE_INFO_BYTE : STATE_INFO_WORD;
    class->free_count += (size_t)__builtin_popcountll(free);
    class->cached_count += (size_t)__builtin_popcountll(idle & ~free);
    for (uint64_t busy = ~idle & in_range; busy != 0; busy &= busy - 1) {
        uint32_t slack = (span_state(span, first + bits_lowest(busy)) & ~flag) - 1;
        class->busy_count++;
        class->busy_size += span->block_size - slack;
    }
}

static void count_span(struct count *count, const struct slice *span)
{
    struct halde_class_statistics *class = &count->classes[span->size_class];
    class->block_size = span->block_size;
    class->span_count++;
    class->span_size += (size_t)span_slice_count(span) << SLICE_SHIFT;
    for (uint32_t group = 0; group < span_group_count(span); group++) {
        count_group(class, span, group);
    }
}

static void count_large(struct count *count, const struct slice *slice)
{
    count->total->large_count++;
    count->total->large_size += RELAXED_LOAD(slice->user_size);
    count->total->large_slice_size += (size_t)slice->slice_count << SLICE_SHIFT;
}

static void count_blocks(struct count *count, const struct region *region)
{
    struct element element;
    uintptr_t address = region->first_block;
    while (element_at(count->heap, region, address, &element) &&
           element.kind != HALDE_ENTRY_UNCOMMITTED) {
        const struct slice *slice = element.slice;
        address = element.end;
        if (slice_is_span(slice)) {
            count_span(count, slice);
            address = slice_address(slice) + ((uintptr_t)span_slice_count(slice) << SLICE_SHIFT);
        } else if (element.kind != HALDE_ENTRY_BUSY) {
            continue;
        } else if (slice_kind(slice) == SLICE_LARGE) {
            count_large(count, slice);
        } else {
            count->total->mixed_count++;
            count->total->mixed_size += element.user_size;
        }
    }
}

static void count_memory(struct count *count, uintptr_t start, size_t committed, size_t reserved)
{
    count->total->committed_size += committed;
    count->total->reserved_size += reserved;
    count->total->resident_size += os_resident_bytes((void *)start, committed);
}

static void count_heap(struct count *count)
{
    const struct heap *heap = count->heap;
    struct halde_heap_statistics *total = count->total;
    for (uint32_t i = 0; i < heap->region_count; i++) {
        const struct region *region = &heap->regions[i];
        uintptr_t base = slice_address(slice_at(region->first_slice));
        count_memory(count, base, region->committed_end - base, region->end - base);
        count_blocks(count, region);
    }
    for (uint32_t number = heap->large_first; number != 0; number = slice_at(number)->next) {
        size_t size = (size_t)slice_at(number)->slice_count << SLICE_SHIFT;
        count_memory(count, slice_address(slice_at(number)), size, size);
        count_large(count, slice_at(number));
    }
    total->used_size = heap_used_slices(heap) << SLICE_SHIFT;
    total->peak_size = size_max(total->used_size, (size_t)heap->peak_slices << SLICE_SHIFT);
    total->free_size = (size_t)heap->runs.slice_count << SLICE_SHIFT;
    total->mixed_span_size = (size_t)heap->mixed.limit << GRANULE_SHIFT;
    total->live_count = total->mixed_count + total->large_count;
    total->live_size = total->mixed_size + total->large_size;
}

// Adds the classes up, and stores those that have a span.
static void sum_classes(
    struct count *count, struct halde_class_statistics *classes, size_t capacity)
{
    struct halde_heap_statistics *total = count->total;
    for (uint32_t i = 0; i < CLASS_COUNT; i++) {
        const struct halde_class_statistics *class = &count->classes[i];
        if (class->span_count == 0) {
            continue;
        }
        total->live_count += class->busy_count;
        total->live_size += class->busy_size;
        total->span_size += class->span_size;
        total->span_cached_size += class->cached_count * class->block_size;
        total->span_free_size += class->free_count * class->block_size;
        if (total->class_count < capacity) {
            classes[total->class_count] = *class;
        }
        total->class_count++;
    }
}

static_assert(HALDE_CLASS_COUNT_MAX == CLASS_COUNT, "the public constant is the engine's");

enum halde_status halde_heap_get_statistics(halde_heap *handle,
    struct halde_heap_statistics *statistics, struct halde_class_statistics *classes,
    size_t capacity)
{
    struct heap *heap = heap_of(handle);
    if (heap == NULL) {
        return HALDE_BAD_HEAP;
    }
    if (statistics == NULL || (classes == NULL && capacity > 0)) {
        return HALDE_BAD_ARGUMENT;
    }
    struct count count = {.heap = heap, .total = statistics};
    *statistics = (struct halde_heap_statistics){0};
    halde_heap_lock(handle);
    struct session session;
    session_begin_central(&session, heap, 0);
    count_heap(&count);
    session_end(&session);
    halde_heap_unlock(handle);
    sum_classes(&count, classes, capacity);
    return HALDE_OK;
}

// ---- Compaction -------------------------------------------------------------------------------

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
    reclaim_magazines(heap);
    reclaim_empty_spans(heap);
    reclaim_pages(heap);
    size_t largest = largest_free(heap);
    if (session.is_locked && heap->is_shared) {
        gate_open(heap, gate_shared(heap));
    }
    runs_purge(&heap->runs, 0);
    session_end(&session);
    pool_purge(0);
    return largest;
}
