// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "capture/numbers.h"

#include "cli/memory.h"
#include "snapshot/format.h"

#include <stdlib.h>
#include <string.h>

enum {
    FIRST_PLACES = 256,
};

static uint64_t mix(uint64_t value)
{
    value ^= value >> 32;
    value *= UINT64_C(0xD6E8FEB86659FD93);
    value ^= value >> 32;
    value *= UINT64_C(0xD6E8FEB86659FD93);
    return value ^ value >> 32;
}

static uint64_t text_hash(const char *text, size_t size)
{
    uint64_t hash = size;
    for (; size >= 8; size -= 8, text += 8) {
        uint64_t word;
        memcpy(&word, text, sizeof(word));
        hash = mix(hash ^ word);
    }
    uint64_t last = 0;
    memcpy(&last, text, size);
    return mix(hash ^ last);
}

static uint64_t node_hash(uint32_t parent, uint64_t address)
{
    return mix(address ^ parent * UINT64_C(0x9E3779B97F4A7C15));
}

// Makes room for one more. True: the table is new and empty, its owner fills it again.
static bool table_grow(struct number_table *table)
{
    if (table->used * 2 < table->place_count) {
        return false;
    }
    free(table->places);
    table->place_count = table->place_count ? table->place_count * 2 : FIRST_PLACES;
    table->places = must_allocate(table->place_count, sizeof(*table->places));
    table->used = 0;
    return true;
}

static void table_put(struct number_table *table, uint64_t hash, uint32_t number)
{
    size_t place = hash & (table->place_count - 1);
    while (table->places[place] != 0) {
        place = (place + 1) & (table->place_count - 1);
    }
    table->places[place] = number;
    table->used++;
}

// ---- Texts ----

const char *text_numbers_get(const struct text_numbers *numbers, uint32_t number)
{
    return number == 0 || number > numbers->count ? ""
                                                  : numbers->texts + numbers->offsets[number - 1];
}

static uint32_t find_text(
    const struct text_numbers *numbers, uint64_t hash, const char *text, size_t length)
{
    const struct number_table *table = &numbers->table;
    size_t place = hash & (table->place_count - 1);
    for (; table->places[place] != 0; place = (place + 1) & (table->place_count - 1)) {
        const char *other = text_numbers_get(numbers, table->places[place]);
        if (strncmp(other, text, length) == 0 && other[length] == 0) {
            return table->places[place];
        }
    }
    return 0;
}

static void append_text(struct text_numbers *numbers, const char *text, size_t length)
{
    if (numbers->capacity - numbers->size < length + 1) {
        numbers->capacity = (numbers->capacity + length + 1) * 2;
        numbers->texts = must_resize(numbers->texts, numbers->capacity, 1);
    }
    numbers->offsets = must_grow(
        numbers->offsets, numbers->count, &numbers->offset_capacity, sizeof(*numbers->offsets));
    numbers->offsets[numbers->count++] = numbers->size;
    memcpy(numbers->texts + numbers->size, text, length);
    numbers->texts[numbers->size + length] = 0;
    numbers->size += length + 1;
}

static void fill_text_table(struct text_numbers *numbers)
{
    for (uint32_t number = 1; number <= numbers->count; number++) {
        const char *text = text_numbers_get(numbers, number);
        table_put(&numbers->table, text_hash(text, strlen(text)), number);
    }
}

uint32_t text_numbers_add(struct text_numbers *numbers, const char *text)
{
    size_t length = text ? strnlen(text, TEXT_NUMBERS_LENGTH_MAX) : 0;
    if (length == 0) {
        return 0;
    }
    if (table_grow(&numbers->table)) {
        fill_text_table(numbers);
    }
    uint64_t hash = text_hash(text, length);
    uint32_t number = find_text(numbers, hash, text, length);
    if (number != 0 || numbers->count == UINT32_MAX) {
        return number;
    }
    append_text(numbers, text, length);
    table_put(&numbers->table, hash, numbers->count);
    return numbers->count;
}

void text_numbers_release(struct text_numbers *numbers)
{
    free(numbers->table.places);
    free(numbers->texts);
    free(numbers->offsets);
}

// ---- Stacks ----

static uint32_t find_node(
    const struct stack_numbers *numbers, uint64_t hash, uint32_t parent, uint64_t address)
{
    const struct number_table *table = &numbers->table;
    size_t place = hash & (table->place_count - 1);
    for (; table->places[place] != 0; place = (place + 1) & (table->place_count - 1)) {
        const struct stack_node *node = &numbers->nodes[table->places[place] - 1];
        if (node->parent == parent && node->address == address) {
            return table->places[place];
        }
    }
    return 0;
}

static void fill_node_table(struct stack_numbers *numbers)
{
    for (uint32_t number = 1; number <= numbers->node_count; number++) {
        const struct stack_node *node = &numbers->nodes[number - 1];
        table_put(&numbers->table, node_hash(node->parent, node->address), number);
    }
}

// The number of a node; 0: there are too many.
static uint32_t add_node(struct stack_numbers *numbers, uint32_t parent, uint64_t address)
{
    if (table_grow(&numbers->table)) {
        fill_node_table(numbers);
    }
    uint64_t hash = node_hash(parent, address);
    uint32_t number = find_node(numbers, hash, parent, address);
    if (number != 0 || numbers->node_count == UINT32_MAX) {
        return number;
    }
    numbers->nodes = must_grow(
        numbers->nodes, numbers->node_count, &numbers->node_capacity, sizeof(*numbers->nodes));
    numbers->nodes[numbers->node_count++] =
        (struct stack_node){.address = address, .parent = parent};
    table_put(&numbers->table, hash, numbers->node_count);
    return numbers->node_count;
}

uint32_t stack_numbers_add(struct stack_numbers *numbers, const uint64_t *frames, size_t count)
{
    if (count > SNAPSHOT_FRAMES_MAX) {
        count = SNAPSHOT_FRAMES_MAX;
    }
    uint32_t node = 0;
    for (size_t index = count; index-- > 0;) {
        node = add_node(numbers, node, frames[index]);
        if (node == 0) {
            return 0;
        }
    }
    if (node == 0 || numbers->nodes[node - 1].stack != 0) {
        return node ? numbers->nodes[node - 1].stack : 0;
    }
    numbers->leaves = must_grow(
        numbers->leaves, numbers->count, &numbers->leaf_capacity, sizeof(*numbers->leaves));
    numbers->leaves[numbers->count++] = node;
    numbers->nodes[node - 1].stack = numbers->count;
    return numbers->count;
}

void stack_numbers_release(struct stack_numbers *numbers)
{
    free(numbers->table.places);
    free(numbers->nodes);
    free(numbers->leaves);
}
