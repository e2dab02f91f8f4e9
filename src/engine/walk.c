// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Walking a heap: element by element in the Win32 order, and all busy blocks in bulk.

#include "engine/block.h"
#include "engine/element.h"
#include "engine/large.h"
#include "engine/mixed.h"
#include "engine/span.h"
#include "engine/user_info.h"

#include <string.h>

// ---- Element by element -----------------------------------------------------------------------

static uintptr_t region_base(const struct region *region)
{
    return slice_address(slice_at(region->first_slice));
}

static void fill_region(
    const struct heap *heap, const struct region *region, struct halde_entry *entry)
{
    uintptr_t base = region_base(region);
    size_t header = region->first_block - base;
    *entry = (struct halde_entry){
        .kind = HALDE_ENTRY_REGION,
        .region_index = (uint32_t)(region - heap->regions),
        .data = (void *)base,
        .size = header > FREE_LINK_SIZE ? header - FREE_LINK_SIZE : 0,
        .committed_size = region->committed_end - base,
        .uncommitted_size = region->end - region->committed_end,
        .first_block = (void *)region->first_block,
        .last_block = (void *)region->end,
    };
}

static void add_user_info(const struct heap *heap, bool has_info, struct halde_entry *entry)
{
    entry->has_user_info = has_info && user_info_get(heap, entry->data, &entry->user_info);
}

static bool has_info(const struct heap *heap, const struct element *element)
{
    const struct slice *slice = element->slice;
    switch (slice_kind(slice)) {
    case SLICE_SPAN_BYTES:
        return (span_state(slice, element->index) & STATE_INFO_BYTE) != 0;
    case SLICE_SPAN_WORDS:
        return (span_state(slice, element->index) & STATE_INFO_WORD) != 0;
    case SLICE_MIXED:
        return (heap->mixed.map[element->index] & STATE_INFO_BYTE) != 0;
    default:
        return (slice->flags & SLICE_FLAG_USER_INFO) != 0;
    }
}

static void fill_element(const struct heap *heap, const struct region *region,
    const struct element *element, struct halde_entry *entry)
{
    size_t size = element->end - element->start;
    *entry = (struct halde_entry){
        .kind = element->kind,
        .region_index = (uint32_t)(region - heap->regions),
        .data = (void *)element->start,
        .size = size,
    };
    if (element->kind == HALDE_ENTRY_UNCOMMITTED) {
        return;
    }
    entry->is_span_block = slice_is_span(element->slice);
    if (element->kind == HALDE_ENTRY_BUSY) {
        entry->size = element->user_size;
        entry->overhead = size - element->user_size;
        add_user_info(heap, has_info(heap, element), entry);
        return;
    }
    entry->data = (void *)(element->start + element_link_size(element->slice));
    entry->size = element_free_size(element);
    entry->overhead = entry->is_span_block ? FREE_LINK_SIZE : size_min(FREE_OVERHEAD, size);
}

static void fill_large(const struct heap *heap, struct slice *slice, struct halde_entry *entry)
{
    *entry = (struct halde_entry){
        .kind = HALDE_ENTRY_BUSY,
        .region_index = HALDE_REGION_LARGE,
        .data = large_block(slice),
        .size = slice->user_size,
    };
    add_user_info(heap, (slice->flags & SLICE_FLAG_USER_INFO) != 0, entry);
}

// The first element after the regions, from large block `number` on.
static enum halde_status step_to_large(
    const struct heap *heap, uint32_t number, struct halde_entry *entry)
{
    if (number == 0) {
        return HALDE_NO_MORE_ENTRIES;
    }
    fill_large(heap, slice_at(number), entry);
    return HALDE_OK;
}

// The element of `region` at or after `address`, or what follows the region.
static enum halde_status step_to(const struct heap *heap, const struct region *region,
    uintptr_t address, struct halde_entry *entry)
{
    struct element element;
    if (element_at(heap, region, address, &element)) {
        fill_element(heap, region, &element, entry);
        return HALDE_OK;
    }
    const struct region *next = region + 1;
    if (next < heap->regions + heap->region_count) {
        fill_region(heap, next, entry);
        return HALDE_OK;
    }
    return step_to_large(heap, heap->large_first, entry);
}

