// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "reach/block_map.h"

#include "reach/pages.h"

enum {
    WORD_SHIFT = 3,
    WORDS_PER_CELL = MAP_CELL_SIZE >> WORD_SHIFT,
    ENDS_PER_CELL = WORDS_PER_CELL / 64,
};

static size_t group_count(size_t cell_count)
{
    return cell_count / MAP_GROUP_CELLS + 1;
}

bool block_map_init(struct block_map *map, uint64_t start, uint64_t end)
{
    *map = (struct block_map){.base = start & ~(uint64_t)(MAP_CELL_SIZE - 1)};
    map->size = end > map->base ? end - map->base : 0;
    const uint64_t cell_count = (map->size >> MAP_CELL_SHIFT) + 1;
    if (cell_count >= UINT32_MAX) {
        return false;
    }
    const size_t cells_size = cell_count * sizeof(*map->cells);
    const size_t ends_size = (cell_count + 1) * ENDS_PER_CELL * sizeof(*map->ends);
    map->memory_size = cells_size + ends_size + group_count(cell_count) * sizeof(*map->before);
    uint8_t *memory = pages_take(map->memory_size);
    if (memory == NULL) {
        return false;
    }
    map->cells = (struct map_cell *)(void *)memory;
    map->ends = (uint64_t *)(void *)(memory + cells_size);
    map->before = (uint32_t *)(void *)(memory + cells_size + ends_size);
    return true;
}

void block_map_release(struct block_map *map)
{
    pages_give_back(map->cells, map->memory_size);
    *map = (struct block_map){0};
}

static void add_end(struct block_map *map, uint64_t start, uint64_t size)
{
    const uint64_t first = (start - map->base + 7) >> WORD_SHIFT;
    const uint64_t end = (start - map->base + size) >> WORD_SHIFT;
    const uint64_t word = end > first ? end : first;
    map->ends[word / 64] |= (uint64_t)1 << (word % 64);
}

void block_map_add(struct block_map *map, uint64_t start, uint64_t size)
{
    const uint64_t offset = start - map->base;
    const uint64_t extent = size == 0 ? 1 : size;
    if (offset >= map->size || extent > map->size - offset) {
        return;
    }
    struct map_cell *cell = block_map_cell(map, start);
    const uint64_t bit = block_map_bit(start);
    if ((cell->starts & bit) != 0) {
        return;
    }
    cell->starts |= bit;
    add_end(map, start, size);
    map->block_count++;
    map->used = offset + extent > map->used ? offset + extent : map->used;
    map->has_odd |= start % (1 << MAP_GRANULE_SHIFT) != 0;
}

void block_map_pin(struct block_map *map, uint64_t start)
{
    if (start - map->base < map->size) {
        struct map_cell *cell = block_map_cell(map, start);
        const uint64_t bit = block_map_bit(start) & cell->starts;
        cell->reached |= bit;
        cell->pending |= bit;
    }
}

static size_t used_cells(const struct block_map *map)
{
    return map->used == 0 ? 0 : ((map->used - 1) >> MAP_CELL_SHIFT) + 1;
}

void block_map_finish(struct block_map *map)
{
    uint32_t last = 0;
    const size_t cell_count = used_cells(map);
    for (size_t i = 0; i < cell_count; i++) {
        if (i % MAP_GROUP_CELLS == 0) {
            map->before[i / MAP_GROUP_CELLS] = last;
        }
        if (map->cells[i].starts != 0) {
            last = (uint32_t)i + 1;
        }
    }
}

static uint64_t last_of_cell(const struct block_map *map, size_t cell)
{
    return map->base + ((uint64_t)cell << MAP_CELL_SHIFT) +
           ((uint64_t)bits_highest(map->cells[cell].starts) << MAP_GRANULE_SHIFT);
}

uint64_t block_map_last_before(const struct block_map *map, uint64_t address)
{
    const size_t cell = (address - map->base) >> MAP_CELL_SHIFT;
    const size_t group = cell / MAP_GROUP_CELLS;
    for (size_t i = cell; i-- > group * MAP_GROUP_CELLS;) {
        if (map->cells[i].starts != 0) {
            return last_of_cell(map, i);
        }
    }
    const uint32_t last = map->before[group];
    return last == 0 ? MAP_NO_GRANULE : last_of_cell(map, last - 1);
}

uint64_t block_map_words_end(const struct block_map *map, uint64_t granule)
{
    const uint64_t first = (granule - map->base) >> WORD_SHIFT;
    const uint64_t limit = (map->used >> WORD_SHIFT) + 1;
    uint64_t i = first / 64;
    uint64_t bits = map->ends[i] & ~(uint64_t)0 << (first % 64);
    if (map->has_odd || (bits >> (first % 64) & 1) != 0) {
        return 0;
    }
    while (bits == 0 && ++i * 64 < limit) {
        bits = map->ends[i];
    }
    return bits == 0 ? 0 : map->base + ((i * 64 + bits_lowest(bits)) << WORD_SHIFT);
}

void block_map_set_pending(struct block_map *map)
{
    const size_t cell_count = used_cells(map);
    for (size_t i = 0; i < cell_count; i++) {
        const uint64_t bits = map->cells[i].possible & ~map->cells[i].reached;
        if (bits != 0) {
            map->cells[i].pending |= bits;
        }
    }
}

uint64_t block_map_next(
    const struct block_map *map, uint64_t address, uint64_t (*bits_of)(const struct map_cell *cell))
{
    if (address >= map->base + map->used) {
        return MAP_NO_GRANULE;
    }
    uint64_t at = address < map->base ? map->base : address;
    at = bits_round_up(at, 1 << MAP_GRANULE_SHIFT);
    uint64_t mask = ~(block_map_bit(at) - 1);
    while (block_map_covers(map, at)) {
        const uint64_t bits = bits_of(block_map_cell(map, at)) & mask;
        at &= ~(uint64_t)(MAP_CELL_SIZE - 1);
        if (bits != 0) {
            return at + ((uint64_t)bits_lowest(bits) << MAP_GRANULE_SHIFT);
        }
        at += MAP_CELL_SIZE;
        mask = ~(uint64_t)0;
    }
    return MAP_NO_GRANULE;
}
