// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** A table from numbers to numbers: addresses or stacks of a process to those of an image. */
#ifndef IMAGE_NUMBERS_H
#define IMAGE_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct numbers_entry {
    uint64_t key; ///< 0: empty
    uint32_t value;
};

/// Starts as all zeroes.
struct numbers {
    struct numbers_entry *entries;
    size_t capacity; ///< power of two
    size_t count;
};

void numbers_release(struct numbers *numbers);
/// Whether a key is there; stores its value. `key` is not 0.
bool numbers_find(const struct numbers *numbers, uint64_t key, uint32_t *value);
/// Adds a key that is not there. False: out of memory.
bool numbers_add(struct numbers *numbers, uint64_t key, uint32_t value);

#endif
