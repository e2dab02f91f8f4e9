// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Quarantine: freed blocks that are kept for a while, filled as freed, so that late writes are
 * found: when a block leaves, by a check of the heap, and at the end.  The bytes are bounded; the
 * oldest block leaves first.  Off unless HALDE_OPTIONS=crt_quarantine=BYTES says otherwise, or
 * mode=crt.
 *
 * Blocks wait in a few queues, each with a lock that is held for a few stores; a thread keeps to
 * one.  A queue is linked through the records: `inner_size` of a quarantined block is the next one.
 */
#ifndef CRTDBG_QUARANTINE_H
#define CRTDBG_QUARANTINE_H

#include "crtdbg/debug_block.h"

/// Sets the bound in bytes; 0: no quarantine. Called once, early.
void quarantine_init(size_t size);

bool quarantine_is_on(void);

/// Ends a live block and keeps it. False when another thread ended it first.
bool quarantine_put(const struct debug_block *block);

/// Takes a block that has to leave; false when there is room.  It is the caller's to look at, and
/// to end by debug_block_release_kept().
bool quarantine_take(struct debug_block *block);

#endif
