// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** What the parts of a search share. */
#ifndef REACH_SEARCH_H
#define REACH_SEARCH_H

#include "reach/copies.h"
#include "reach/index.h"
#include "reach/reach.h"

enum {
    WORD_SIZE = sizeof(uint64_t),
    CANDIDATES_MAX = 64,
};

/// Where words are read.
struct source {
    uint32_t block; ///< REACH_NO_BLOCK: a root
    uint32_t root;
};

/// A word that may lead into a block.
struct candidate {
    uint64_t word;
    uint64_t address;
    struct source source;
};

struct search {
    const struct reach_input *input;
    struct reach *result;
    struct block_index index;
    struct copies copies;
    uint32_t *queue; ///< blocks, an entry for each: none is put here twice
    size_t queue_head;
    size_t queue_tail;
    uint64_t kept; ///< an address in the line of copies that is being read
    struct candidate candidates[CANDIDATES_MAX];
    size_t candidate_count;
    bool is_possible; ///< what is found now has a pointer to the inside on its way
};

/// Whether a pointer to the inside of a block counts as one to its start.
bool heuristics_accept(struct search *search, uint32_t block, uint64_t pointer);

/// Phase 1 and 2: reachable and possible blocks.
void search_mark(struct search *search);
/// Phase 3: classes of all others. False: no memory.
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
