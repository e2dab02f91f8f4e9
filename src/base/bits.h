// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** Bit and size arithmetic. No state; every function is total unless its comment says otherwise. */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include "base/compiler.h"

/// Index of the lowest set bit; `value` is not 0.
ALWAYS_INLINE uint32_t bits_lowest(uint64_t value)
{
    return (uint32_t)__builtin_ctzll(value);
}

/// Index of the highest set bit; `value` is not 0.
ALWAYS_INLINE uint32_t bits_highest(uint64_t value)
{
    return 63u - (uint32_t)__builtin_clzll(value);
}

ALWAYS_INLINE bool bits_is_power_of_two(size_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

/// `step` is a power of two; the caller knows that it does not overflow.
ALWAYS_INLINE size_t bits_round_up(size_t value, size_t step)
{
    return (value + step - 1) & ~(step - 1);
}

/// `step` is a power of two.
ALWAYS_INLINE size_t bits_round_down(size_t value, size_t step)
{
    return value & ~(step - 1);
}

ALWAYS_INLINE size_t size_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

ALWAYS_INLINE size_t size_max(size_t a, size_t b)
{
    return a > b ? a : b;
}

#endif
