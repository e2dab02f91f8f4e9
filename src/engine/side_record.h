// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Side records: a few words of the layer above for every block of a heap that asked for them, out
 * of band, where no overrun reaches them.
 *
 * A span has an array of them, a large block one; both hang on the descriptor of the first slice.
 * Such a heap does not use its mixed span.  All central but side_record_of().
 */
#ifndef ENGINE_SIDE_RECORD_H
#define ENGINE_SIDE_RECORD_H

#include "engine/block.h"
#include "engine/heap.h"

/// Makes `count` zero records for the span or large block that begins at `first`; none where the
/// heap has none.  Returns false when out of memory.
bool side_records_make(struct slice *first, const struct heap *heap, uint32_t count);
/// Ends them. `count` as when they were made.
void side_records_release(struct slice *first, const struct heap *heap, uint32_t count);
/// The record of a block that was found, NULL where there is none. Any thread.
void *side_record_of(const struct block *block);

#endif
