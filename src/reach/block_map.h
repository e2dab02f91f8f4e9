// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The blocks of a stretch of addresses, and their classes, as bits: for who searches its own
 * process, where a list of all blocks would take more than many a heap.
 *
 * A *granule* is 16 bytes; in none do two blocks start.  For each there are a bit that a block
 * starts there and three for its class; for each word there is a bit that a block's whole words end
 * before it.  So a block costs nothing, and a KiB of addresses 48 bytes, if there are blocks.
 *
 *     cell: 1 KiB       | starts   1000 0000 0100 ...  a bit a granule
 *                       | reached  1000 0000 0000 ...
 *                       | possible
 *                       | pending
 *     ends, two words   | 0000 1000 0000 0000 0000 ... a bit a word: behind a block's last one
 *
 * Where a block's words end is the first such bit behind its first word.  If its first word has
 * such a bit, it is the end of the block before, or the block has no whole word: then its size is
 * asked for.
 */
#ifndef REACH_BLOCK_MAP_H
#define REACH_BLOCK_MAP_H

#include "base/bits.h"
#include "base/compiler.h"

enum {
    MAP_GRANULE_SHIFT = 4,
    MAP_CELL_SHIFT = MAP_GRANULE_SHIFT + 6,
    MAP_CELL_SIZE = 1 << MAP_CELL_SHIFT,
    MAP_GROUP_CELLS = 8, ///< cells that share an item of `before`
};
#define MAP_NO_GRANULE UINT64_MAX

struct map_cell {
    uint64_t starts;
    uint64_t reached;  ///< chains of pointers to starts lead there
    uint64_t possible; ///< other chains do
    uint64_t pending;  ///< was reached, but its words were not followed
};

struct block_map {
    uint64_t base; ///< a multiple of MAP_CELL_SIZE
    uint64_t size; ///< bytes that the map is for
    uint64_t used; ///< bytes from `base` to the end of the last block
    size_t block_count;
    struct map_cell *cells;
    uint64_t *ends;   ///< two for each cell, and two more
    uint32_t *before; ///< for each group of cells: the last cell with a start before it, plus 1
    bool has_odd;     ///< some block does not start at a granule's first byte
    size_t memory_size;
};

/// Makes an empty map for blocks in [start, end). False: no memory.
bool block_map_init(struct block_map *map, uint64_t start, uint64_t end);
void block_map_release(struct block_map *map);

/// Adds a block; in any order. One that is outside, or starts in the granule of another, is left
/// out.
void block_map_add(struct block_map *map, uint64_t start, uint64_t size);
/// Makes a block that was added one that is reached.
void block_map_pin(struct block_map *map, uint64_t start);
/// All blocks are there: from now on they can be found.
void block_map_finish(struct block_map *map);

ALWAYS_INLINE bool block_map_covers(const struct block_map *map, uint64_t address)
{
    return address - map->base < map->used;
}

ALWAYS_INLINE struct map_cell *block_map_cell(const struct block_map *map, uint64_t address)
{
    return &map->cells[(address - map->base) >> MAP_CELL_SHIFT];
}

/// An address' bit in its cell.
ALWAYS_INLINE uint64_t block_map_bit(uint64_t address)
{
    return (uint64_t)1 << (address >> MAP_GRANULE_SHIFT & 63);
}

/// The granule of the last start before an address' cell, or MAP_NO_GRANULE.
uint64_t block_map_last_before(const struct block_map *map, uint64_t address);

/// The granule in which the last block starts that starts at a covered address or before:
/// MAP_NO_GRANULE, if none does.
ALWAYS_INLINE uint64_t block_map_find(const struct block_map *map, uint64_t address)
{
    const uint64_t bit = block_map_bit(address);
    const uint64_t starts = block_map_cell(map, address)->starts & (bit | (bit - 1));
    if (UNLIKELY(starts == 0)) {
        return block_map_last_before(map, address);
    }
    return (address & ~(uint64_t)(MAP_CELL_SIZE - 1)) | (uint64_t)bits_highest(starts)
                                                            << MAP_GRANULE_SHIFT;
}

/// Makes all blocks pending that are possible and no more.
void block_map_set_pending(struct block_map *map);

/// Asks memory for what block_map_words_end() will read.
ALWAYS_INLINE void block_map_prefetch_end(const struct block_map *map, uint64_t granule)
{
    enum {
        ENDS_SHIFT = 3 + 6 // bytes of a word, bits of an item
    };
    __builtin_prefetch(&map->ends[(granule - map->base) >> ENDS_SHIFT]);
}

/// First address behind the whole words of the block that starts in a granule; 0: ask for its size.
uint64_t block_map_words_end(const struct block_map *map, uint64_t granule);

/// The first granule from an address on that has a bit in what `bits_of` makes of its cell;
/// MAP_NO_GRANULE: none has.
uint64_t block_map_next(const struct block_map *map, uint64_t address,
    uint64_t (*bits_of)(const struct map_cell *cell));

#endif
