// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * What every allocation and every free does to a debug block, for inlining: finding the block of a
 * span, filling and looking at bytes.  Most blocks are small: a call of memset() or memcmp() costs
 * them more than its work.
 *
 * No function of the C library is called for up to BLOCK_FAST_MAX bytes, so that the checked
 * functions (base/access.h) have nothing to understand.
 */
#ifndef CRTDBG_BLOCK_FAST_H
#define CRTDBG_BLOCK_FAST_H

#include "crtdbg/debug_block.h"
#include "engine/engine.h"
#include "engine/fast.h"

#include <string.h>

enum {
    BLOCK_FAST_MAX = 128, ///< bytes that are filled and compared word by word
};

/// Finds the busy block of a span of one-byte states that starts at `base`, by the numbers of the
/// descriptor alone: any value may be asked.  False: it is none, or another kind of block.  `*size`
/// is what was asked of the engine; `block->user` and `block->size` are left alone.
ALWAYS_INLINE bool block_fast_find(
    const halde_heap *heap, const void *base, struct debug_block *block, size_t *size)
{
    uintptr_t offset = (uintptr_t)base - pool.base;
    const struct slice *span = slice_of(base);
    const struct heap *owner = span == NULL ? NULL : slice_heap(span);
    if (UNLIKELY(owner == NULL || (const halde_heap *)RELAXED_LOAD(owner->handle) != heap ||
                 slice_kind(span) != SLICE_SPAN_BYTES)) {
        return false;
    }
    // As fast_free_in() does: the low half is smaller than the reciprocal where the division leaves
    // no rest, and what is no block of the span has a state that is none.
    uint32_t reciprocal = RELAXED_LOAD(span->reciprocal);
    uint32_t distance = (uint16_t)((uintptr_t)base - RELAXED_LOAD(span->first_offset));
    uint64_t product = (uint64_t)distance * reciprocal;
    uint32_t index = (uint32_t)(product >> 32);
    uint8_t *records = RELAXED_LOAD(pool.remotes[offset >> SLICE_SHIFT].records);
    const int8_t state =
        __atomic_load_n((const int8_t *)RELAXED_LOAD(span->map) + index, __ATOMIC_RELAXED);
    block->base = (uint8_t *)(uintptr_t)base;
    block->capacity = RELAXED_LOAD(span->block_size);
    block->record = (struct record *)(void *)(records + index * sizeof(struct record));
    *size = block->capacity - (size_t)(state - 1); // of a busy block: the state is its slack + 1
    return LIKELY((uint32_t)product < reciprocal && records != NULL && state > 0);
}

/// The block that fast_alloc() has just given out, which is one of such a span, of a heap with side
/// records.  `block->user` and `block->size` are left alone.
ALWAYS_INLINE void block_fast_take(void *base, struct debug_block *block)
{
    const size_t number = ((uintptr_t)base - pool.base) >> SLICE_SHIFT;
    const struct slice *span = &pool.slices[number];
    uint32_t distance = (uint16_t)((uintptr_t)base - RELAXED_LOAD(span->first_offset));
    uint32_t index = (uint32_t)((uint64_t)distance * RELAXED_LOAD(span->reciprocal) >> 32);
    uint8_t *records = RELAXED_LOAD(pool.remotes[number].records);
    block->base = base;
    block->capacity = RELAXED_LOAD(span->block_size);
    block->record = (struct record *)(void *)(records + index * sizeof(struct record));
}

/// Asks memory for what an operation on the block at `base` will touch.  `base` was a block some
/// time ago: whatever is there by now, an address that is asked for in vain does no harm.
ALWAYS_INLINE void block_fast_prefetch(const void *base)
{
    const size_t number = ((uintptr_t)base - pool.base) >> SLICE_SHIFT;
    const struct slice *span = &pool.slices[number];
    uint32_t distance = (uint16_t)((uintptr_t)base - RELAXED_LOAD(span->first_offset));
    uint32_t index = (uint32_t)((uint64_t)distance * RELAXED_LOAD(span->reciprocal) >> 32);
    uintptr_t records = (uintptr_t)RELAXED_LOAD(pool.remotes[number].records);
    __builtin_prefetch((const void *)((uintptr_t)RELAXED_LOAD(span->map) + index), 1);
    __builtin_prefetch((const void *)(records + index * sizeof(struct record)), 1);
    __builtin_prefetch(base, 1);
    __builtin_prefetch((const char *)base + RELAXED_LOAD(span->block_size) - 1, 1);
}