static enum halde_status step_from_busy(
    const struct heap *heap, uintptr_t position, struct halde_entry *entry)
{
    struct block block;
    enum halde_status status = block_find(heap, (void *)position, &block);
    if (status == HALDE_OK && slice_kind(block.slice) == SLICE_ALONE) {
        return step_to_large(heap, block.slice->next, entry);
    }
    const struct region *region = heap_region_of(heap, position);
    if (region == NULL || (status != HALDE_OK && status != HALDE_BLOCK_FREED)) {
        return HALDE_BAD_ARGUMENT;
    }
    if (status ==
        HALDE_BLOCK_FREED) { // freed since the last step: go on behind it as far as that is known
        struct element element;
        bool is_found = element_at(heap, region, position, &element);
        return step_to(heap, region, is_found ? element.end : region->end, entry);
    }
    bool is_large = slice_kind(block.slice) == SLICE_LARGE;
    uintptr_t end =
        is_large ? slice_address(block.slice) + ((uintptr_t)block.slice->slice_count << SLICE_SHIFT)
                 : position + block.block_size;
    return step_to(heap, region, end, entry);
}

static enum halde_status step_from_other(
    const struct heap *heap, uintptr_t position, struct halde_entry *entry)
{
    const struct region *region = heap_region_of(heap, position);
    if (region != NULL && position == region_base(region)) {
        return step_to(heap, region, region->first_block, entry);
    }
    if (region != NULL && position == region->committed_end) {
        return step_to(heap, region, region->end, entry);
    }
    uintptr_t start =
        region == NULL ? 0 : position - element_link_size(slice_first(slice_of((void *)position)));
    struct element element;
    bool is_known = region != NULL && start % GRANULE_SIZE == 0 && start >= region->first_block &&
                    start < region->committed_end && element_at(heap, region, start, &element);
    if (!is_known) {
        return HALDE_BAD_ARGUMENT;
    }
    if (element.kind != HALDE_ENTRY_FREE || element.start > start) {
        // Allocated or merged since the last step; anything else was never an element.
        return element.start <= start ? HALDE_BAD_ARGUMENT : step_to(heap, region, start, entry);
    }
    return step_to(heap, region, element.end, entry);
}

enum halde_status halde_heap_walk_next(
    const halde_heap *handle, const void *position, bool is_busy, struct halde_entry *entry)
{
    struct heap *heap = heap_of(handle);
    if (heap == NULL || entry == NULL) {
        return heap == NULL ? HALDE_BAD_HEAP : HALDE_BAD_ARGUMENT;
    }
    struct session session;
    session_begin_central(&session, heap, 0);
    enum halde_status status = HALDE_OK;
    if (position == NULL) {
        fill_region(heap, &heap->regions[0], entry);
    } else if (is_busy) {
        status = step_from_busy(heap, (uintptr_t)position, entry);
    } else {
        status = step_from_other(heap, (uintptr_t)position, entry);
    }
    session_end(&session);
    return status;
}

enum halde_status halde_heap_walk(halde_heap *handle, halde_entry_visitor visit, void *context)
{
    enum halde_status status = halde_heap_lock(handle);
    if (status != HALDE_OK) {
        return status;
    }
    struct halde_entry entry = {.data = NULL};
    do {
        status = halde_heap_walk_next(handle, entry.data, entry.kind == HALDE_ENTRY_BUSY, &entry);
    } while (status == HALDE_OK && visit(&entry, context));
    halde_heap_unlock(handle);
    return status == HALDE_NO_MORE_ENTRIES ? HALDE_OK : status;
}

// ---- In bulk ----------------------------------------------------------------------------------

enum {
    BATCH_COUNT = 1024
};

struct bulk {
    struct heap *heap;
    halde_block_visitor visit;
    void *context;
    size_t count;
    bool is_over; // the visitor has had enough
    struct halde_block blocks[BATCH_COUNT];
};

static void flush(struct bulk *bulk)
{
    if (bulk->count > 0 && !bulk->is_over) {
        bulk->is_over = !bulk->visit(bulk->blocks, bulk->count, bulk->context);
    }
    bulk->count = 0;
}

ALWAYS_INLINE uint32_t raw_state(const uint8_t *states, uint32_t index, bool has_words)
{
    const uint16_t *words = (const uint16_t *)(const void *)states;
    return has_words ? __atomic_load_n(words + index, __ATOMIC_RELAXED)
                     : __atomic_load_n(states + index, __ATOMIC_RELAXED);
}

