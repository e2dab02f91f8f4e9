// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Heaps, regions, slices, threads: the engine's structures, read by the layout.

#include "view/internal.h"

#include <string.h>

enum {
    THREADS_MAX = 1 << 20,
    HEAPS_MAX = 1 << 22,
    RECORD_SIZE_MAX = 256,
    SLICES_MAX = 1 << 24, // whose descriptors are fetched beforehand: 1 TiB
};

#define FIELD(structure, name) view_field(view, bytes, LAYOUT_FIELD_##structure##_##name)
#define FIELD_32(structure, name) ((uint32_t)FIELD(structure, name))

static size_t constant_size(const struct view *view, enum layout_constant constant)
{
    return (size_t)view->constants[constant];
}

// ---- Slices -----------------------------------------------------------------------------------

uint32_t view_slice_number(struct view *view, uint64_t address)
{
    if (address < view->pool_base) {
        return 0;
    }
    uint64_t number = (address - view->pool_base) >> view->slice_shift;
    return number < view_pool_slices(view) ? (uint32_t)number : 0;
}

uint64_t view_slice_address(const struct view *view, uint32_t number)
{
    return view->pool_base + ((uint64_t)number << view->slice_shift);
}

static uint64_t descriptor_address(const struct view *view, uint32_t number)
{
    // Proved to lie in the reservation, or the read fails.
    return view->slices + (uint64_t)number * view->slice_size_of;
}

bool view_slice(struct view *view, uint32_t number, struct view_slice *slice)
{
    uint8_t bytes[SMALL_STRUCTURE_MAX];
    if (number == 0 || number >= view_pool_slices(view) ||
        !store_read(&view->store, descriptor_address(view, number), bytes, view->slice_size_of)) {
        return false;
    }
    *slice = (struct view_slice){
        .number = number,
        .heap = FIELD(slice, heap),
        .map = FIELD(slice, map),
        .owner = FIELD(slice, owner),
        .slice_count = FIELD(slice, slice_count),
        .user_size = FIELD(slice, user_size),
        .block_size = FIELD_32(slice, block_size),
        .reciprocal = FIELD_32(slice, reciprocal),
        .first_offset = (uint16_t)FIELD(slice, first_offset),
        .block_count = (uint16_t)FIELD(slice, block_count),
        .kind = (uint8_t)FIELD(slice, kind),
        .size_class = (uint8_t)FIELD(slice, size_class),
        .distance = (uint8_t)FIELD(slice, distance),
        .flags = (uint8_t)FIELD(slice, flags),
        .next = FIELD_32(slice, next),
        .previous = FIELD_32(slice, previous),
    };
    return true;
}

// ---- Heaps ------------------------------------------------------------------------------------

static bool decode_heap(struct view *view, uint64_t address, struct view_heap *heap, uint64_t *next)
{
    uint8_t *bytes = view->scratch;
    size_t size = constant_size(view, LAYOUT_CONSTANT_HEAP_SIZE_OF);
    if (!view_is_metadata(view, address, size) || !store_read(&view->store, address, bytes, size)) {
        return false;
    }
    uint32_t index = heap->index;
    *heap = (struct view_heap){
        .address = address,
        .handle = FIELD(heap, handle),
        .index = index,
        .flags = FIELD_32(heap, flags),
        .checks = FIELD_32(heap, checks),
        .initial_size = FIELD(heap, initial_size),
        .maximum_size = FIELD(heap, maximum_size),
        .lock_owner = FIELD_32(heap, lock_depth) == 0 ? 0 : FIELD(heap, lock_owner),
        .is_observed = FIELD(heap, is_observed) != 0,
        .is_serial = FIELD(heap, is_serial) != 0,
        .is_mutex_held = FIELD_32(heap, mutex) != 0,
        .record_size = FIELD_32(heap, record_size),
        .region_count = FIELD_32(heap, region_count),
        .large_first = FIELD_32(heap, large_first),
        .large_last = FIELD_32(heap, large_last),
        .slice_count = FIELD_32(heap, slice_count),
        .alone_slices = FIELD_32(heap, alone_slices),
        .peak_slices = FIELD_32(heap, peak_slices),
        .regions = FIELD(heap, regions),
        .info = FIELD(heap, info),
    };
    *next = FIELD(heap, next);
    bytes += view->fields[LAYOUT_FIELD_heap_mixed].offset;
    heap->mixed.map = FIELD(mixed, map);
    heap->mixed.map_count = FIELD_32(mixed, map_count);
    heap->mixed.limit = FIELD_32(mixed, limit);
    heap->mixed.first = FIELD_32(mixed, first);
    heap->mixed.top = FIELD_32(mixed, top);
    heap->mixed.committed = FIELD_32(mixed, committed);
    heap->mixed.high = FIELD_32(mixed, high);
    heap->mixed.free_count = FIELD_32(mixed, free_count);
    return true;
}

