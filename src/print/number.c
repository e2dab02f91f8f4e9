// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "print/number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define POINTER_DIGITS (2 * sizeof(void *))
#define DEFAULT_DIGITS 6      ///< of e, f and g
#define DEFAULT_HEX_DIGITS 13 ///< of a: 52 bits of fraction, always all of them

static void reset(struct number *number)
{
    number->prefix_size = 0;
    number->leading_zeros = 0;
    number->head = number->buffer;
    number->head_size = 0;
    number->inner_zeros = 0;
    number->tail = number->buffer;
    number->tail_size = 0;
    number->takes_zeros = true;
}

static void add_prefix(struct number *number, char character)
{
    number->prefix[number->prefix_size++] = character;
}

static void add_sign(struct number *number, const struct spec *spec, bool is_negative)
{
    if (is_negative) {
        add_prefix(number, '-');
    } else if (spec->has_plus) {
        add_prefix(number, '+');
    } else if (spec->has_space) {
        add_prefix(number, ' ');
    }
}

static unsigned radix_of(char letter)
{
    switch (letter) {
    case 'o':
        return 8;
    case 'x':
    case 'X':
        return 16;
    default:
        return 10;
    }
}

/// Writes the digits to the end of the buffer; none for 0.
static void set_digits(struct number *number, uint64_t value, char letter)
{
    const char *digits = letter == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    const unsigned radix = radix_of(letter);
    char *end = number->buffer + NUMBER_BUFFER_SIZE;
    char *head = end;
    while (value != 0) {
        *--head = digits[value % radix];
        value /= radix;
    }
    number->head = head;
    number->head_size = (size_t)(end - head);
}

/// An integer has at least `precision` digits; with a precision the flag 0 is ignored.
static void set_integer(struct number *number, const struct spec *spec, uint64_t value, char letter)
{
    const size_t least = spec->has_precision ? spec->precision : 1;
    set_digits(number, value, letter);
    if (number->head_size < least) {
        number->leading_zeros = least - number->head_size;
    }
    number->takes_zeros = !spec->has_precision;
}

void halde_number_set_signed(struct number *number, const struct spec *spec, int64_t value)
{
    reset(number);
    add_sign(number, spec, value < 0);
    const uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    set_integer(number, spec, magnitude, 'd');
}

void halde_number_set_unsigned(
    struct number *number, const struct spec *spec, uint64_t value, char letter)
{
    reset(number);
    set_integer(number, spec, value, letter);
    if (!spec->is_alternate) {
        return;
    }
    if (letter == 'o' && number->leading_zeros == 0) {
        number->leading_zeros = 1; // also the only digit of a zero with precision 0
    }
    if (radix_of(letter) == 16 && value != 0) {
        add_prefix(number, '0');
        add_prefix(number, letter);
    }
}

void halde_number_set_pointer(struct number *number, const struct spec *spec, uintptr_t value)
{
    const struct spec hex = {
        .is_alternate = spec->is_alternate, .has_precision = true, .precision = POINTER_DIGITS};
    halde_number_set_unsigned(number, &hex, value, 'X');
}

static bool is_capital(char letter)
{
    return letter >= 'A' && letter <= 'Z';
}

/// Microsoft's names of what is no number. The "indefinite" NaN is what 0.0 / 0.0 gives on x86.
static const char *name_of_special(double value, bool is_upper)
{
    if (isinf(value)) {
        return is_upper ? "INF" : "inf";
    }
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    if (bits == 0xFFF8000000000000u) {
        return is_upper ? "NAN(IND)" : "nan(ind)";
    }
    const bool is_quiet = bits >> 51 & 1;
    if (!is_quiet) {
        return is_upper ? "NAN(SNAN)" : "nan(snan)";
    }
    return is_upper ? "NAN" : "nan";
}

static void set_special(struct number *number, double value, bool is_upper)
{
    number->head = name_of_special(value, is_upper);
    number->head_size = strlen(number->head);
    number->takes_zeros = false;
}

/// The same letter, from libc. The sign has been taken off; `digits` is at most NUMBER_MAX_DIGITS.
static size_t format_digits(
    struct number *number, bool is_alternate, int digits, double value, char letter)
{
    char format[] = "%#.*?";
    format[4] = letter;
    if (is_alternate) {
        return (size_t)snprintf(number->buffer, NUMBER_BUFFER_SIZE, format, digits, value);
    }
    format[1] = '%';
    return (size_t)snprintf(number->buffer, NUMBER_BUFFER_SIZE, format + 1, digits, value);
}

/// g drops zeros at the end, so zeros beyond NUMBER_MAX_DIGITS count only when # keeps them.
static size_t inner_zeros_of(const struct spec *spec, char letter)
{
    if (!spec->has_precision || spec->precision <= NUMBER_MAX_DIGITS) {
        return 0;
    }
    const bool is_general = letter == 'g' || letter == 'G';
    return is_general && !spec->is_alternate ? 0 : spec->precision - NUMBER_MAX_DIGITS;
}

static int digits_of(const struct spec *spec, char letter)
{
    if (!spec->has_precision) {
        return letter == 'a' || letter == 'A' ? DEFAULT_HEX_DIGITS : DEFAULT_DIGITS;
    }
    return spec->precision < NUMBER_MAX_DIGITS ? (int)spec->precision : NUMBER_MAX_DIGITS;
}

void halde_number_set_double(
    struct number *number, const struct spec *spec, double value, char letter)
{
    reset(number);
    add_sign(number, spec, signbit(value) != 0);
    if (!isfinite(value)) {
        set_special(number, value, is_capital(letter));
        return;
    }
    const int digits = digits_of(spec, letter);
    size_t size = format_digits(number, spec->is_alternate, digits, fabs(value), letter);
    if (letter == 'a' || letter == 'A') {
        add_prefix(number, '0');
        add_prefix(number, is_capital(letter) ? 'X' : 'x');
        number->head += 2;
        size -= 2;
    }
    const char *exponent = is_capital(letter) ? "EP" : "ep";
    if (letter == 'a') {
        exponent = "p"; // e is a digit
    } else if (letter == 'A') {
        exponent = "P";
    }
    number->inner_zeros = inner_zeros_of(spec, letter);
    number->head_size = strcspn(number->head, exponent);
    number->tail = number->head + number->head_size;
    number->tail_size = size - number->head_size;
}
