// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Walking a heap from outside: what engine/element.c and engine/walk.c do inside.

#include "view/internal.h"

#include "base/bits.h"

#include <string.h>

enum {
    STATE_GROUP_MAX = 128 // bytes; the rest of the last group has states, too
};

#define KIND(name) ((uint8_t)view->constants[LAYOUT_CONSTANT_SLICE_##name])
#define CONSTANT(name) ((uint64_t)view->constants[LAYOUT_CONSTANT_##name])

void view_forget_walk(struct view *view)
{
    view->span.number = 0;
    view->window.size = 0;
}

static uint64_t slice_size(const struct view *view)
{
    return (uint64_t)1 << view->slice_shift;
}

static uint64_t granule_size(const struct view *view)
{
    return (uint64_t)1 << view->granule_shift;
}

static void note_fault(struct view_walk *walk, enum view_fault fault, uint64_t address)
{
    if (walk->fault == VIEW_NO_FAULT) {
        walk->fault = fault;
        walk->fault_address = address;
    }
    walk->fault_count++;
}

// ---- Spans ------------------------------------------------------------------------------------

static bool is_span(const struct view *view, const struct view_slice *slice)
{
    return slice->kind == KIND(SPAN_BYTES) || slice->kind == KIND(SPAN_WORDS);
}

static uint32_t span_slice_count(const struct view *view, const struct view_slice *span)
{
    return span->block_size > CONSTANT(CLASS_ONE_SLICE_MAX) ? (uint32_t)CONSTANT(SPAN_LARGE_SLICES)
                                                            : 1;
}

static uint64_t records_of(struct view *view, const struct view_heap *heap, uint32_t number)
{
    uint8_t bytes[SMALL_STRUCTURE_MAX];
    size_t size = (size_t)CONSTANT(REMOTE_SIZE_OF);
    if (heap->record_size == 0 ||
        !store_read(&view->store, view->remotes + (uint64_t)number * size, bytes, size)) {
        return 0;
    }
    return view_field(view, bytes, LAYOUT_FIELD_remote_records);
}

// Blocks lie one behind the other within the span, and the map within the engine's memory.
static bool is_sound_span(const struct view *view, const struct view_slice *span)
{
    uint64_t size = (uint64_t)span_slice_count(view, span) << view->slice_shift;
    uint64_t used = span->first_offset + (uint64_t)span->block_count * span->block_size;
    return span->block_size >= granule_size(view) && span->block_size % granule_size(view) == 0 &&
           span->block_count > 0 && used <= size;
}

static size_t states_size(const struct view *view, const struct view_slice *span)
{
    return (size_t)span->block_count << (span->kind == KIND(SPAN_WORDS));
}

// Makes a span the one in hand. What is wrong with it, or VIEW_NO_FAULT.
static enum view_fault take_span(
    struct view *view, const struct view_heap *heap, const struct view_slice *slice)
{
    struct span_in_hand *span = &view->span;
    if (span->number == slice->number && span->heap == heap->address) {
        return VIEW_NO_FAULT;
    }
    span->number = 0;
    if (slice->heap != heap->address || !is_sound_span(view, slice)) {
        return VIEW_BAD_SLICE;
    }
    size_t size = states_size(view, slice);
    if (size > sizeof(span->states) || !view_is_metadata(view, slice->map, size) ||
        !store_read(&view->store, slice->map, span->states, size)) {
        return VIEW_BAD_MAP;
    }
    span->number = slice->number;
    span->heap = heap->address;
    span->slice = *slice;
    span->slice_count = span_slice_count(view, slice);
    span->has_words = slice->kind == KIND(SPAN_WORDS);
    span->records = records_of(view, heap, slice->number);
    return VIEW_NO_FAULT;
}

static uint32_t raw_state(const struct span_in_hand *span, uint32_t index)
{
    uint16_t word;
    if (!span->has_words) {
        return span->states[index];
    }
    memcpy(&word, span->states + (size_t)index * sizeof(word), sizeof(word));
    return word;
}

