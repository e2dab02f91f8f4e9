// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "engine/side_record.h"

#include <string.h>

#include "engine/engine.h"
#include "engine/large.h"
#include "engine/mixed.h"
#include "engine/span.h"

static struct remote *remote_of(const struct slice *first)
{
    return &pool.remotes[slice_number(first)];
}

bool side_records_make(struct slice *first, const struct heap *heap, uint32_t count)
{
    if (heap->record_size == 0) {
        return true;
    }
    size_t size = (size_t)count * heap->record_size;
    uint8_t *records = metadata_alloc(size);
    if (records == NULL) {
        return false;
    }
    memset(records, 0, size);
    RELAXED_STORE(remote_of(first)->records, records);
    return true;
}

bool side_records_make_mixed(struct slice *first, const struct heap *heap)
{
    if (heap->record_size == 0) {
        return true;
    }
    uint8_t *records = metadata_alloc((size_t)heap->mixed.limit * heap->record_size);
    RELAXED_STORE(remote_of(first)->records, records);
    return records != NULL;
}

void side_record_clear_mixed(const struct heap *heap, const void *data)
{
    uint8_t *records = RELAXED_LOAD(remote_of(slice_of((const void *)heap->handle))->records);
    if (records != NULL) {
        size_t granule = ((uintptr_t)data - heap->handle) >> GRANULE_SHIFT;
        memset(records + granule * heap->record_size, 0, heap->record_size);
    }
}

void side_records_release(struct slice *first, const struct heap *heap, uint32_t count)
{
    if (heap->record_size == 0) {
        return;
    }
    struct remote *remote = remote_of(first);
    uint8_t *records = remote->records;
    RELAXED_STORE(remote->records, NULL);
    metadata_free(records, (size_t)count * heap->record_size);
}

void *side_record_of(const struct block *block)
{
    size_t size = block->heap->record_size;
    if (size == 0) {
        return NULL;
    }
    uint8_t *records = RELAXED_LOAD(remote_of(block->slice)->records);
    return records == NULL ? NULL : records + block->index * size;
}

// ---- For the layers above ---------------------------------------------------------------------

static bool find(const halde_heap *handle, const void *data, struct engine_block *result)
{
    struct block block;
    const struct heap *heap = heap_of(handle);
    if (heap == NULL || block_find(heap, data, &block) != HALDE_OK) {
        return false;
    }
    *result = (struct engine_block){
        .data = (void *)(uintptr_t)data,
        .size = block.user_size,
        .capacity = block.block_size,
        .record = side_record_of(&block),
    };
    return true;
}

bool engine_block_at(const halde_heap *handle, const void *data, struct engine_block *block)
{
    return find(handle, data, block);
}

// Where the block that contains an address would start.
static uintptr_t start_in_mixed(const struct heap *heap, struct slice *slice, uintptr_t address)
{
    const struct mixed *mixed = &heap->mixed;
    uintptr_t base = slice_address(slice);
    uint32_t granule = (uint32_t)((address - base) >> GRANULE_SHIFT);
    if (granule >= mixed->top) {
        return address;
    }
    while (granule > mixed->first && mixed->map[granule] == STATE_CONTINUATION) {
        granule--;
    }
    return base + ((uintptr_t)granule << GRANULE_SHIFT);
}

static uintptr_t start_in_span(const struct slice *span, uintptr_t address)
{
    uintptr_t first = span_first_block(span);
    uint32_t size = RELAXED_LOAD(span->block_size);
    return address < first ? address : address - (address - first) % size;
}

static uintptr_t start_of_block(const struct heap *heap, uintptr_t address)
{
    struct slice *slice = slice_first(slice_of((const void *)address));
    // The later slices of a large block do not know the first one.
    while (slice_kind(slice) == SLICE_NONE && slice_heap(slice - 1) == heap) {
        slice--;
    }
    if (slice_is_span(slice)) {
        return start_in_span(slice, address);
    }
    if (slice_is_large(slice)) {
        return (uintptr_t)large_block(slice);
    }
    return slice_kind(slice) == SLICE_MIXED ? start_in_mixed(heap, slice, address) : address;
}

bool engine_block_around(const halde_heap *handle, const void *address, struct engine_block *block)
{
    const struct heap *heap = heap_of(handle);
    const struct slice *slice = slice_of(address);
    if (heap == NULL || slice == NULL || slice_heap(slice) != heap) {
        return false;
    }
    uintptr_t start = start_of_block(heap, (uintptr_t)address);
    return find(handle, (const void *)start, block) &&
           (uintptr_t)address - (uintptr_t)block->data < block->capacity;
}
