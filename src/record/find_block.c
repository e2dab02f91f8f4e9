// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Busy blocks of observed heaps: one, or all.

#include "engine/gate.h"
#include "record/record.h"

static bool find_central(struct heap *heap, const void *data, struct block *block)
{
    struct session session;
    session_begin_central(&session, heap, HALDE_UNLOCKED);
    bool is_found = block_find(heap, data, block) == HALDE_OK;
    session_end(&session);
    return is_found;
}

bool record_find_block(const struct heap *heap, const void *data, struct block *block)
{
    struct slice *slice = slice_of(data);
    struct heap *owner = slice == NULL ? NULL : slice_heap(slice);
    if (owner == NULL || (heap != NULL && owner != heap) || !RELAXED_LOAD(owner->is_observed) ||
        RELAXED_LOAD(owner->handle) == 0) {
        return false;
    }
    // What the mixed span knows moves when another block of it begins or ends.
    return slice_kind(slice_first(slice)) == SLICE_MIXED
               ? find_central(owner, data, block)
               : block_find(owner, data, block) == HALDE_OK;
}

void record_walk_observed(halde_heap *handle, halde_block_visitor visit)
{
    struct heap *heap = record_observed_heap(handle);
    if (heap != NULL) {
        halde_heap_walk_blocks(handle, visit, heap);
    }
}