// Kind, user size and so on, by the state of the block in hand.
static void set_state(const struct view *view, struct view_walk *walk, struct view_element *element)
{
    const struct span_in_hand *span = &view->span;
    uint32_t state = raw_state(span, element->index);
    uint32_t flag =
        (uint32_t)(span->has_words ? CONSTANT(STATE_INFO_WORD) : CONSTANT(STATE_INFO_BYTE));
    uint32_t cached =
        (uint32_t)(span->has_words ? CONSTANT(STATE_CACHED_WORD) : CONSTANT(STATE_CACHED_BYTE));
    if (state == 0 || state == cached) {
        element->kind = state == 0 ? VIEW_FREE : VIEW_CACHED;
        return;
    }
    uint32_t slack = (state & ~flag) - 1;
    element->kind = VIEW_BUSY;
    element->has_info = (state & flag) != 0;
    element->record =
        span->records == 0 ? 0 : span->records + (uint64_t)element->index * walk->heap.record_size;
    if (slack > span->slice.block_size) {
        note_fault(walk, VIEW_BAD_STATE, element->start);
        slack = span->slice.block_size;
    }
    element->user_size = span->slice.block_size - slack;
}

// False: no block of the span in hand starts at or after the address.
static bool set_span_block(
    struct view *view, struct view_walk *walk, uint64_t address, struct view_element *element)
{
    const struct span_in_hand *span = &view->span;
    uint32_t size = span->slice.block_size;
    uint64_t first = view_slice_address(view, span->number) + span->slice.first_offset;
    uint64_t index = address <= first ? 0 : (address - first) / size;
    if (index >= span->slice.block_count) {
        return false;
    }
    *element = (struct view_element){
        .place = VIEW_IN_SPAN,
        .region = walk->region.index,
        .slice = span->number,
        .index = (uint32_t)index,
        .start = first + index * size,
        .end = first + (index + 1) * size,
        .block_size = size,
    };
    set_state(view, walk, element);
    return true;
}

// ---- The mixed span ---------------------------------------------------------------------------

// Granules whose states can be believed: the map's, within the first region.
static bool is_sound_mixed(const struct view *view, const struct view_walk *walk)
{
    const struct view_heap *heap = &walk->heap;
    uint64_t granules = (walk->region.end - walk->region.start) >> view->granule_shift;
    return walk->region.start == heap->handle && heap->mixed.limit <= granules &&
           heap->mixed.top <= heap->mixed.limit && heap->mixed.first <= heap->mixed.top &&
           heap->mixed.top <= heap->mixed.map_count;
}

// The state of a granule below `top`. False: it cannot be read.
static bool map_state(
    struct view *view, const struct view_heap *heap, uint32_t granule, uint8_t *state)
{
    struct map_window *window = &view->window;
    uint64_t address = heap->mixed.map + granule;
    if (address - window->address >= window->size) {
        uint32_t size = heap->mixed.top - granule;
        size = size < sizeof(window->bytes) ? size : (uint32_t)sizeof(window->bytes);
        window->size = 0;
        if (!view_is_metadata(view, address, size) ||
            !store_read(&view->store, address, window->bytes, size)) {
            return false;
        }
        window->address = address;
        window->size = size;
    }
    *state = window->bytes[address - window->address];
    return true;
}

// The first granule from `granule` on, below top, whose state is not `value`.
static uint32_t skip_states(
    struct view *view, const struct view_heap *heap, uint32_t granule, uint8_t value)
{
    uint8_t state;
    while (granule < heap->mixed.top && map_state(view, heap, granule, &state) && state == value) {
        granule++;
    }
    return granule;
}

static uint64_t granule_address(
    const struct view *view, const struct view_heap *heap, uint32_t granule)
{
    return heap->handle + ((uint64_t)granule << view->granule_shift);
}

// ---- Free ranges ------------------------------------------------------------------------------

