// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Side records: a few words of the layer above for every block of a heap that asked for them, out
 * of band, where no overrun reaches them.
 *
 * A span has an array of them, a large block one; both hang on the descriptor of the first slice.
 * The mixed span of an observed heap (observer.h) has one for each granule, of which most are never
 * touched; other heaps with records do not use theirs.  All central but side_record_of().
 */
#ifndef ENGINE_SIDE_RECORD_H
#define ENGINE_SIDE_RECORD_H

#include "engine/block.h"
#include "engine/heap.h"

/// Makes `count` zero records for the span or large block that begins at `first`; none where the
/// heap has none.  Returns false when out of memory.
bool side_records_make(struct slice *first, const struct heap *heap, uint32_t count);
/// Makes those of the mixed span that begins at `first`: what is in them does not matter. False:
/// there is no memory for them.
bool side_records_make_mixed(struct slice *first, const struct heap *heap);
/// Ends them. `count` as when they were made; of the mixed span its granules.
void side_records_release(struct slice *first, const struct heap *heap, uint32_t count);
/// The record of a block that was found, NULL where there is none. Any thread.
void *side_record_of(const struct block *block);

void side_record_clear_mixed(const struct heap *heap, const void *data);
/// A block of the mixed span begins, with a record of zeroes if it has one.
ALWAYS_INLINE void side_record_begin_mixed(const struct heap *heap, const void *data)
{
    if (UNLIKELY(heap->record_size != 0)) {
        side_record_clear_mixed(heap, data);
    }
}

#endif
