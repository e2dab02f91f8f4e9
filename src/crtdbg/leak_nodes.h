// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The blocks of all heaps, for a leak search.  Debug blocks are there as the program knows them: of
 * an aligned one its inner data.
 *
 * The sections are stopped, so debug blocks stay as they are; other heaps may change unless the
 * other threads stand still.  Nothing here takes a lock, or memory but for the map.
 */
#ifndef CRTDBG_LEAK_NODES_H
#define CRTDBG_LEAK_NODES_H

#include "crtdbg/debug_block.h"
#include "engine/engine.h"
#include "reach/reach.h"

/// Makes a map of all blocks; those that the program wants ignored are reached. False: no memory.
bool leak_nodes_map(struct block_map *map);

/// Describes the node that starts in a granule: a reach_describer.
bool leak_nodes_describe(void *context, uint64_t granule, struct reach_block *node);

/// What is known of a debug block in the program's hands. False: it is none.
bool leak_node_of(
    const struct engine_block *found, struct debug_block *block, struct reach_block *node);
/// Finds the debug block whose node starts at an address. False: there is none.
bool leak_node_at(uint64_t address, struct debug_block *block);

#endif