// Where the free range that contains `address` ends; `address` itself when it is not free.
static uint64_t free_end(struct view *view, struct view_walk *walk, uint64_t address)
{
    const struct view_heap *heap = &walk->heap;
    const struct view_region *region = &walk->region;
    struct view_slice slice;
    while (address < region->end && view_slice(view, view_slice_number(view, address), &slice)) {
        if (slice.heap != heap->address) {
            return address;
        }
        if (slice.kind == KIND(INSIDE) && slice.distance < slice.number &&
            !view_slice(view, slice.number - slice.distance, &slice)) {
            return address;
        }
        if (slice.kind == KIND(MIXED) && is_sound_mixed(view, walk)) {
            uint32_t granule = (uint32_t)((address - heap->handle) >> view->granule_shift);
            granule = skip_states(view, heap, granule, 0);
            if (granule < heap->mixed.top) {
                return granule_address(view, heap, granule);
            }
            uint64_t end = granule_address(view, heap, heap->mixed.limit);
            if (end <= address) {
                return address;
            }
            address = end;
        } else if (slice.kind == KIND(FREE) && slice.slice_count > 0 &&
                   slice.slice_count <= (region->end - address) >> view->slice_shift) {
            address += slice.slice_count << view->slice_shift;
        } else {
            // The part of a slice at the end of a fixed-size heap belongs to the range.
            bool is_part = slice.kind == KIND(NONE) && region->end - address < slice_size(view);
            return is_part ? region->end : address;
        }
    }
    return address < region->end ? address : region->end;
}

static void set_free_range(
    struct view *view, struct view_walk *walk, uint64_t address, struct view_element *element)
{
    uint64_t end = free_end(view, walk, address);
    uint64_t committed_end = walk->region.committed_end;
    element->kind = VIEW_FREE;
    element->start = address;
    element->is_last_free = end > committed_end;
    element->end = end > committed_end ? committed_end : end;
}

static void set_mixed(
    struct view *view, struct view_walk *walk, uint64_t address, struct view_element *element)
{
    const struct view_heap *heap = &walk->heap;
    uint8_t continuation = (uint8_t)CONSTANT(STATE_CONTINUATION);
    uint8_t flag = (uint8_t)CONSTANT(STATE_INFO_BYTE);
    uint32_t granule = (uint32_t)((address - heap->handle) >> view->granule_shift);
    uint8_t state = 0;
    element->place = VIEW_IN_MIXED;
    element->index = granule;
    if (granule >= heap->mixed.top || !map_state(view, heap, granule, &state) || state == 0) {
        set_free_range(view, walk, address, element);
        return;
    }
    while (state == continuation && granule > heap->mixed.first) {
        granule--; // an address inside a block
        if (!map_state(view, heap, granule, &state)) {
            break;
        }
    }
    uint32_t end = skip_states(view, heap, granule + 1, continuation);
    uint64_t size = (uint64_t)(end - granule) << view->granule_shift;
    uint64_t slack = (uint64_t)(state & (uint8_t)~flag) - 1;
    element->index = granule;
    element->kind = VIEW_BUSY;
    element->start = granule_address(view, heap, granule);
    element->end = element->start + size;
    element->has_info = (state & flag) != 0;
    uint64_t records = records_of(view, heap, view_slice_number(view, heap->handle));
    element->record = records == 0 ? 0 : records + (uint64_t)granule * heap->record_size;
    if (slack > size || state == continuation) {
        note_fault(walk, VIEW_BAD_STATE, element->start);
        slack = size;
    }
    element->user_size = size - slack;
}

// ---- Large blocks -----------------------------------------------------------------------------

static bool set_large(struct view *view, struct view_walk *walk, const struct view_slice *slice,
    uint64_t room, struct view_element *element)
{
    uint64_t start = view_slice_address(view, slice->number);
    uint64_t count = slice->slice_count;
    if (count == 0 || count > room >> view->slice_shift) {
        return false;
    }
    element->kind = VIEW_BUSY;
    element->slice = slice->number;
    element->start = start + slice->first_offset;
    element->end = start + (count << view->slice_shift);
    element->record = records_of(view, &walk->heap, slice->number);
    element->has_info = (slice->flags & CONSTANT(SLICE_FLAG_USER_INFO)) != 0;
    element->user_size = slice->user_size;
    if (element->start >= element->end) {
        return false;
    }
    if (slice->user_size > element->end - element->start) {
        note_fault(walk, VIEW_BAD_SLICE, start);
        element->user_size = element->end - element->start;
    }
    return true;
}

// ---- Elements of a region ---------------------------------------------------------------------

