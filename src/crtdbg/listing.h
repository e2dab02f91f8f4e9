// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Listings: debug blocks, newest first, copied while the sections were stopped and handed out
 * afterwards.  So hooks, reports and clients that see them may allocate, free and wait for other
 * threads; a block may be gone when its turn comes, and `is_still_there` tells.
 *
 * A listing takes its memory from the system.  Where that refuses, it is made in several rounds of
 * a few blocks each.
 */
#ifndef CRTDBG_LISTING_H
#define CRTDBG_LISTING_H

#include "crtdbg/damage.h"
#include "crtdbg/debug_block.h"

enum {
    PREVIEW_SIZE = 16 ///< bytes of user data that a dump shows
};

/// A block as it was.
struct listed {
    struct debug_facts facts;
    const struct record *record; ///< its place: another block's, perhaps, by now
    uint8_t preview[PREVIEW_SIZE];
    struct damage damage; ///< when the listing asks for it
};

/// What to list, and who gets it.
struct listing {
    /// Whether to list a block. Called while the sections are stopped.
    bool (*is_wanted)(const struct debug_block *block, void *context);
    /// Gets each block in turn, newest first. Called while nothing is stopped.
    void (*show)(const struct listed *listed, void *context);
    void *context;
    bool has_damage; ///< note what is wrong with each block
};

/// Lists the blocks whose request number is not 0. Returns how many there were.
size_t listing_run(const struct listing *listing);

/// Whether the block still lives, and was not resized.
bool listed_is_still_there(const struct listed *listed);

/// Calls `visit` for every debug block, in no order. The caller has stopped the sections.
void debug_walk(void (*visit)(const struct debug_block *block, void *context), void *context);

#endif
