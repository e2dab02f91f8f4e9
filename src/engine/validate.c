// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "engine/validate.h"

#include "engine/checks.h"
#include "engine/element.h"
#include "engine/engine.h"
#include "engine/large.h"
#include "engine/mixed.h"
#include "engine/span.h"

static enum halde_status heap_damaged(const void *where, struct halde_damage *damage)
{
    *damage = (struct halde_damage){.status = HALDE_HEAP_DAMAGED, .block = where};
    return HALDE_HEAP_DAMAGED;
}

// A span's descriptor agrees with its class, and every state is one that an allocation can have
// stored.
static enum halde_status validate_span(const struct slice *span, struct halde_damage *damage)
{
    bool has_words = slice_kind(span) == SLICE_SPAN_WORDS;
    bool is_consistent =
        span->size_class < CLASS_COUNT && class_has_words(span->size_class) == has_words &&
        size_class_block_size(span->size_class) == span->block_size && span->map != NULL;
    if (!is_consistent) {
        return heap_damaged((void *)slice_address(span), damage);
    }
    uint32_t info_flag = has_words ? STATE_INFO_WORD : STATE_INFO_BYTE;
    for (uint32_t i = 0; i < span->block_count; i++) {
        uint32_t state = span_state(span, i);
        uint32_t slack = (state & ~info_flag) - 1;
        if (state != 0 && slack > span->block_size) {
            return heap_damaged(
                (void *)(span_first_block(span) + (uintptr_t)i * span->block_size), damage);
        }
    }
    return HALDE_OK;
}

// Starts and continuations alternate properly, and the count of free granules is right.
static enum halde_status validate_mixed(const struct heap *heap, struct halde_damage *damage)
{
    const struct mixed *mixed = &heap->mixed;
    void *base = (void *)heap->handle;
    if (mixed->top > mixed->limit || mixed->top < mixed->first || mixed->top > mixed->map_count) {
        return heap_damaged(base, damage);
    }
    uint32_t free_count = 0;
    for (uint32_t granule = mixed->first; granule < mixed->top;) {
        uint8_t state = mixed->map[granule];
        if (state == STATE_CONTINUATION) {
            return heap_damaged((char *)base + ((size_t)granule << GRANULE_SHIFT), damage);
        }
        uint32_t count = state == 0 ? 1 : mixed_block_granules(mixed, granule);
        free_count += state == 0;
        granule += count;
    }
    return free_count == mixed->free_count ? HALDE_OK : heap_damaged(base, damage);
}

static enum halde_status validate_patterns(
    const struct heap *heap, const struct element *element, struct halde_damage *damage)
{
    struct slice *slice = element->slice;
    if (element->kind == HALDE_ENTRY_BUSY) {
        const struct block block = {
            .slice = slice,
            .heap = (struct heap *)(uintptr_t)heap,
            .user_size = element->user_size,
        };
        return checks_tail(&block, (void *)element->start, damage);
    }
    if (element->kind != HALDE_ENTRY_FREE || (heap->checks & HALDE_CHECK_FREE) == 0) {
        return HALDE_OK;
    }
    uintptr_t end = element->end;
    if (slice_kind(slice) == SLICE_MIXED) {
        uintptr_t used_end = heap->handle + ((uintptr_t)heap->mixed.high << GRANULE_SHIFT);
        end = size_min(end, used_end); // above, nothing was ever freed
    } else if (slice_kind(slice) == SLICE_FREE) {
        return HALDE_OK;
    }
    return end <= element->start
               ? HALDE_OK
               : checks_freed((void *)element->start, end - element->start, damage);
}

// One region: the units one after another, and where the heap has checks every element.
static enum halde_status validate_region(
    const struct heap *heap, const struct region *region, struct halde_damage *damage)
{
    enum halde_status status = HALDE_OK;
    struct element element;
    const struct slice *span = NULL;
    uintptr_t address = region->first_block;
    while (status == HALDE_OK && element_at(heap, region, address, &element)) {
        if (element.kind == HALDE_ENTRY_UNCOMMITTED) {
            break;
        }
        struct slice *slice = element.slice;
        bool is_span = slice_is_span(slice);
        if (is_span && slice != span) {
            span = slice;
            status = validate_span(slice, damage);
        }
        if (status == HALDE_OK && heap->checks != 0) {
            status = validate_patterns(heap, &element, damage);
        }
        bool skips_span = is_span && heap->checks == 0;
        address = skips_span
                      ? slice_address(slice) + ((uintptr_t)span_slice_count(slice) << SLICE_SHIFT)
                      : element.end;
    }
    return status;
}

enum halde_status validate_all(struct heap *heap, struct halde_damage *damage)
{
    struct halde_damage ignored;
    damage = damage == NULL ? &ignored : damage;
    enum halde_status status = validate_mixed(heap, damage);
    for (uint32_t i = 0; status == HALDE_OK && i < heap->region_count; i++) {
        status = validate_region(heap, &heap->regions[i], damage);
    }
    uint32_t previous = 0;
    for (uint32_t number = heap->large_first; status == HALDE_OK && number != 0;) {
        const struct slice *slice = slice_at(number);
        if (slice_kind(slice) != SLICE_ALONE || slice_heap(slice) != heap ||
            slice->previous != previous) {
            status = heap_damaged((void *)slice_address(slice), damage);
        }
        if (status == HALDE_OK) {
            const struct block block = {.slice = slice_at(number),
                .heap = heap,
                .user_size = RELAXED_LOAD(slice->user_size)};
            status = checks_tail(&block, large_block(slice), damage); // one that shrank has a tail
        }
        previous = number;
        number = slice->next;
    }
    return status;
}

enum halde_status halde_heap_validate(
    halde_heap *handle, const void *data, struct halde_damage *damage)
{
    return engine_heap_validate(handle, data, 0, damage);
}

enum halde_status engine_heap_validate(
    halde_heap *handle, const void *data, uint32_t flags, struct halde_damage *damage)
{
    struct halde_damage ignored;
    damage = damage == NULL ? &ignored : damage;
    struct heap *heap = heap_of(handle);
    if (heap == NULL) {
        *damage = (struct halde_damage){.status = HALDE_BAD_HEAP};
        return HALDE_BAD_HEAP;
    }
    struct session session;
    session_begin_central(&session, heap, flags);
    enum halde_status status;
    if (data == NULL) {
        status = validate_all(heap, damage);
    } else {
        struct block block;
        status = block_find(heap, data, &block);
        *damage = (struct halde_damage){.status = status, .block = data};
        if (status == HALDE_OK) {
            status = checks_tail(&block, data, damage);
        }
    }
    session_end(&session);
    return status;
}
