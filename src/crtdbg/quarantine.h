// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Quarantine: freed blocks that are kept for a while, filled as freed, so that late writes are
 * found: when a block leaves, by a check of the heap, and at the end.  The oldest block leaves
 * first.  Off unless HALDE_OPTIONS=crt_quarantine=BYTES says otherwise, or mode=crt.
 *
 * Blocks wait in QUARANTINE_QUEUES queues.  The first threads have one each, for themselves; the
 * others share the rest, each with a lock that is held for a few stores.  A queue is bounded twice,
 * by its share of the bytes and by the places of a ring: one for each QUARANTINE_BYTES_PER_PLACE of
 * that share.  The newest block of a queue stays until the next one comes, even where it is larger
 * than all that.
 *
 * A block that leaves was last touched long ago: it, and its record, are asked of memory a few
 * frees before.
 */
#ifndef CRTDBG_QUARANTINE_H
#define CRTDBG_QUARANTINE_H

#include "crtdbg/debug_block.h"

enum {
    QUARANTINE_QUEUES = 8,
    QUARANTINE_OWN_QUEUES = 4, ///< of them belong to a thread
    QUARANTINE_BYTES_PER_PLACE = 64,
    QUARANTINE_DAMAGED_MAX = 2, ///< that leave at once
};

/// Damaged blocks that have to leave: the caller's to report, and to end by
/// debug_block_release_kept().
struct quarantine_damaged {
    size_t count;
    struct debug_block blocks[QUARANTINE_DAMAGED_MAX];
};

/// Sets the bound in bytes; 0: no quarantine. Called once, early.
void quarantine_init(size_t size);

bool quarantine_is_on(void);

/// Ends a live block and keeps it; gives back the oldest ones, as far as there is no room.
/// `has_sound_gaps`: they were just looked at. `caller`: who frees it, or NULL.
/// @return false when another thread ended the block first
bool quarantine_put(const struct debug_block *block, bool has_sound_gaps, const void *caller,
    struct quarantine_damaged *damaged);

/// Who freed the block that begins at `base`, which is kept, or has just left; NULL: unknown.  Not
/// in a section.
const void *quarantine_caller_of(const void *base);

#endif
