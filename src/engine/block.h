// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** From an address to a block, with every step proved. */
#ifndef ENGINE_BLOCK_H
#define ENGINE_BLOCK_H

#include "engine/gate.h"
#include "engine/pool.h"

struct block {
    struct slice *slice; ///< first slice of the span, mixed span or large block
    struct heap *heap;
    uint32_t index;    ///< block of the span, granule of the mixed span, 0 for a large block
    size_t user_size;  ///< bytes asked for
    size_t block_size; ///< bytes given
    bool has_info;
};

/**
 * Finds the busy block that starts at `address`.  `heap` NULL: of any heap.
 * @return HALDE_OK or what the address is instead; then `*block` is undefined
 */
enum halde_status block_find(const struct heap *heap, const void *address, struct block *block);

/// Marks a busy block of a span or large block as having user info, or not. Central.
void block_set_info_flag(const struct block *block, bool has_info);

#endif
