// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "view/store.h"

#include "base/bits.h"
#include "os/os.h"

#include <string.h>

enum {
    INDEX_MIN = 1024,
    COMMIT_LINES = 64, // made accessible at a time
    CAPACITY_MIN = 16,
    PAGE_SIZE = 1 << STORE_PAGE_SHIFT,
};
#define NO_LINE UINT32_MAX

// ---- Memory -----------------------------------------------------------------------------------

static size_t index_size(uint32_t capacity)
{
    return bits_round_up(
        sizeof(uint32_t) * size_max((size_t)capacity * 2, INDEX_MIN), os_page_size());
}

static size_t lines_size(uint32_t capacity)
{
    return bits_round_up(sizeof(struct store_line) * (size_t)capacity, os_page_size());
}

static size_t head_size(uint32_t capacity)
{
    return bits_round_up(index_size(capacity) + lines_size(capacity), STORE_LINE_SIZE);
}

static bool take_memory(struct store *store, uint32_t capacity)
{
    size_t head = head_size(capacity);
    size_t size = head + ((size_t)capacity << STORE_LINE_SHIFT);
    char *memory = os_reserve(size);
    if (memory == NULL) {
        return false;
    }
    if (os_commit(memory, head, false) != 0) {
        os_unreserve(memory, size);
        return false;
    }
    store->memory = memory;
    store->memory_size = size;
    store->index = (uint32_t *)(void *)memory;
    store->lines = (struct store_line *)(void *)(memory + index_size(capacity));
    store->bytes = memory + head;
    store->line_capacity = capacity;
    return true;
}

bool store_init(struct store *store, view_reader read, void *context, uint32_t line_capacity)
{
    *store = (struct store){.read = read, .context = context, .last = NO_LINE};
    uint32_t capacity = line_capacity;
    while (!take_memory(store, capacity)) {
        capacity /= 2;
        if (capacity < CAPACITY_MIN) {
            return false;
        }
    }
    store->index_count = INDEX_MIN;
    return true;
}

static void forget_remembered(struct store *store)
{
    if (store->remembered != NULL) {
        os_unreserve(store->remembered, store->remembered_size);
    }
    store->remembered = NULL;
    store->remembered_count = 0;
}

void store_release(struct store *store)
{
    forget_remembered(store);
    if (store->memory != NULL) {
        os_unreserve(store->memory, store->memory_size);
    }
    *store = (struct store){.last = NO_LINE};
}

void store_clear(struct store *store)
{
    memset(store->index, 0, store->index_count * sizeof(store->index[0]));
    store->line_count = 0;
    store->last = NO_LINE;
}

// ---- Lines ------------------------------------------------------------------------------------