// ---- Bytes ------------------------------------------------------------------------------------
// Sixteen bytes at a time, the last ones overlapping; what is shorter by words that overlap.

/// Two words that may lie anywhere.
typedef uint64_t block_fast_pair __attribute__((vector_size(16)));

ALWAYS_INLINE uint64_t block_fast_word(uint8_t fill)
{
    return fill * UINT64_C(0x0101010101010101);
}

ALWAYS_INLINE uint64_t block_fast_load(const uint8_t *bytes)
{
    uint64_t word;
    __builtin_memcpy(&word, bytes, sizeof(word));
    return word;
}

ALWAYS_INLINE block_fast_pair block_fast_load_pair(const uint8_t *bytes)
{
    block_fast_pair pair;
    __builtin_memcpy(&pair, bytes, sizeof(pair));
    return pair;
}

// Fewer than 16 bytes: of tails without slack there are 4.
ALWAYS_INLINE void block_fast_fill_few(uint8_t *bytes, size_t size, uint64_t word)
{
    const uint32_t half = (uint32_t)word;
    if (size >= sizeof(word)) {
        __builtin_memcpy(bytes, &word, sizeof(word));
        __builtin_memcpy(bytes + size - sizeof(word), &word, sizeof(word));
        return;
    }
    if (size >= sizeof(half)) {
        __builtin_memcpy(bytes, &half, sizeof(half));
        __builtin_memcpy(bytes + size - sizeof(half), &half, sizeof(half));
        return;
    }
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)word;
    }
}

ALWAYS_INLINE void block_fast_fill(uint8_t *bytes, size_t size, uint8_t fill)
{
    const uint64_t word = block_fast_word(fill);
    const block_fast_pair pair = {word, word};
    if (UNLIKELY(size > BLOCK_FAST_MAX)) {
        memset(bytes, fill, size);
        return;
    }
    if (size < sizeof(pair)) {
        block_fast_fill_few(bytes, size, word);
        return;
    }
    for (size_t i = 0; i < size - sizeof(pair); i += sizeof(pair)) {
        __builtin_memcpy(bytes + i, &pair, sizeof(pair));
    }
    __builtin_memcpy(bytes + size - sizeof(pair), &pair, sizeof(pair));
}

ALWAYS_INLINE bool block_fast_is_filled_few(const uint8_t *bytes, size_t size, uint64_t word)
{
    const uint32_t half = (uint32_t)word;
    uint32_t wrong = 0;
    if (size >= sizeof(word)) {
        return ((block_fast_load(bytes) ^ word) |
                   (block_fast_load(bytes + size - sizeof(word)) ^ word)) == 0;
    }
    if (size >= sizeof(half)) {
        uint32_t first;
        uint32_t last;
        __builtin_memcpy(&first, bytes, sizeof(first));
        __builtin_memcpy(&last, bytes + size - sizeof(last), sizeof(last));
        return ((first ^ half) | (last ^ half)) == 0;
    }
    for (size_t i = 0; i < size; i++) {
        wrong |= bytes[i] ^ (uint8_t)word;
    }
    return wrong == 0;
}

/// Whether all bytes are `fill`. Never calls anything.
ALWAYS_INLINE bool block_fast_is_filled(const uint8_t *bytes, size_t size, uint8_t fill)
{
    const uint64_t word = block_fast_word(fill);
    const block_fast_pair pair = {word, word};
    block_fast_pair wrong = {0, 0};
    if (size < sizeof(pair)) {
        return block_fast_is_filled_few(bytes, size, word);
    }
    for (size_t i = 0; i < size - sizeof(pair); i += sizeof(pair)) {
        wrong |= block_fast_load_pair(bytes + i) ^ pair;
    }
    wrong |= block_fast_load_pair(bytes + size - sizeof(pair)) ^ pair;
    return (wrong[0] | wrong[1]) == 0;
}

#endif
