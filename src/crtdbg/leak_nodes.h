// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The blocks of all heaps, in order of addresses, for a leak search.  Debug blocks are there as the
 * program knows them: of an aligned one its inner data.
 *
 * The sections are stopped from leak_nodes_count() until nobody looks at `records` any more.  Other
 * heaps than the debug heap may change meanwhile: their blocks are as they were.
 */
#ifndef CRTDBG_LEAK_NODES_H
#define CRTDBG_LEAK_NODES_H

#include "crtdbg/debug_block.h"
#include "reach/reach.h"

struct leak_nodes {
    struct reach_block *blocks;
    const struct record **records; ///< of each: NULL for one that is not told
    size_t count;
    size_t capacity;
    void *memory; ///< leak_nodes_memory() bytes
    size_t ignored_count;
    uint64_t *ignored; ///< starts of blocks that the program wants ignored
};

/// How many blocks there are, with some to spare.
size_t leak_nodes_count(void);
/// Bytes of memory for so many.
size_t leak_nodes_memory(size_t capacity);

/// Fills the arrays; `is_told` as for leak_search().
void leak_nodes_gather(struct leak_nodes *nodes,
    bool (*is_told)(const struct debug_block *block, void *context), void *context);

#endif
