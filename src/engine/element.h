// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * What lies at an address of a region: the step that walking, summing and compacting share.
 *
 * A region is, from its first block on, a sequence of elements without holes: busy blocks, free
 * blocks of spans, free ranges, one uncommitted range at the end.  What a span gives away before
 * its first and behind its last block is no element.  All central.
 */
#ifndef ENGINE_ELEMENT_H
#define ENGINE_ELEMENT_H

#include "engine/heap.h"

enum {
    FREE_LINK_SIZE = 16, ///< a free element's reported data begins so far into it
    FREE_OVERHEAD = 32,  ///< reported overhead of a free range
    LAST_FREE_RESERVE =
        64, ///< the last free range before an uncommitted range ends so much earlier
};

struct element {
    enum halde_entry_kind kind;
    struct slice *slice; ///< first slice of what it lies in; NULL for uncommitted ranges
    uintptr_t start;     ///< first address
    uintptr_t end;       ///< first address past it
    uint32_t index;      ///< block of a span, granule of the mixed span
    size_t user_size;    ///< busy only
    bool is_last_free;   ///< free range that ends where an uncommitted range begins
};

/// The element that contains or, in a gap, follows `address`. Returns false at the end of the
/// region.
bool element_at(const struct heap *heap, const struct region *region, uintptr_t address,
    struct element *element);

/// Where a free element's reported data begins: FREE_LINK_SIZE behind its start, but at the start
/// of a block that is no larger than that, so that no position lies outside of its element.
size_t element_link_size(const struct slice *slice);
/// The bytes of a free element as a walk reports them.
size_t element_free_size(const struct element *element);

#endif
