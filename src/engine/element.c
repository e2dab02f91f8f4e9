// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "engine/element.h"

#include "engine/block.h"
#include "engine/large.h"
#include "engine/mixed.h"
#include "engine/span.h"

static uintptr_t granule_address(const struct heap *heap, uint32_t granule)
{
    return heap->handle + ((uintptr_t)granule << GRANULE_SHIFT);
}

// Where the free range that contains `address` ends; `address` itself when it is not free.
static uintptr_t free_end(const struct heap *heap, const struct region *region, uintptr_t address)
{
    const struct mixed *mixed = &heap->mixed;
    while (address < region->end) {
        const struct slice *slice = slice_first(slice_of((void *)address));
        if (slice_kind(slice) == SLICE_MIXED) {
            uint32_t granule = (uint32_t)((address - heap->handle) >> GRANULE_SHIFT);
            granule = granule < mixed->top ? mixed_skip(mixed, granule, mixed->top, 0) : granule;
            if (granule < mixed->top) {
                return granule_address(heap, granule);
            }
            address = granule_address(heap, mixed->limit);
        } else if (slice_kind(slice) == SLICE_FREE) {
            address = slice_address(slice) + ((uintptr_t)slice->slice_count << SLICE_SHIFT);
        } else if (slice_kind(slice) == SLICE_NONE) {
            return region->end; // the part of a slice at the end of a fixed-size heap
        } else {
            return address;
        }
    }
    return region->end;
}

static void set_free_range(const struct heap *heap, const struct region *region, uintptr_t address,
    struct element *element)
{
    uintptr_t end = free_end(heap, region, address);
    element->kind = HALDE_ENTRY_FREE;
    element->start = address;
    element->is_last_free = end > region->committed_end;
    element->end = end > region->committed_end ? region->committed_end : end;
}

static void set_mixed(const struct heap *heap, const struct region *region, uintptr_t address,
    struct element *element)
{
    const struct mixed *mixed = &heap->mixed;
    uint32_t granule = (uint32_t)((address - heap->handle) >> GRANULE_SHIFT);
    element->index = granule;
    if (granule >= mixed->top || mixed->map[granule] == 0) {
        set_free_range(heap, region, address, element);
        return;
    }
    while (granule > mixed->first && mixed->map[granule] == STATE_CONTINUATION) {
        granule--; // an address inside a block
    }
    uint8_t state = mixed->map[granule] & (uint8_t)~STATE_INFO_BYTE;
    size_t size = (size_t)mixed_block_granules(mixed, granule) << GRANULE_SHIFT;
    element->index = granule;
    element->kind = HALDE_ENTRY_BUSY;
    element->start = granule_address(heap, granule);
    element->end = element->start + size;
    element->user_size = size - (state - 1u);
}

// Returns false when no block of the span starts at or after the address: the next unit follows.
static bool set_span_block(struct slice *span, uintptr_t address, struct element *element)
{
    uintptr_t first = span_first_block(span);
    uint32_t index = address <= first ? 0 : (uint32_t)((address - first) / span->block_size);
    if (index >= span->block_count) {
        return false;
    }
    uint32_t flag = slice_kind(span) == SLICE_SPAN_BYTES ? STATE_INFO_BYTE : STATE_INFO_WORD;
    uint32_t state = span_state(span, index);
    element->index = index;
    element->start = first + (uintptr_t)index * span->block_size;
    element->end = element->start + span->block_size;
    element->kind = state == 0 ? HALDE_ENTRY_FREE : HALDE_ENTRY_BUSY;
    element->user_size = state == 0 ? 0 : span->block_size - ((state & ~flag) - 1);
    return true;
}

bool element_at(const struct heap *heap, const struct region *region, uintptr_t address,
    struct element *element)
{
    if (address < region->first_block) {
        address = region->first_block;
    }
    while (address < region->end) {
        if (address >= region->committed_end) {
            *element = (struct element){
                .kind = HALDE_ENTRY_UNCOMMITTED, .start = address, .end = region->end};
            return true;
        }
        struct slice *slice = slice_first(slice_of((void *)address));
        *element = (struct element){.slice = slice};
        if (slice_is_span(slice)) {
            if (set_span_block(slice, address, element)) {
                return true;
            }
            address = slice_address(slice) + ((uintptr_t)span_slice_count(slice) << SLICE_SHIFT);
            continue;
        }
        if (slice_kind(slice) == SLICE_MIXED) {
            set_mixed(heap, region, address, element);
        } else if (slice_kind(slice) == SLICE_LARGE) {
            element->kind = HALDE_ENTRY_BUSY;
            element->start = (uintptr_t)large_block(slice);
            element->end = slice_address(slice) + ((uintptr_t)slice->slice_count << SLICE_SHIFT);
            element->user_size = RELAXED_LOAD(slice->user_size);
        } else {
            set_free_range(heap, region, address, element);
        }
        if (element->end <= address) {
            return false; // damage: end the region rather than loop
        }
        bool is_waste = element->kind == HALDE_ENTRY_FREE &&
                        element->end - element->start < FREE_OVERHEAD &&
                        (element->end == region->end || element->end % SLICE_SIZE == 0);
        if (!is_waste) { // the last bytes of the mixed span may be too few to be used, or reported
            return true;
        }
        address = element->end;
    }
    return false;
}

size_t element_link_size(const struct slice *slice)
{
    return slice_kind(slice) == SLICE_SPAN_BYTES && slice->block_size == FREE_LINK_SIZE
               ? 0
               : FREE_LINK_SIZE;
}

size_t element_free_size(const struct element *element)
{
    size_t size = element->end - element->start;
    if (element->slice != NULL && slice_is_span(element->slice)) {
        return size - FREE_LINK_SIZE;
    }
    size_t taken = element->is_last_free ? FREE_LINK_SIZE + LAST_FREE_RESERVE : FREE_OVERHEAD;
    return size > taken ? size - taken : 0;
}
