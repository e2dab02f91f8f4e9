// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// All busy blocks, slice by slice through the pool, without a lock: a thread that stands still may
// hold any of them, or may stand in the middle of an operation.  So every number is read once and
// proved before it is used.

#include "engine/engine.h"

#include "base/bits.h"
#include "engine/large.h"
#include "engine/mixed.h"
#include "engine/span.h"

struct scan {
    const halde_heap *wanted; // NULL: any
    const halde_heap *heap;   // of the slice in hand
    size_t record_size;
    void (*visit)(const halde_heap *heap, const struct engine_block *block, void *context);
    void *context;
};

static uint8_t *records_of(const struct scan *scan, const struct slice *slice)
{
    return scan->record_size == 0 ? NULL : RELAXED_LOAD(pool.remotes[slice_number(slice)].records);
}

static void *record_at(const struct scan *scan, uint8_t *records, size_t index)
{
    return records == NULL ? NULL : records + index * scan->record_size;
}

static void add(
    const struct scan *scan, uintptr_t start, size_t capacity, size_t slack, void *record)
{
    const struct engine_block block = {
        .data = (void *)start,
        .size = capacity - size_min(slack, capacity),
        .capacity = capacity,
        .record = record,
    };
    scan->visit(scan->heap, &block, scan->context);
}

// ---- Spans ------------------------------------------------------------------------------------

// Returns how many slices the span has.
static size_t scan_span(const struct scan *scan, const struct slice *span)
{
    const uint32_t info = slice_kind(span) == SLICE_SPAN_BYTES ? STATE_INFO_BYTE : STATE_INFO_WORD;
    const uint32_t block_size = RELAXED_LOAD(span->block_size);
    const uint32_t slice_count = span_slice_count(span);
    const uintptr_t first = span_first_block(span);
    const uintptr_t end = slice_address(span) + ((uintptr_t)slice_count << SLICE_SHIFT);
    uint8_t *records = records_of(scan, span);
    if (block_size == 0) {
        return 1;
    }
    const size_t room = (end - first) / block_size;
    const size_t count = size_min(RELAXED_LOAD(span->block_count), room);
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t state = span_state(span, i);
        if (state != 0) {
            const uint32_t slack = CONFIG_UNGUARDED ? 0 : (state & ~info) - 1;
            add(scan, first + (uintptr_t)i * block_size, block_size, slack,
                record_at(scan, records, i));
        }
    }
    return slice_count;
}

// ---- Others -----------------------------------------------------------------------------------

static void scan_mixed(const struct scan *scan, const struct slice *slice, const struct heap *heap)
{
    const uint8_t *map = RELAXED_LOAD(heap->mixed.map);
    const uint32_t top =
        (uint32_t)size_min(RELAXED_LOAD(heap->mixed.top), RELAXED_LOAD(heap->mixed.map_count));
    uint8_t *records = records_of(scan, slice);
    uint32_t granule = RELAXED_LOAD(heap->mixed.first);
    while (granule < top) {
        const uint32_t start = granule++;
        const uint8_t state = RELAXED_LOAD(map[start]);
        if (!mixed_is_start(state)) {
            continue;
        }
        while (granule < top && RELAXED_LOAD(map[granule]) == STATE_CONTINUATION) {
            granule++;
        }
        add(scan, slice_address(slice) + ((uintptr_t)start << GRANULE_SHIFT),
            (size_t)(granule - start) << GRANULE_SHIFT, (state & ~(uint32_t)STATE_INFO_BYTE) - 1,
            record_at(scan, records, start));
    }
}

// Returns how many slices the block has; `room` is how many there are.
static size_t scan_large(const struct scan *scan, const struct slice *slice, size_t room)
{
    const uint64_t slice_count = RELAXED_LOAD(slice->slice_count);
    const size_t offset = RELAXED_LOAD(slice->first_offset);
    if (slice_count == 0 || slice_count > room || offset >= SLICE_SIZE) {
        return 1;
    }
    const size_t capacity = ((size_t)slice_count << SLICE_SHIFT) - offset;
    const size_t size = size_min(RELAXED_LOAD(slice->user_size), capacity);
    add(scan, slice_address(slice) + offset, capacity, capacity - size,
        record_at(scan, records_of(scan, slice), 0));
    return (size_t)slice_count;
}

// Returns how many slices to go on by.
static size_t scan_slice(struct scan *scan, const struct slice *slice, size_t room)
{
    const struct heap *heap = slice_heap(slice);
    const halde_heap *handle = heap == NULL ? NULL : (const void *)RELAXED_LOAD(heap->handle);
    if (handle == NULL || (scan->wanted != NULL && handle != scan->wanted)) {
        return 1;
    }
    scan->heap = handle;
    scan->record_size = RELAXED_LOAD(heap->record_size);
    switch (slice_kind(slice)) {
    case SLICE_SPAN_BYTES:
    case SLICE_SPAN_WORDS:
        return scan_span(scan, slice);
    case SLICE_MIXED:
        scan_mixed(scan, slice, heap);
        return 1;
    case SLICE_LARGE:
    case SLICE_ALONE:
        return scan_large(scan, slice, room);
    default:
        return 1;
    }
}

// -----------------------------------------------------------------------------------------------

void engine_scan(const halde_heap *heap,
    void (*visit)(const halde_heap *heap, const struct engine_block *block, void *context),
    void *context)
{
    struct scan scan = {.wanted = heap, .visit = visit, .context = context};
    const size_t count = atomic_load_explicit(&pool.committed, memory_order_relaxed) >> SLICE_SHIFT;
    for (size_t number = 1; number < count;) { // slice 0 is never used
        number += scan_slice(&scan, slice_at((uint32_t)number), count - number);
    }
}

void engine_pool(uintptr_t *start, uintptr_t *end)
{
    *start = pool.base;
    *end = pool.base + atomic_load_explicit(&pool.committed, memory_order_relaxed);
}
