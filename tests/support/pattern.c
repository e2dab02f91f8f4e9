// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "pattern.h"

#include "check.h"

#include <inttypes.h>

enum {
    DENSE = 256, // every byte at the start
    TAIL = 16,   // and at the end
    STEP = 509,  // primes: no alignment hides a sample
    LARGE = 64 << 10,
    LARGE_STEP = 8191,
};

static uint8_t pattern_byte(uint64_t key, size_t offset)
{
    return (uint8_t)(((key ^ offset) * UINT64_C(0x9e3779b97f4a7c15)) >> 56);
}

// The next offset that the pattern covers in a block of `size` bytes.
static size_t next_offset(size_t offset, size_t size)
{
    if (offset + 1 < DENSE || size - offset <= TAIL) {
        return offset + 1;
    }
    size_t next = offset + (offset < LARGE ? STEP : LARGE_STEP);
    return next > size - TAIL ? size - TAIL : next;
}

void pattern_fill(void *block, size_t size, uint64_t key)
{
    uint8_t *bytes = block;
    for (size_t i = 0; i < size; i = next_offset(i, size)) {
        bytes[i] = pattern_byte(key, i);
    }
}

bool pattern_expect(const void *block, size_t size, size_t kept, uint64_t key, const char *when)
{
    const uint8_t *bytes = block;
    for (size_t i = 0; i < kept; i = next_offset(i, size)) {
        if (bytes[i] != pattern_byte(key, i)) {
            test_fail(CHECK_HERE, "%s: block %p of %zu bytes: byte %zu is 0x%02x, not 0x%02x", when,
                block, size, i, bytes[i], pattern_byte(key, i));
            return false;
        }
    }
    return true;
}

bool pattern_expect_zero(const void *block, size_t from, size_t to, const char *when)
{
    const uint8_t *bytes = block;
    for (size_t i = from; i < to; i += i - from < 4096 || to - i < 64 ? 1 : 61) {
        if (bytes[i] != 0) {
            test_fail(
                CHECK_HERE, "%s: block %p: byte %zu is 0x%02x, not 0", when, block, i, bytes[i]);
            return false;
        }
    }
    return true;
}