// The busy blocks of one group; there is room for all of them.
ALWAYS_INLINE void add_group(
    struct bulk *bulk, const struct slice *span, uint32_t group, bool has_words)
{
    uint32_t first = group * STATE_GROUP_SIZE;
    uint32_t count = span->block_count - first;
    uint64_t in_range = count >= STATE_GROUP_SIZE ? UINT64_MAX : ((uint64_t)1 << count) - 1;
    uint64_t busy = ~span_idle_mask(span, group) & in_range;
    uint32_t mask = has_words ? STATE_INFO_WORD - 1 : STATE_INFO_BYTE - 1;
    uint32_t size = span->block_size;
    const uint8_t *states = span->map + ((size_t)first << has_words);
    char *base = (char *)span_first_block(span) + (size_t)first * size;
    struct halde_block *out = bulk->blocks + bulk->count;
    if (busy == UINT64_MAX) { // a full group needs no search
        for (uint32_t i = 0; i < STATE_GROUP_SIZE; i++, base += size) {
            out[i].data = base;
            out[i].size = size - ((raw_state(states, i, has_words) & mask) - 1);
        }
        bulk->count += STATE_GROUP_SIZE;
        return;
    }
    for (; busy != 0; busy &= busy - 1, out++) {
        uint32_t i = bits_lowest(busy);
        out->data = base + (size_t)i * size;
        out->size = size - ((raw_state(states, i, has_words) & mask) - 1);
    }
    bulk->count = (size_t)(out - bulk->blocks);
}

// Runs one step inside the heap; the visitor is called outside.
static bool bulk_span(struct bulk *bulk, struct slice *span, uint32_t *group)
{
    for (; *group < span_group_count(span); (*group)++) {
        if (bulk->count + STATE_GROUP_SIZE > BATCH_COUNT) {
            return false;
        }
        if (slice_kind(span) == SLICE_SPAN_WORDS) {
            add_group(bulk, span, *group, true);
        } else {
            add_group(bulk, span, *group, false);
        }
    }
    return true;
}

static void bulk_add(struct bulk *bulk, void *data, size_t size)
{
    bulk->blocks[bulk->count++] = (struct halde_block){.data = data, .size = size};
}

// Where a bulk walk is: it may leave the heap between any two steps.
struct cursor {
    uint32_t region;
    uintptr_t address;
    uint32_t group;
    uint32_t large;
    bool is_in_large;
};

// Collects until the batch is full. Returns whether everything has been seen. Central.
static bool bulk_collect(struct bulk *bulk, struct cursor *cursor)
{
    struct heap *heap = bulk->heap;
    while (!cursor->is_in_large) {
        if (cursor->region >= heap->region_count) {
            cursor->is_in_large = true;
            cursor->large = heap->large_first;
            break;
        }
        const struct region *region = &heap->regions[cursor->region];
        struct element element;
        if (!element_at(heap, region, cursor->address, &element) ||
            element.kind == HALDE_ENTRY_UNCOMMITTED) {
            cursor->region++;
            cursor->address = 0;
            continue;
        }
        struct slice *slice = element.slice;
        if (slice_is_span(slice)) {
            if (!bulk_span(bulk, slice, &cursor->group)) {
                return false;
            }
            cursor->group = 0;
            cursor->address =
                slice_address(slice) + ((uintptr_t)span_slice_count(slice) << SLICE_SHIFT);
            continue;
        }
        if (bulk->count == BATCH_COUNT) {
            return false;
        }
        if (element.kind == HALDE_ENTRY_BUSY) {
            bulk_add(bulk, (void *)element.start, element.user_size);
        }
        cursor->address = element.end;
    }
    while (cursor->large != 0) {
        if (bulk->count == BATCH_COUNT) {
            return false;
        }
        struct slice *slice = slice_at(cursor->large);
        bulk_add(bulk, large_block(slice), slice->user_size);
        cursor->large = slice->next;
    }
    return true;
}

enum halde_status halde_heap_walk_blocks(
    halde_heap *handle, halde_block_visitor visit, void *context)
{
    enum halde_status status = halde_heap_lock(handle);
    if (status != HALDE_OK) {
        return status;
    }
    struct bulk bulk;
    bulk.heap = heap_of(handle);
    bulk.visit = visit;
    bulk.context = context;
    bulk.count = 0;
    bulk.is_over = false;
    struct cursor cursor = {0};
    bool is_done = false;
    while (!is_done && !bulk.is_over) {
        struct session session;
        session_begin_central(&session, bulk.heap, 0);
        is_done = bulk_collect(&bulk, &cursor);
        session_end(&session);
        flush(&bulk);
    }
    halde_heap_unlock(handle);
    return HALDE_OK;
}
