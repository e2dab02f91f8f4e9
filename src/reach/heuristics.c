// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "reach/search.h"

#include <string.h>

enum {
    STRING_HEADER_SIZE = 24, // length, capacity and count of owners before the characters
    ARRAY_COOKIE_SIZE = 8,   // a new[] of objects with destructors begins with their count
};

static uint64_t word_at(struct search *search, uint64_t address)
{
    uint64_t word;
    copies_peek(&search->copies, search->kept, address, &word, sizeof(word));
    return word;
}

static bool is_string(struct search *search, const struct reach_block *block)
{
    if (block->size <= STRING_HEADER_SIZE) {
        return false;
    }
    const uint64_t length = word_at(search, block->start);
    const uint64_t capacity = word_at(search, block->start + WORD_SIZE);
    return length <= capacity && capacity == block->size - STRING_HEADER_SIZE - 1;
}

static bool is_length(struct search *search, const struct reach_block *block)
{
    return word_at(search, block->start) == block->size - WORD_SIZE;
}

static bool is_array(struct search *search, const struct reach_block *block)
{
    const uint64_t count = word_at(search, block->start);
    return count != 0 && (block->size - ARRAY_COOKIE_SIZE) % count == 0;
}

static bool is_constant(const struct reach_input *input, uint64_t address)
{
    size_t first = 0;
    size_t end = input->constant_count;
    while (first < end) {
        const size_t middle = first + (end - first) / 2;
        if (input->constants[middle].end <= address) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    return first < input->constant_count && input->constants[first].start <= address;
}

// The C++ ABI's table of virtual functions has, two words before the address that an object holds,
// the way from that base class back to the object's first byte.
static bool is_base(struct search *search, const struct reach_block *block, uint64_t pointer)
{
    if (pointer % WORD_SIZE != 0 || block->size - (pointer - block->start) < WORD_SIZE) {
        return false;
    }
    const uint64_t table = word_at(search, pointer);
    if (table % WORD_SIZE != 0 || !is_constant(search->input, table) ||
        !is_constant(search->input, word_at(search, block->start))) {
        return false;
    }
    return word_at(search, table - 2 * WORD_SIZE) == block->start - pointer;
}

// A string of Redis' library "simple dynamic strings": the pointer leads to the characters, behind
//
//     length, room: 1, 2, 4 or 8 bytes each; kind: 1 byte, of which the lowest three bits are used
//
// or behind one byte that has kind 0 and the length in its upper bits.  A 0 follows the characters
// and then the rest of the room, up to the end of the block.
static bool is_sds(struct search *search, uint64_t start, uint64_t size, uint64_t pointer)
{
    enum {
        KIND_BITS = 3,
        KIND_MASK = (1 << KIND_BITS) - 1,
        KIND_MAX = 4,
        HEADER_MAX = 2 * 8 + 1,
    };
    const uint64_t header_size = pointer - start;
    uint8_t header[HEADER_MAX];
    if (header_size > HEADER_MAX || header_size >= size) {
        return false;
    }
    copies_peek(&search->copies, search->kept, start, header, header_size);
    const uint8_t last = header[header_size - 1];
    const unsigned kind = last & KIND_MASK;
    const size_t width = kind == 0 ? 0 : (size_t)1 << (kind - 1);
    if (kind > KIND_MAX || header_size != 2 * width + 1 || (kind != 0 && last != kind)) {
        return false;
    }
    uint64_t length = last >> KIND_BITS;
    uint64_t room = length;
    if (kind != 0) {
        length = room = 0;
        memcpy(&length, header, width);
        memcpy(&room, header + width, width);
    }
    if (length > room || room != size - header_size - 1) {
        return false;
    }
    uint8_t end;
    copies_peek(&search->copies, search->kept, pointer + length, &end, 1);
    return end == 0;
}

// Redis may keep the size of each block in 8 bytes before it.
static bool is_sds_block(struct search *search, const struct reach_block *block, uint64_t pointer)
{
    enum {
        OFFSET_MAX = 32
    };
    if (pointer - block->start > OFFSET_MAX) {
        return false;
    }
    return is_sds(search, block->start, block->size, pointer) ||
           (pointer - block->start > WORD_SIZE && is_length(search, block) &&
               is_sds(search, block->start + WORD_SIZE, block->size - WORD_SIZE, pointer));
}

bool heuristics_accept(struct search *search, const struct reach_block *block, uint64_t pointer)
{
    const uint32_t heuristics = search->input->heuristics;
    const uint64_t offset = pointer - block->start;
    if ((heuristics & REACH_INTERIOR) != 0) {
        return true;
    }
    if (offset == STRING_HEADER_SIZE && (heuristics & REACH_STRING) != 0 &&
        is_string(search, block)) {
        return true;
    }
    if (offset == WORD_SIZE && (heuristics & REACH_LENGTH) != 0 && is_length(search, block)) {
        return true;
    }
    if (offset == ARRAY_COOKIE_SIZE && (heuristics & REACH_ARRAY) != 0 && is_array(search, block)) {
        return true;
    }
    if ((heuristics & REACH_SDS) != 0 && is_sds_block(search, block, pointer)) {
        return true;
    }
    return (heuristics & REACH_BASES) != 0 && is_base(search, block, pointer);
}