// The slice at the handle belongs to the heap, and to no other one.
static bool prove_heap(struct view *view, const struct view_heap *heap)
{
    struct view_slice slice;
    uint64_t slice_mask = ((uint64_t)1 << view->slice_shift) - 1;
    return (heap->handle & slice_mask) == 0 && heap->record_size <= RECORD_SIZE_MAX &&
           view_slice(view, view_slice_number(view, heap->handle), &slice) &&
           slice.heap == heap->address;
}

static bool take_heap(struct view *view, uint64_t address, struct view_heap *heap)
{
    struct list_watch *list = &view->list;
    if (address == 0) {
        list->is_sound = true; // the end
        return false;
    }
    if (address == list->mark || heap->index >= HEAPS_MAX ||
        !decode_heap(view, address, heap, &list->next) || !prove_heap(view, heap)) {
        return false;
    }
    if (++list->steps == list->limit) {
        list->mark = address;
        list->limit *= 2;
        list->steps = 0;
    }
    heap->is_process_heap = heap->handle == view_variable(view, LAYOUT_VARIABLE_PROCESS_HEAP);
    heap->is_debug_heap = heap->handle == view_debug_heap(view);
    return true;
}

bool view_heap_first(struct view *view, struct view_heap *heap)
{
    view->list = (struct list_watch){.limit = 1};
    *heap = (struct view_heap){0};
    return take_heap(view, view_variable(view, LAYOUT_VARIABLE_FIRST_HEAP), heap);
}

bool view_heap_next(struct view *view, struct view_heap *heap)
{
    heap->index++;
    return take_heap(view, view->list.next, heap);
}

bool view_heap_list_is_sound(const struct view *view)
{
    return view->list.is_sound;
}

bool view_heap_find(struct view *view, uint64_t handle, struct view_heap *heap)
{
    bool is_heap = view_heap_first(view, heap);
    while (is_heap && heap->handle != handle) {
        is_heap = view_heap_next(view, heap);
    }
    return is_heap;
}

// ---- Regions ----------------------------------------------------------------------------------

// False: it cannot be read, or names slices that are none.
static bool decode_region(
    struct view *view, const struct view_heap *heap, uint32_t index, struct view_region *region)
{
    uint8_t bytes[SMALL_STRUCTURE_MAX];
    size_t size = constant_size(view, LAYOUT_CONSTANT_REGION_SIZE_OF);
    uint64_t address = heap->regions + (uint64_t)index * size;
    if (index >= heap->region_count || !view_is_metadata(view, address, size) ||
        !store_read(&view->store, address, bytes, size)) {
        return false;
    }
    uint32_t first = FIELD_32(region, first_slice);
    uint32_t count = FIELD_32(region, slice_count);
    uint32_t pool_slices = view_pool_slices(view);
    if (first == 0 || first >= pool_slices || count == 0 || count > pool_slices - first) {
        return false;
    }
    *region = (struct view_region){
        .index = index,
        .start = view_slice_address(view, first),
        .end = FIELD(region, end),
        .committed_end = FIELD(region, committed_end),
        .first_block = FIELD(region, first_block),
    };
    return region->start < region->end && region->end <= view_slice_address(view, first + count);
}

// Regions are apart from each other: the first one stands alone, the others are in order.
static bool is_apart(
    struct view *view, const struct view_heap *heap, const struct view_region *region)
{
    struct view_region first;
    struct view_region previous;
    if (region->index == 0) {
        return region->start == heap->handle;
    }
    return decode_region(view, heap, 0, &first) &&
           (region->end <= first.start || region->start >= first.end) &&
           (region->index == 1 || (decode_region(view, heap, region->index - 1, &previous) &&
                                      region->start >= previous.end));
}

bool view_region(
    struct view *view, const struct view_heap *heap, uint32_t index, struct view_region *region)
{
    struct view_slice slice;
    return decode_region(view, heap, index, region) && region->start <= region->first_block &&
           region->first_block <= region->end && region->start <= region->committed_end &&
           region->committed_end <= region->end && is_apart(view, heap, region) &&
           view_slice(view, view_slice_number(view, region->start), &slice) &&
           slice.heap == heap->address;
}

// ---- Threads ----------------------------------------------------------------------------------

static uint32_t thread_count(struct view *view)
{
    uint64_t count = view_variable(view, LAYOUT_VARIABLE_THREAD_COUNT);
    return count < THREADS_MAX ? (uint32_t)count : THREADS_MAX;
}

// The heap that a thread works on: its handle, or 0.
static uint64_t thread_in(struct view *view, uint64_t records, uint32_t index)
{
    uint8_t bytes[SMALL_STRUCTURE_MAX];
    size_t size = constant_size(view, LAYOUT_CONSTANT_THREAD_SIZE_OF);
    uint64_t address = records + (uint64_t)index * size;
    return store_read(&view->store, address, bytes, size) ? FIELD(thread, in) : 0;
}

// Whether a thread is inside this heap; 0: any heap.
static bool is_somebody_inside(struct view *view, uint64_t handle)
{
    uint64_t records = view_variable(view, LAYOUT_VARIABLE_THREADS);
    uint32_t count = thread_count(view);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t in = thread_in(view, records, i);
        if (in != 0 && (handle == 0 || in == handle)) {
            return true;
        }
    }
    return false;
}

