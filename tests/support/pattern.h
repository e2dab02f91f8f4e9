// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * A pattern of bytes that tells one block's contents from another's: every byte near both ends of
 * the block, then samples, so that a block of megabytes costs little.
 */
#ifndef SUPPORT_PATTERN_H
#define SUPPORT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Writes the pattern of `key` into a block of `size` bytes. */
void pattern_fill(void *block, size_t size, uint64_t key);

/**
 * Checks the first `kept` bytes of a block that was filled as one of `size` bytes.  Fails (EXPECT)
 * with the first wrong byte's offset.
 */
bool pattern_expect(const void *block, size_t size, size_t kept, uint64_t key, const char *when);

/** Checks that bytes from ... to-1 are 0 (samples, when there are many). */
bool pattern_expect_zero(const void *block, size_t from, size_t to, const char *when);

#endif
