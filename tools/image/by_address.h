// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** Looking things up by address, in arrays of structs that are ordered by it and begin with it. */
#ifndef IMAGE_BY_ADDRESS_H
#define IMAGE_BY_ADDRESS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/// How many of `count` items begin at an address or before it: the last of them is the one that may
/// contain it.  `size`: bytes of an item, whose first member is its address, a uint64_t.
static inline size_t count_until(const void *items, size_t count, size_t size, uint64_t address)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        uint64_t start;
        memcpy(&start, (const char *)items + middle * size, sizeof(start));
        if (start <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

#endif
