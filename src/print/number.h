// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Numbers as text: the parts of an integer, a pointer or a floating-point number, without padding.
 *
 * Zeros that a precision asks for beyond the number's own digits are counted, not stored, so every
 * width and precision works in a small fixed buffer.
 */
#ifndef PRINT_NUMBER_H
#define PRINT_NUMBER_H

#include "base/compiler.h"

/// What stands between the % and the conversion's letter.
struct spec {
    bool is_left;       ///< -
    bool has_plus;      ///< +
    bool has_space;     ///< blank
    bool is_alternate;  ///< #
    bool has_zero;      ///< 0
    bool has_precision; ///< otherwise the conversion's default
    uint32_t width;     ///< units; 0: none.  At most INT_MAX
    uint32_t precision; ///< at most INT_MAX
};

/// Digits behind which a double has only zeros: it has at most 1074 behind the point.
#define NUMBER_MAX_DIGITS 1100
/// Takes the longest double, 309 digits before the point, and every integer.
#define NUMBER_BUFFER_SIZE 1536

/// A number is prefix, leading zeros, head, inner zeros, tail, in this order.
struct number {
    char prefix[4]; ///< sign, 0x
    size_t prefix_size;
    size_t leading_zeros; ///< from the precision of an integer
    const char *head;     ///< into `buffer`
    size_t head_size;
    size_t inner_zeros; ///< from a precision beyond NUMBER_MAX_DIGITS
    const char *tail;   ///< exponent, into `buffer`
    size_t tail_size;
    bool takes_zeros; ///< the flag 0 pads with zeros
    char buffer[NUMBER_BUFFER_SIZE];
};

/// An integer as `d` and `i` print it. `value` has been cut to its size.
void halde_number_set_signed(struct number *number, const struct spec *spec, int64_t value);
/// As `o`, `u`, `x`, `X` print it, by `letter`.
void halde_number_set_unsigned(
    struct number *number, const struct spec *spec, uint64_t value, char letter);
/// As `p` prints it.
void halde_number_set_pointer(struct number *number, const struct spec *spec, uintptr_t value);
/// As `a`, `e`, `f`, `g` and their capitals print it, by `letter`.
void halde_number_set_double(
    struct number *number, const struct spec *spec, double value, char letter);

#endif
