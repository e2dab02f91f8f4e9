// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Counting a heap, and giving its free memory back.

#include "engine/element.h"
#include "engine/large.h"
#include "engine/reclaim.h"

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
        gate_open(heap, gate_shared());
    }
    runs_purge(&heap->runs, 0);
    session_end(&session);
    pool_purge(0);
    return largest;
}
