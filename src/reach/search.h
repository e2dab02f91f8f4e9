// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * What the parts of a search share.
 *
 * A block's *handle* is its number in the list, or in a map the granule in which it starts.
 */
#ifndef REACH_SEARCH_H
#define REACH_SEARCH_H

#include "reach/copies.h"
#include "reach/index.h"
#include "reach/reach.h"

enum {
    WORD_SIZE = sizeof(uint64_t),
    CANDIDATES_MAX = 64,
    CLASS_IS_PENDING = 0x80, ///< in a list's class: was reached, but its words were not followed
};
#define NO_HANDLE UINT64_MAX

/// Where words are read.
struct source {
    uint32_t block; ///< number in the list; REACH_NO_BLOCK: a root
    uint32_t root;
};

/// A word that may lead into a block.
struct candidate {
    uint64_t word;
    uint64_t address;
    struct source source;
};

/// Blocks whose words are to be followed, the one that came first first.  Those that find no room
/// are pending until there is some: their own classes say so.
struct queue {
    uint64_t *handles;
    size_t capacity; ///< a power of two
    size_t head;     ///< running numbers
    size_t tail;
    uint64_t pending_from; ///< no handle below is pending
};

struct search {
    const struct reach_input *input;
    struct reach *result;
    struct block_map *map;    ///< NULL: `index`
    struct block_index index; ///< of the list, or of the lost blocks of the map
    uint64_t low;             ///< the blocks lie in [low, low + size)
    uint64_t size;
    struct copies copies;
    struct queue queue;
    uint64_t kept; ///< an address in the line of copies that is being read
    struct candidate candidates[CANDIDATES_MAX];
    size_t candidate_count;
    bool is_possible; ///< what is found now has a pointer to the inside on its way
};

/// Whether an address may lie in a block at all.
ALWAYS_INLINE bool search_covers(const struct search *search, uint64_t address)
{
    return address - search->low < search->size;
}

/// Whether a pointer to the inside of a block counts as one to its start.
bool heuristics_accept(struct search *search, const struct reach_block *block, uint64_t pointer);

/// Phase 1 and 2: reachable and possible blocks.
void search_mark(struct search *search);
/// Phase 3: classes of all others. Takes `index`. False: no memory.
bool search_lost(struct search *search);

/// First address of whole words in [start, ...), and the first behind those of [..., end).
ALWAYS_INLINE uint64_t words_start(uint64_t start)
{
    return (start + WORD_SIZE - 1) & ~(uint64_t)(WORD_SIZE - 1);
}
ALWAYS_INLINE uint64_t words_end(uint64_t end)
{
    return end & ~(uint64_t)(WORD_SIZE - 1);
}

#endif
