// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "engine/block.h"

#include "engine/large.h"
#include "engine/mixed.h"
#include "engine/span.h"

static enum halde_status find_in_span(struct slice *span, uintptr_t address, struct block *block)
{
    uint32_t index;
    if (!span_find(span, address, &index)) {
        return HALDE_BLOCK_INTERIOR;
    }
    uint32_t state = span_state(span, index);
    if (state == 0) {
        return HALDE_BLOCK_FREED;
    }
    bool has_words = slice_kind(span) == SLICE_SPAN_WORDS;
    uint32_t info_flag = has_words ? STATE_INFO_WORD : STATE_INFO_BYTE;
    block->index = index;
    block->block_size = RELAXED_LOAD(span->block_size);
    // Unguarded, the slack is another block's, of before.
    uint32_t slack = CONFIG_UNGUARDED ? 0 : (state & ~info_flag) - 1;
    block->user_size = block->block_size - slack;
    block->has_info = (state & info_flag) != 0;
    return HALDE_OK;
}

static enum halde_status find_in_mixed(struct slice *slice, uintptr_t address, struct block *block)
{
    const struct mixed *mixed = &block->heap->mixed;
    uintptr_t offset = address - slice_address(slice);
    uintptr_t granule = offset >> GRANULE_SHIFT;
    if (offset % GRANULE_SIZE != 0 || granule < mixed->first) {
        return HALDE_BLOCK_INTERIOR;
    }
    if (granule >= mixed->top || mixed->map[granule] == 0) {
        return HALDE_BLOCK_FREED;
    }
    uint8_t state = mixed->map[granule];
    if (!mixed_is_start(state)) {
        return HALDE_BLOCK_INTERIOR;
    }
    block->index = (uint32_t)granule;
    block->block_size = (size_t)mixed_block_granules(mixed, block->index) << GRANULE_SHIFT;
    block->user_size = block->block_size - ((state & ~(uint32_t)STATE_INFO_BYTE) - 1);
    block->has_info = (state & STATE_INFO_BYTE) != 0;
    return HALDE_OK;
}

static enum halde_status find_large(struct slice *slice, uintptr_t address, struct block *block)
{
    if (address != (uintptr_t)large_block(slice)) {
        return HALDE_BLOCK_INTERIOR;
    }
    block->index = 0;
    block->block_size = large_capacity(slice);
    block->user_size = RELAXED_LOAD(slice->user_size);
    block->has_info = (RELAXED_LOAD(slice->flags) & SLICE_FLAG_USER_INFO) != 0;
    return HALDE_OK;
}

enum halde_status block_find(const struct heap *heap, const void *address, struct block *block)
{
    struct slice *slice = slice_of(address);
    struct heap *owner = slice == NULL ? NULL : slice_heap(slice);
    if (owner == NULL || RELAXED_LOAD(owner->handle) == 0) {
        return HALDE_BLOCK_UNKNOWN;
    }
    if (heap != NULL && owner != heap) {
        return HALDE_BLOCK_OTHER_HEAP;
    }
    slice = slice_first(slice);
    block->slice = slice;
    block->heap = owner;
    switch (slice_kind(slice)) {
    case SLICE_SPAN_BYTES:
    case SLICE_SPAN_WORDS:
        return find_in_span(slice, (uintptr_t)address, block);
    case SLICE_MIXED:
        return find_in_mixed(slice, (uintptr_t)address, block);
    case SLICE_LARGE:
    case SLICE_ALONE:
        return find_large(slice, (uintptr_t)address, block);
    case SLICE_FREE:
    case SLICE_FREE_END:
        return HALDE_BLOCK_FREED;
    default:
        return HALDE_BLOCK_INTERIOR;
    }
}

void block_set_info_flag(const struct block *block, bool has_info)
{
    struct slice *slice = block->slice;
    if (slice_is_large(slice)) {
        slice->flags = (uint8_t)(has_info ? slice->flags | SLICE_FLAG_USER_INFO
                                          : slice->flags & ~SLICE_FLAG_USER_INFO);
        return;
    }
    if (slice_kind(slice) == SLICE_MIXED) {
        uint8_t *state = &block->heap->mixed.map[block->index];
        *state = (uint8_t)(has_info ? *state | STATE_INFO_BYTE : *state & ~STATE_INFO_BYTE);
        return;
    }
    uint32_t flag = slice_kind(slice) == SLICE_SPAN_BYTES ? STATE_INFO_BYTE : STATE_INFO_WORD;
    uint32_t state = span_state(slice, block->index);
    span_set_state(slice, block->index, has_info ? state | flag : state & ~flag);
}