bool view_heap_is_busy(struct view *view, const struct view_heap *heap)
{
    return heap->is_mutex_held || is_somebody_inside(view, heap->handle);
}

bool view_is_quiet(struct view *view)
{
    view_forget(view);
    if (view_variable(view, LAYOUT_VARIABLE_POOL_MUTEX) != 0 ||
        view_variable(view, LAYOUT_VARIABLE_AREA_MUTEX) != 0 ||
        view_variable(view, LAYOUT_VARIABLE_METADATA_MUTEX) != 0 ||
        view_variable(view, LAYOUT_VARIABLE_REGISTRY_MUTEX) != 0 || is_somebody_inside(view, 0)) {
        return false;
    }
    struct view_heap heap;
    bool is_quiet = true;
    for (bool is_heap = view_heap_first(view, &heap); is_heap && is_quiet;
         is_heap = view_heap_next(view, &heap)) {
        is_quiet = !heap.is_mutex_held;
    }
    return is_quiet;
}

uint64_t view_thread_record(struct view *view, uint64_t thread_pointer)
{
    uint64_t place = thread_pointer + (uint64_t)view->constants[LAYOUT_CONSTANT_THREAD_TLS_OFFSET];
    uint64_t record = 0;
    if (thread_pointer == 0 || !view_read_contents(view, place, &record, sizeof(record))) {
        return 0;
    }
    uint64_t first = view_variable(view, LAYOUT_VARIABLE_THREADS);
    uint64_t size = constant_size(view, LAYOUT_CONSTANT_THREAD_SIZE_OF);
    bool is_record = record >= first && (record - first) % size == 0 &&
                     (record - first) / size < thread_count(view);
    return is_record ? record : 0;
}

// ---- Fetch ------------------------------------------------------------------------------------

// Ends at a slice that is not the heap's: each slice is looked at for one heap only.
static bool fetch_region(
    struct view *view, const struct view_heap *heap, const struct view_region *region)
{
    struct view_slice slice;
    uint32_t first = view_slice_number(view, region->start);
    uint64_t count = ((region->committed_end - region->start) >> view->slice_shift) + 1;
    for (uint64_t i = 0;
         i < count && view_slice(view, first + (uint32_t)i, &slice) && slice.heap == heap->address;
         i++) {
        if (!view_fetch_slice(view, heap, &slice)) {
            return false;
        }
    }
    return true;
}

static bool fetch_alone(struct view *view, const struct view_heap *heap)
{
    struct view_slice slice = {0};
    uint32_t previous = 0;
    // The link back makes sure that the list does not loop.
    for (uint32_t number = heap->large_first; view_slice(view, number, &slice);
         number = slice.next) {
        if (slice.previous != previous || slice.heap != heap->address) {
            return true;
        }
        if (!view_fetch_slice(view, heap, &slice)) {
            return false;
        }
        previous = number;
    }
    return true;
}

static bool fetch_heap(struct view *view, const struct view_heap *heap)
{
    struct view_region region;
    uint64_t map_size = heap->mixed.top < heap->mixed.limit ? heap->mixed.top : heap->mixed.limit;
    if (view_is_metadata(view, heap->mixed.map, map_size) &&
        !store_touch(&view->store, heap->mixed.map, map_size)) {
        return false;
    }
    for (uint32_t i = 0; i < heap->region_count && view_region(view, heap, i, &region); i++) {
        if (!fetch_region(view, heap, &region)) {
            return false;
        }
    }
    return fetch_alone(view, heap) && view_fetch_user_info(view, heap);
}

// What describes each slice, also those that only belong to something larger.
static bool fetch_slices(struct view *view)
{
    uint64_t count = view_pool_slices(view);
    uint64_t size = (count < SLICES_MAX ? count : SLICES_MAX) * view->slice_size_of;
    uint8_t byte;
    for (uint64_t at = 0; at < size; at += STORE_LINE_SIZE) {
        uint64_t left = size - at < STORE_LINE_SIZE ? size - at : STORE_LINE_SIZE;
        if (!store_touch(&view->store, view->slices + at, left)) {
            return false;
        }
        if (!store_read(&view->store, view->slices + at, &byte, 1)) {
            break; // there cannot be as many as it says
        }
    }
    return true;
}

static bool fetch_all(struct view *view)
{
    struct view_heap heap;
    bool is_fetched = fetch_slices(view);
    for (bool is_heap = view_heap_first(view, &heap); is_heap && is_fetched;
         is_heap = view_heap_next(view, &heap)) {
        is_fetched = fetch_heap(view, &heap);
    }
    // Whoever asks later whether a heap was quiet.
    is_somebody_inside(view, UINT64_MAX);
    return is_fetched && view_pool_slices(view) > 0;
}

void view_prepare(struct view *view)
{
    view_forget(view);
    fetch_all(view);
    store_remember(&view->store);
}

bool view_fetch(struct view *view)
{
    view_forget(view);
    if (view->read_many != NULL) {
        store_recall(&view->store, view->read_many);
    }
    return fetch_all(view);
}
