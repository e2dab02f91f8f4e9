// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Leak search within the process: which debug blocks can still be reached (reach/reach.h), grouped
 * by who allocated them.
 *
 * Nodes of the graph are the blocks of all heaps; told are debug blocks.  Other threads are stopped
 * while memory is read, if the system lets us; otherwise they run, their stacks count as a whole,
 * and a block that is just being handed on may be taken for lost.  No memory comes from a heap, and
 * nothing is read in a way that could fault.
 */
#ifndef CRTDBG_LEAK_SEARCH_H
#define CRTDBG_LEAK_SEARCH_H

#include "crtdbg/debug_block.h"
#include "reach/reach.h"

struct leak_sum {
    size_t count;
    size_t size; ///< user bytes
};

/// Blocks of one class that were allocated at one place.
struct leak_group {
    enum reach_class class;
    uint32_t stack;              ///< 0: unknown
    const struct origin *origin; ///< without a stack: the place in the sources
    struct leak_sum sum;
    struct leak_sum below; ///< definite: indirect blocks that only these lead to
    uint64_t number;       ///< request number of the oldest block
};

/// What a search found.
struct leak_result {
    struct leak_group *groups; ///< worst class first, then by bytes
    size_t group_count;
    struct leak_sum sums[REACH_CLASS_COUNT];
    bool has_stopped_others; ///< or there were none
    int error;               ///< why not: an errno value

    // Own.
    void *memory;
    size_t memory_size;
};

/// Searches. `is_told` says which blocks are told; it is called while the sections are stopped.
/// False: no memory, or the system does not say what is mapped. Otherwise leak_search_release()
/// ends it.
bool leak_search(struct leak_result *result,
    bool (*is_told)(const struct debug_block *block, void *context), void *context);
void leak_search_release(struct leak_result *result);

#endif