// The first slice of what an address lies in. False: the descriptor cannot be believed.
static bool first_slice(
    struct view *view, const struct view_walk *walk, uint64_t address, struct view_slice *slice)
{
    if (!view_slice(view, view_slice_number(view, address), slice) ||
        slice->heap != walk->heap.address) {
        return false;
    }
    if (slice->kind != KIND(INSIDE)) {
        return true;
    }
    uint32_t distance = slice->distance;
    return distance != 0 && distance < slice->number &&
           view_slice(view, slice->number - distance, slice) && slice->heap == walk->heap.address &&
           slice->kind != KIND(INSIDE) &&
           view_slice_address(view, slice->number) >= walk->region.start;
}

enum step {
    STEP_FOUND,
    STEP_NEXT, ///< nothing here: go on at the end of the element
    STEP_FAULT,
};

// What lies at an address, that no span in hand knows of.
static enum step look_at(struct view *view, struct view_walk *walk, uint64_t address,
    const struct view_slice *slice, struct view_element *element)
{
    uint64_t start = view_slice_address(view, slice->number);
    *element = (struct view_element){.region = walk->region.index, .slice = slice->number};
    if (is_span(view, slice)) {
        enum view_fault fault = take_span(view, &walk->heap, slice);
        uint64_t size = (uint64_t)view->span.slice_count << view->slice_shift;
        if (fault != VIEW_NO_FAULT || size > walk->region.end - start) {
            view->span.number = 0;
            note_fault(walk, fault != VIEW_NO_FAULT ? fault : VIEW_BAD_SLICE, start);
            return STEP_FAULT;
        }
        if (set_span_block(view, walk, address, element)) {
            return STEP_FOUND;
        }
        element->end = start + size;
        if (element->end > address) {
            return STEP_NEXT;
        }
        note_fault(walk, VIEW_BAD_SLICE, start); // a slice behind it claims to be inside of it
        return STEP_FAULT;
    }
    bool is_sound = true;
    if (slice->kind == KIND(MIXED)) {
        is_sound = is_sound_mixed(view, walk) && start == walk->heap.handle;
        if (is_sound) {
            set_mixed(view, walk, address, element);
        }
    } else if (slice->kind == KIND(LARGE)) {
        element->place = VIEW_LARGE_INSIDE;
        is_sound = set_large(view, walk, slice, walk->region.end - start, element);
    } else {
        set_free_range(view, walk, address, element);
    }
    if (!is_sound || element->end <= address) {
        note_fault(walk, VIEW_BAD_SLICE, start);
        return STEP_FAULT;
    }
    uint64_t size = element->end - element->start;
    bool is_waste = element->kind == VIEW_FREE && size < CONSTANT(FREE_OVERHEAD) &&
                    (element->end == walk->region.end || element->end % slice_size(view) == 0);
    return is_waste ? STEP_NEXT : STEP_FOUND;
}

// The element that contains or, in a gap, follows `address`. False at the end of the region.
static bool element_at(
    struct view *view, struct view_walk *walk, uint64_t address, struct view_element *element)
{
    const struct view_region *region = &walk->region;
    address = address < region->first_block ? region->first_block : address;
    while (address < region->end) {
        if (address >= region->committed_end) {
            *element = (struct view_element){.kind = VIEW_UNCOMMITTED,
                .region = region->index,
                .start = address,
                .end = region->end};
            return true;
        }
        struct view_slice slice;
        if (!view_slice(view, view_slice_number(view, address), &slice) ||
            slice.heap != walk->heap.address) {
            note_fault(walk, VIEW_BAD_SLICE, address);
            return false; // not the heap's: what follows is not believed either
        }
        if (!first_slice(view, walk, address, &slice)) {
            note_fault(walk, VIEW_BAD_SLICE, address);
            address = (address | (slice_size(view) - 1)) + 1;
            continue;
        }
        switch (look_at(view, walk, address, &slice, element)) {
        case STEP_FOUND:
            return true;
        case STEP_NEXT:
            address = element->end;
            break;
        case STEP_FAULT:
            address = (address | (slice_size(view) - 1)) + 1;
            break;
        }
    }
    return false;
}

// The same; quicker where the block before was of the span in hand.
static bool next_in_region(struct view *view, struct view_walk *walk, struct view_element *element)
{
    const struct span_in_hand *span = &view->span;
    uint64_t address = walk->address;
    if (span->number != 0 && span->heap == walk->heap.address) {
        uint64_t first = view_slice_address(view, span->number) + span->slice.first_offset;
        uint64_t size = (uint64_t)span->slice.block_count * span->slice.block_size;
        if (address - first < size && address < walk->region.committed_end) {
            return set_span_block(view, walk, address, element);
        }
    }
    return element_at(view, walk, address, element);
}

