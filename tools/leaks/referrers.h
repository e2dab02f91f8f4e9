// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Who points at a block, and who points at those, and so on: the words of roots and blocks, found
 * level by level.  Each level takes one look at all memory.
 */
#ifndef LEAKS_REFERRERS_H
#define LEAKS_REFERRERS_H

#include "leaks/leaks.h"

enum {
    REFERRERS_MAX = 100000, ///< kept; beyond that they are counted only
    REFERRERS_DEPTH_MAX = 32,
};

struct referrer {
    struct reach_pointer pointer;
    uint32_t target; ///< what it points at: a block of the search; REACH_NO_BLOCK: the address
                     ///< that was asked for, which lies in none
    uint32_t level;  ///< 1: points at what was asked for
};

struct referrers {
    struct referrer *items; ///< by target, then in the order in which they were found
    size_t count;
    size_t capacity;
    size_t direct_count; ///< of level 1, those that are not kept included
    bool is_cut;         ///< some were not kept
};

/// Finds who points at a block, or, if that is REACH_NO_BLOCK, holds exactly `address`.
/// False: no memory for it.
bool referrers_find(struct referrers *referrers, const struct leaks_search *search, uint32_t block,
    uint64_t address, uint32_t depth);
void referrers_release(struct referrers *referrers);

/// The first of those that point at a target; `*count` gets how many there are.
const struct referrer *referrers_of(
    const struct referrers *referrers, uint32_t target, size_t *count);

/// Where a word of a search stands: of a block's it has none.
const struct leaks_root *root_of_pointer(
    const struct leaks_search *search, uint32_t block, uint32_t root, uint64_t address);

#endif
