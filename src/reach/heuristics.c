// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "reach/search.h"

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

bool heuristics_accept(struct search *search, uint32_t number, uint64_t pointer)
{
    const struct reach_block *block = &search->input->blocks[number];
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
    return (heuristics & REACH_BASES) != 0 && is_base(search, block, pointer);
}