// ---- Walks ------------------------------------------------------------------------------------

void view_walk_begin(struct view_walk *walk, const struct view_heap *heap)
{
    *walk = (struct view_walk){.heap = *heap, .large = heap->large_first};
}

static void set_region(const struct view_region *region, struct view_element *element)
{
    *element = (struct view_element){
        .kind = VIEW_REGION,
        .region = region->index,
        .start = region->start,
        .end = region->end,
        .user_size = region->first_block - region->start,
    };
}

static bool next_region(struct view *view, struct view_walk *walk, struct view_element *element)
{
    uint32_t index = walk->next_region;
    if (index >= walk->heap.region_count) {
        return false;
    }
    if (!view_region(view, &walk->heap, index, &walk->region)) {
        note_fault(walk, VIEW_BAD_REGION, walk->heap.regions);
        walk->next_region = walk->heap.region_count; // none behind it is believed
        return false;
    }
    walk->next_region = index + 1;
    walk->is_in_region = true;
    walk->address = walk->region.first_block;
    set_region(&walk->region, element);
    return true;
}

// A block's link back to the one before it makes sure that the list does not loop.
static bool next_large(struct view *view, struct view_walk *walk, struct view_element *element)
{
    struct view_slice slice;
    uint32_t number = walk->large;
    if (number == 0) {
        return false;
    }
    *element = (struct view_element){.place = VIEW_LARGE_ALONE, .region = VIEW_NO_REGION};
    uint64_t pool_end = view_slice_address(view, view_pool_slices(view));
    bool is_sound =
        view_slice(view, number, &slice) && slice.kind == KIND(ALONE) &&
        slice.heap == walk->heap.address && slice.previous == walk->large_before &&
        set_large(view, walk, &slice, pool_end - view_slice_address(view, number), element);
    if (!is_sound) {
        note_fault(walk, VIEW_BAD_LARGE_LIST, view_slice_address(view, number));
        walk->large = 0;
        return false;
    }
    walk->large_before = number;
    walk->large = slice.next;
    return true;
}

bool view_walk_next(struct view *view, struct view_walk *walk, struct view_element *element)
{
    if (walk->is_in_region) {
        if (next_in_region(view, walk, element)) {
            walk->address = element->end;
            return true;
        }
        walk->is_in_region = false;
    }
    return next_region(view, walk, element) || next_large(view, walk, element);
}

// ---- From an address --------------------------------------------------------------------------

static bool seek_region(struct view *view, struct view_walk *walk, uint64_t address)
{
    for (uint32_t i = 0; view_region(view, &walk->heap, i, &walk->region); i++) {
        if (address >= walk->region.start && address < walk->region.end) {
            walk->next_region = i + 1;
            walk->is_in_region = true;
            return true;
        }
    }
    return false;
}

static uint64_t link_size(const struct view *view, const struct view_element *element)
{
    uint64_t size = CONSTANT(FREE_LINK_SIZE);
    return element->place == VIEW_IN_SPAN && element->block_size == size ? 0 : size;
}

static bool seek_alone(struct view *view, struct view_walk *walk, uint64_t position)
{
    struct view_slice slice;
    uint32_t number = view_slice_number(view, position);
    if (!view_slice(view, number, &slice) || slice.kind != KIND(ALONE) ||
        slice.heap != walk->heap.address ||
        view_slice_address(view, number) + slice.first_offset != position) {
        return false;
    }
    walk->next_region = walk->heap.region_count;
    walk->large = slice.next;
    walk->large_before = number;
    return true;
}

static bool seek_other(struct view *view, struct view_walk *walk, uint64_t position)
{
    struct view_element element;
    if (position == walk->region.start) {
        walk->address = walk->region.first_block;
        return true;
    }
    if (position == walk->region.committed_end) {
        walk->address = walk->region.end;
        return true;
    }
    // Free elements show an address behind their start; those of the smallest class do not.
    bool is_found = element_at(view, walk, position, &element);
    uint64_t link = is_found ? link_size(view, &element) : CONSTANT(FREE_LINK_SIZE);
    uint64_t start = position - link;
    if (start < walk->region.first_block || start % granule_size(view) != 0 ||
        start >= walk->region.committed_end || !element_at(view, walk, start, &element)) {
        return false;
    }
    if (element.start > start) { // allocated since then
        walk->address = start;
        return true;
    }
    walk->address = element.end;
    return element.kind == VIEW_FREE || element.kind == VIEW_CACHED;
}