// The index slot of a line number, or the empty one where it would be.
static uint32_t *slot_of(const struct store *store, uint64_t number)
{
    uint32_t mask = store->index_count - 1;
    uint32_t slot = (uint32_t)((number * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & mask;
    while (store->index[slot] != 0 && store->lines[store->index[slot] - 1].number != number) {
        slot = (slot + 1) & mask;
    }
    return &store->index[slot];
}

static void grow_index(struct store *store)
{
    store->index_count *= 2;
    memset(store->index, 0, store->index_count * sizeof(store->index[0]));
    for (uint32_t i = 0; i < store->line_count; i++) {
        *slot_of(store, store->lines[i].number) = i + 1;
    }
}

static bool make_room(struct store *store)
{
    if (store->line_count == store->line_capacity) {
        if (!store->starts_over) {
            return false;
        }
        store_clear(store);
    }
    if (store->line_count == store->committed) {
        uint32_t count = store->line_capacity - store->committed;
        count = count < COMMIT_LINES ? count : COMMIT_LINES;
        char *start = store->bytes + ((size_t)store->committed << STORE_LINE_SHIFT);
        if (os_commit(start, (size_t)count << STORE_LINE_SHIFT, false) != 0) {
            return false;
        }
        store->committed += count;
    }
    if ((store->line_count + 1) * 2 > store->index_count) {
        grow_index(store);
    }
    return true;
}

// A line that may have nothing in it yet; NO_LINE: no room.
static uint32_t line_of(struct store *store, uint64_t number)
{
    if (store->last != NO_LINE && store->lines[store->last].number == number) {
        return store->last;
    }
    uint32_t *slot = slot_of(store, number);
    if (*slot == 0) {
        if (!make_room(store)) {
            return NO_LINE;
        }
        uint32_t line = store->line_count++;
        store->lines[line] = (struct store_line){.number = number};
        *slot_of(store, number) = line + 1; // the index may have changed
        store->last = line;
        return line;
    }
    store->last = *slot - 1;
    return store->last;
}

static char *line_bytes(const struct store *store, uint32_t line)
{
    return store->bytes + ((size_t)line << STORE_LINE_SHIFT);
}

static bool read_into(struct store *store, uint64_t address, void *buffer, size_t size)
{
    if (!store->read(store->context, address, buffer, size)) {
        return false;
    }
    store->read_size += size;
    return true;
}

// Reads the pages of `wanted` that nobody has tried yet.
static void fill(struct store *store, uint32_t line, uint32_t wanted)
{
    struct store_line *entry = &store->lines[line];
    uint64_t start = entry->number << STORE_LINE_SHIFT;
    char *bytes = line_bytes(store, line);
    bool is_new = (entry->valid | entry->missed) == 0;
    if (is_new && !store->reads_pages && read_into(store, start, bytes, STORE_LINE_SIZE)) {
        entry->valid = UINT16_MAX;
        return;
    }
    uint32_t pages = wanted & ~((uint32_t)entry->valid | entry->missed);
    for (; pages != 0; pages &= pages - 1) {
        size_t offset = (size_t)bits_lowest(pages) << STORE_PAGE_SHIFT;
        uint16_t bit = (uint16_t)(pages & -pages);
        if (read_into(store, start + offset, bytes + offset, PAGE_SIZE)) {
            entry->valid |= bit;
        } else {
            entry->missed |= bit;
        }
    }
}

// The pages that bytes of one line lie in.
static uint32_t pages_of(size_t offset, size_t size)
{
    uint32_t first = (uint32_t)(offset >> STORE_PAGE_SHIFT);
    uint32_t last = (uint32_t)((offset + size - 1) >> STORE_PAGE_SHIFT);
    return ((2u << last) - 1) & ~((1u << first) - 1);
}

static size_t piece_in_line(uint64_t address, uint64_t size)
{
    uint64_t rest = STORE_LINE_SIZE - (address & (STORE_LINE_SIZE - 1));
    return (size_t)(size < rest ? size : rest);
}

bool store_read(struct store *store, uint64_t address, void *buffer, size_t size)
{
    char *to = buffer;
    if (size > UINT64_MAX - address) {
        return false;
    }
    while (size > 0) {
        size_t piece = piece_in_line(address, size);
        size_t offset = address & (STORE_LINE_SIZE - 1);
        uint32_t line = line_of(store, address >> STORE_LINE_SHIFT);
        if (line == NO_LINE) {
            return false;
        }
        uint32_t pages = pages_of(offset, piece);
        if ((store->lines[line].valid & pages) != pages) {
            fill(store, line, pages);
            if ((store->lines[line].valid & pages) != pages) {
                return false;
            }
        }
        memcpy(to, line_bytes(store, line) + offset, piece);
        to += piece;
        address += piece;
        size -= piece;
    }
    return true;
}

bool store_touch(struct store *store, uint64_t address, uint64_t size)
{
    if (size > UINT64_MAX - address) {
        return false;
    }
    while (size > 0) {
        size_t piece = piece_in_line(address, size);
        uint32_t line = line_of(store, address >> STORE_LINE_SHIFT);
        if (line == NO_LINE) {
            return false;
        }
        fill(store, line, pages_of(address & (STORE_LINE_SIZE - 1), piece));
        address += piece;
        size -= piece;
    }
    return true;
}

// ---- All at once ------------------------------------------------------------------------------

// Lines come in nearly ascending order, in long runs.
static void sort_numbers(uint64_t *numbers, size_t count)
{
    for (size_t gap = count / 2; gap > 0; gap /= 2) {
        for (size_t i = gap; i < count; i++) {
            const uint64_t number = numbers[i];
            size_t place = i;
            for (; place >= gap && numbers[place - gap] > number; place -= gap) {
                numbers[place] = numbers[place - gap];
            }
            numbers[place] = number;
        }
    }
}

void store_remember(struct store *store)
{
    const size_t count = store->line_count;
    const size_t numbers_size = bits_round_up(count * sizeof(uint64_t), os_page_size());
    const size_t size =
        numbers_size + bits_round_up(count * sizeof(struct view_piece), os_page_size());
    forget_remembered(store);
    char *memory = count > 0 ? os_reserve(size) : NULL;
    if (memory == NULL || os_commit(memory, size, false) != 0) {
        if (memory != NULL) {
            os_unreserve(memory, size);
        }
        return;
    }
    store->remembered = (uint64_t *)(void *)memory;
    store->remembered_size = size;
    store->pieces = (struct view_piece *)(void *)(memory + numbers_size);
    for (size_t i = 0; i < count; i++) {
        store->remembered[store->remembered_count] = store->lines[i].number;
        store->remembered_count += store->lines[i].valid == UINT16_MAX;
    }
    sort_numbers(store->remembered, store->remembered_count);
    memset(store->pieces, 0, count * sizeof(store->pieces[0])); // it is in memory then
}

void store_recall(struct store *store, view_bulk_reader read_many)
{
    uint32_t count = 0;
    for (; count < store->remembered_count; count++) {
        const uint32_t line = line_of(store, store->remembered[count]);
        if (line == NO_LINE) {
            break;
        }
        store->pieces[count] = (struct view_piece){
            .address = store->remembered[count] << STORE_LINE_SHIFT,
            .size = STORE_LINE_SIZE,
            .to = line_bytes(store, line),
        };
    }
    read_many(store->context, store->pieces, count);
    for (uint32_t i = 0; i < count; i++) {
        // The others are read page by page, should anybody ask for them.
        struct store_line *line = &store->lines[line_of(store, store->remembered[i])];
        line->valid = store->pieces[i].is_read ? UINT16_MAX : 0;
        store->read_size += store->pieces[i].is_read ? STORE_LINE_SIZE : 0;
    }
}
