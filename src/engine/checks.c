// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "engine/checks.h"

#include <string.h>

#include "engine/large.h"
#include "engine/span.h"

// Repeated patterns, by address: a block starts at a multiple of 16.
static const uint8_t FREED_PATTERN[4] = {0xee, 0xfe, 0xee, 0xfe}; // 0xFEEEFEEE
static const uint8_t NEW_PATTERN[4] = {0x0d, 0xf0, 0xad, 0xba};   // 0xBAADF00D

static void fill(uintptr_t start, uintptr_t end, const uint8_t pattern[4])
{
    for (; start < end; start++) {
        *(uint8_t *)start = pattern[start % 4];
    }
}

static bool has_tail(const struct block *block)
{
    return (block->heap->checks & HALDE_CHECK_TAIL) != 0 && block->user_size < LARGE_ALONE_SIZE;
}

void checks_block_given(const struct block *block, const void *data, size_t old_size)
{
    uintptr_t start = (uintptr_t)data;
    uint32_t checks = block->heap->checks;
    if ((checks & HALDE_CHECK_FREE) != 0 && old_size < block->user_size) {
        fill(start + old_size, start + block->user_size, NEW_PATTERN);
    }
    if (has_tail(block)) {
        memset((void *)(start + block->user_size), TAIL_BYTE, TAIL_SIZE);
    }
}

void checks_block_freed(const struct block *block, void *data)
{
    if ((block->heap->checks & HALDE_CHECK_FREE) != 0 && !slice_is_large(block->slice)) {
        fill((uintptr_t)data, (uintptr_t)data + block->block_size, FREED_PATTERN);
    }
}

void checks_range_freed(const struct heap *heap, uintptr_t start, uintptr_t end)
{
    if ((heap->checks & HALDE_CHECK_FREE) != 0) {
        fill(start, end, FREED_PATTERN);
    }
}

void checks_span_created(const struct slice *span)
{
    uintptr_t start = span_first_block(span);
    fill(start, start + (uintptr_t)span->block_count * span->block_size, FREED_PATTERN);
}

enum halde_status checks_tail(
    const struct block *block, const void *data, struct halde_damage *damage)
{
    if (!has_tail(block)) {
        return HALDE_OK;
    }
    const uint8_t *tail = (const uint8_t *)data + block->user_size;
    for (size_t i = 0; i < TAIL_SIZE; i++) {
        if (tail[i] != TAIL_BYTE) {
            *damage = (struct halde_damage){
                .status = HALDE_BLOCK_DAMAGED,
                .block = data,
                .block_size = block->user_size,
                .address = tail + i,
                .expected = TAIL_BYTE,
                .found = tail[i],
            };
            return HALDE_BLOCK_DAMAGED;
        }
    }
    return HALDE_OK;
}

enum halde_status checks_freed(const void *data, size_t size, struct halde_damage *damage)
{
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++) {
        uint8_t expected = FREED_PATTERN[((uintptr_t)bytes + i) % 4];
        if (bytes[i] != expected) {
            *damage = (struct halde_damage){
                .status = HALDE_BLOCK_DAMAGED,
                .block = data,
                .block_size = size,
                .address = bytes + i,
                .expected = expected,
                .found = bytes[i],
            };
            return HALDE_BLOCK_DAMAGED;
        }
    }
    return HALDE_OK;
}