bool view_walk_seek(struct view *view, struct view_walk *walk, const struct view_heap *heap,
    uint64_t position, bool was_busy)
{
    struct view_element element;
    view_walk_begin(walk, heap);
    if (was_busy && seek_alone(view, walk, position)) {
        return true;
    }
    if (!seek_region(view, walk, position)) {
        return false;
    }
    if (!was_busy) {
        return seek_other(view, walk, position);
    }
    bool is_found = element_at(view, walk, position, &element);
    if (is_found && element.kind == VIEW_BUSY && element.start != position) {
        return false;
    }
    walk->address = is_found ? element.end : walk->region.end;
    return true;
}

void view_entry_of(struct view *view, const struct view_element *element, struct view_entry *entry)
{
    uint64_t size = element->end - element->start;
    *entry = (struct view_entry){.data = element->start, .size = size};
    switch (element->kind) {
    case VIEW_BUSY:
        entry->size = element->user_size;
        entry->overhead = element->place == VIEW_LARGE_ALONE ? 0 : size - element->user_size;
        return;
    case VIEW_FREE:
    case VIEW_CACHED: {
        bool is_in_span = element->place == VIEW_IN_SPAN;
        uint64_t overhead = CONSTANT(FREE_OVERHEAD);
        uint64_t taken = is_in_span ? CONSTANT(FREE_LINK_SIZE)
                         : element->is_last_free
                             ? CONSTANT(FREE_LINK_SIZE) + CONSTANT(LAST_FREE_RESERVE)
                             : overhead;
        entry->data = element->start + link_size(view, element);
        entry->size = size > taken ? size - taken : 0;
        entry->overhead = is_in_span ? taken : overhead < size ? overhead : size;
        return;
    }
    case VIEW_REGION: {
        uint64_t header = element->user_size;
        uint64_t link = CONSTANT(FREE_LINK_SIZE);
        entry->size = header > link ? header - link : 0;
        return;
    }
    case VIEW_UNCOMMITTED:
        return;
    }
}

// ---- Fetch ------------------------------------------------------------------------------------

bool view_fetch_slice(
    struct view *view, const struct view_heap *heap, const struct view_slice *slice)
{
    uint64_t record_size = heap->record_size;
    uint64_t records = 0;
    uint64_t count = 1;
    bool is_large = slice->kind == KIND(LARGE) || slice->kind == KIND(ALONE);
    if (is_span(view, slice) && is_sound_span(view, slice)) {
        size_t size = bits_round_up(states_size(view, slice), STATE_GROUP_MAX);
        if (view_is_metadata(view, slice->map, size) &&
            !store_touch(&view->store, slice->map, size)) {
            return false;
        }
        count = slice->block_count;
    } else if (slice->kind == KIND(MIXED)) {
        count = heap->mixed.top < heap->mixed.limit ? heap->mixed.top : heap->mixed.limit;
    } else if (!is_large) {
        return true;
    }
    records = records_of(view, heap, slice->number);
    return records == 0 || !view_is_metadata(view, records, count * record_size) ||
           store_touch(&view->store, records, count * record_size);
}

bool view_large_element(struct view *view, const struct view_heap *heap,
    const struct view_slice *slice, struct view_element *element)
{
    struct view_walk walk = {.heap = *heap};
    uint64_t pool_end = view_slice_address(view, view_pool_slices(view));
    uint64_t start = view_slice_address(view, slice->number);
    *element = (struct view_element){
        .place = slice->kind == KIND(ALONE) ? VIEW_LARGE_ALONE : VIEW_LARGE_INSIDE,
        .region = VIEW_NO_REGION,
    };
    return (slice->kind == KIND(LARGE) || slice->kind == KIND(ALONE)) &&
           slice->heap == heap->address && set_large(view, &walk, slice, pool_end - start, element);
}
