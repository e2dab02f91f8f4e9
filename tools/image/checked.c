// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Which memory check.c reads: what the debug heap, and heaps with checks, fill with patterns.  That
// is all of their spans, because the patterns lie beside every block, but only the ends of large
// blocks.

#include "cli/memory.h"
#include "image/heaps_internal.h"

#include <stdlib.h>

enum {
    WORD_SIZE = 8,
};

#define CONSTANT(name) ((uint64_t)view_constant(checked->view, LAYOUT_CONSTANT_##name))

struct checked {
    struct view *view;
    struct view_heap heap;
    struct view_range *ranges;
    size_t count, capacity;
};

static void add(struct checked *checked, uint64_t start, uint64_t end)
{
    struct view_range *last = checked->count > 0 ? &checked->ranges[checked->count - 1] : NULL;
    if (start >= end) {
        return;
    }
    if (last != NULL && start >= last->start && start <= last->end) {
        last->end = end > last->end ? end : last->end;
        return;
    }
    checked->ranges =
        must_grow(checked->ranges, checked->count, &checked->capacity, sizeof(*checked->ranges));
    checked->ranges[checked->count++] = (struct view_range){start, end};
}

// As check_debug() and check_patterns() of check.c have it.
static void add_large(struct checked *checked, const struct view_slice *slice)
{
    struct view_element element;
    struct view_debug_block debug;
    if (!view_large_element(checked->view, &checked->heap, slice, &element)) {
        return;
    }
    if (!checked->heap.is_debug_heap ||
        !view_debug_block(checked->view, &checked->heap, &element, &debug)) {
        uint64_t tail = element.start + element.user_size;
        uint64_t end = tail + CONSTANT(TAIL_SIZE);
        add(checked, tail, end < element.end ? end : element.end);
        return;
    }
    struct view_debug_fills fills = {0};
    view_debug_fills(checked->view, &fills);
    bool is_freed = debug.state == VIEW_DEBUG_DELAYED || debug.state == VIEW_DEBUG_QUARANTINED;
    uint64_t user_end = debug.outer + debug.outer_size;
    uint64_t end = element.end - user_end < fills.tail_checked_max
                       ? element.end
                       : user_end + fills.tail_checked_max;
    uint64_t tail = debug.inner == 0 ? user_end : debug.address + debug.size;
    add(checked, element.start, is_freed ? end : debug.outer);
    add(checked, debug.address - 2 * WORD_SIZE, debug.address);
    add(checked, tail, end);
}

// Returns how many slices belong together, from this one on.
static uint64_t add_slice(struct checked *checked, const struct view_slice *slice)
{
    uint64_t address = view_slice_address(checked->view, slice->number);
    uint64_t count = 1;
    if (slice->kind == CONSTANT(SLICE_LARGE)) {
        add_large(checked, slice);
        return slice->slice_count;
    }
    if (slice->kind == CONSTANT(SLICE_FREE)) {
        return slice->slice_count;
    }
    bool is_span =
        slice->kind == CONSTANT(SLICE_SPAN_BYTES) || slice->kind == CONSTANT(SLICE_SPAN_WORDS);
    if (is_span && slice->block_size > CONSTANT(CLASS_ONE_SLICE_MAX)) {
        count = CONSTANT(SPAN_LARGE_SLICES);
    }
    add(checked, address, address + (count << CONSTANT(SLICE_SHIFT)));
    return count;
}

static void add_region(struct checked *checked, const struct view_region *region)
{
    uint64_t number = view_slice_number(checked->view, region->start);
    uint64_t slice_size = (uint64_t)1 << CONSTANT(SLICE_SHIFT);
    uint64_t end = number + (region->committed_end - region->start + slice_size - 1) / slice_size;
    struct view_slice slice;
    while (number < end && view_slice(checked->view, (uint32_t)number, &slice)) {
        uint64_t count = add_slice(checked, &slice);
        number += count == 0 ? 1 : count < end - number ? count : end - number;
    }
}

// The link back makes sure that the list does not loop.
static void add_alone(struct checked *checked)
{
    struct view_slice slice;
    uint32_t previous = 0;
    for (uint32_t number = checked->heap.large_first;
         view_slice(checked->view, number, &slice) && slice.previous == previous &&
         slice.heap == checked->heap.address;
         number = slice.next) {
        add_large(checked, &slice);
        previous = number;
    }
}

static int compare(const void *left, const void *right)
{
    const struct view_range *a = left, *b = right;
    return (a->start > b->start) - (a->start < b->start);
}

static void merge(struct checked *checked)
{
    size_t count = checked->count;
    if (count == 0) {
        return;
    }
    qsort(checked->ranges, count, sizeof(*checked->ranges), compare);
    checked->count = 0;
    for (size_t i = 0; i < count; i++) {
        struct view_range range = checked->ranges[i];
        add(checked, range.start, range.end); // never more than were read already
    }
}

struct view_range *heaps_checked_ranges(struct heaps *heaps, size_t *count)
{
    struct checked checked = {.view = heaps->view};
    struct view_heap heap;
    for (bool is_heap = view_heap_first(heaps->view, &heap); is_heap;
         is_heap = view_heap_next(heaps->view, &heap)) {
        struct view_region region;
        checked.heap = heap;
        if (!heap.is_debug_heap && heap.checks == 0) {
            continue;
        }
        for (uint32_t i = 0; view_region(heaps->view, &heap, i, &region); i++) {
            add_region(&checked, &region);
        }
        add_alone(&checked);
    }
    merge(&checked);
    *count = checked.count;
    return checked.ranges;
}
