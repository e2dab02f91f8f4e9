// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "print/format.h"

#include <errno.h>
#include <string.h>

#include "print/number.h"

/// Size prefixes of a conversion.
enum length {
    LENGTH_NONE,
    LENGTH_CHAR,     // hh
    LENGTH_SHORT,    // h: narrow for c and s
    LENGTH_LONG,     // l: 32 bits; wide for c and s
    LENGTH_64,       // ll, I64, j
    LENGTH_32,       // I32
    LENGTH_POINTER,  // I, z, t
    LENGTH_WIDE,     // w
    LENGTH_DOUBLE,   // L
    LENGTH_OWN_WIDTH // T
};

struct formatter {
    struct sink *sink;
    struct format format; // moves on
    bool is_checked;
    va_list args;
    struct spec spec; // of the conversion being read
    enum length length;
    struct number number;
};

// ---- Reading the format -----------------------------------------------------------------------

/// The character `ahead` of the position; nothing is read beyond the terminator by looking at one
/// after another.
static unsigned peek(const struct formatter *formatter, size_t ahead)
{
    if (formatter->format.narrow != NULL) {
        return (unsigned char)formatter->format.narrow[ahead];
    }
    return (unsigned)formatter->format.wide[ahead];
}

static void skip(struct formatter *formatter, size_t characters)
{
    if (formatter->format.narrow != NULL) {
        formatter->format.narrow += characters;
    } else {
        formatter->format.wide += characters;
    }
}

static void fail(struct formatter *formatter, int error)
{
    if (formatter->sink->error == 0) {
        formatter->sink->error = error;
    }
}

/// Copies everything up to the next % or the end.
static void put_literal(struct formatter *formatter)
{
    const struct format *format = &formatter->format;
    size_t size;
    if (format->narrow != NULL) {
        size = strcspn(format->narrow, "%");
        halde_sink_put_narrow(formatter->sink, format->narrow, size);
    } else {
        size = wcscspn(format->wide, L"%");
        halde_sink_put_wide(formatter->sink, format->wide, size);
    }
    skip(formatter, size);
}

/// Copies one character of the format.
static void put_format_character(struct formatter *formatter)
{
    if (formatter->format.narrow != NULL) {
        halde_sink_put_narrow(formatter->sink, formatter->format.narrow, 1);
    } else {
        halde_sink_put_wide(formatter->sink, formatter->format.wide, 1);
    }
    skip(formatter, 1);
}

static bool set_flag(struct spec *spec, unsigned character)
{
    switch (character) {
    case '-':
        spec->is_left = true;
        return true;
    case '+':
        spec->has_plus = true;
        return true;
    case ' ':
        spec->has_space = true;
        return true;
    case '#':
        spec->is_alternate = true;
        return true;
    case '0':
        spec->has_zero = true;
        return true;
    default:
        return false;
    }
}

static void read_flags(struct formatter *formatter)
{
    while (set_flag(&formatter->spec, peek(formatter, 0))) {
        skip(formatter, 1);
    }
}

static bool is_digit(unsigned character)
{
    return character >= '0' && character <= '9';
}

/// Reads a number of digits, none being 0. Beyond INT_MAX it fails.
static uint32_t read_digits(struct formatter *formatter)
{
    uint64_t value = 0;
    while (is_digit(peek(formatter, 0))) {
        if (value <= INT_MAX) {
            value = value * 10 + (peek(formatter, 0) - '0');
        }
        skip(formatter, 1);
    }
    if (value > INT_MAX) {
        fail(formatter, EOVERFLOW);
        return 0;
    }
    return (uint32_t)value;
}

static void read_width(struct formatter *formatter)
{
    struct spec *spec = &formatter->spec;
    if (peek(formatter, 0) != '*') {
        spec->width = read_digits(formatter);
        return;
    }
    skip(formatter, 1);
    const int width = va_arg(formatter->args, int);
    if (width == INT_MIN) {
        fail(formatter, EOVERFLOW);
        return;
    }
    spec->is_left = spec->is_left || width < 0;
    spec->width = (uint32_t)(width < 0 ? -width : width);
}

static void read_precision(struct formatter *formatter)
{
    struct spec *spec = &formatter->spec;
    if (peek(formatter, 0) != '.') {
        return;
    }
    skip(formatter, 1);
    if (peek(formatter, 0) != '*') {
        spec->has_precision = true;
        spec->precision = read_digits(formatter);
        return;
    }
    skip(formatter, 1);
    const int precision = va_arg(formatter->args, int);
    spec->has_precision = precision >= 0; // a negative one counts as none
    spec->precision = precision >= 0 ? (uint32_t)precision : 0;
}

/// Two characters make the longer prefix, one the shorter.
static enum length read_doubled(struct formatter *formatter, enum length once, enum length twice)
{
    const bool is_twice = peek(formatter, 1) == peek(formatter, 0);
    skip(formatter, is_twice ? 2 : 1);
    return is_twice ? twice : once;
}

static enum length read_single(struct formatter *formatter, enum length length)
{
    skip(formatter, 1);
    return length;
}

/// I64, I32, or I alone, which means the width of a pointer.
static enum length read_capital_i(struct formatter *formatter)
{
    skip(formatter, 1);
    if (peek(formatter, 0) == '6' && peek(formatter, 1) == '4') {
        skip(formatter, 2);
        return LENGTH_64;
    }
    if (peek(formatter, 0) == '3' && peek(formatter, 1) == '2') {
        skip(formatter, 2);
        return LENGTH_32;
    }
    return LENGTH_POINTER;
}

static enum length read_length(struct formatter *formatter)
{
    switch (peek(formatter, 0)) {
    case 'h':
        return read_doubled(formatter, LENGTH_SHORT, LENGTH_CHAR);
    case 'l':
        return read_doubled(formatter, LENGTH_LONG, LENGTH_64);
    case 'I':
        return read_capital_i(formatter);
    case 'j':
        return read_single(formatter, LENGTH_64);
    case 'z':
    case 't':
        return read_single(formatter, LENGTH_POINTER);
    case 'w':
        return read_single(formatter, LENGTH_WIDE);
    case 'L':
        return read_single(formatter, LENGTH_DOUBLE);
    case 'T':
        return read_single(formatter, LENGTH_OWN_WIDTH);
    default:
        return LENGTH_NONE;
    }
}

// ---- Writing a field --------------------------------------------------------------------------

/// Refuses a field that is too long before any of it is written. Returns whether to go on.
static bool has_room(struct formatter *formatter, size_t units)
{
    const size_t width = formatter->spec.width;
    return halde_sink_has_room(formatter->sink, units < width ? width : units);
}

/// Blanks or zeros before text that has no sign; as in Microsoft's library, 0 pads any of it.
static void put_padding_before(struct formatter *formatter, size_t units)
{
    const struct spec *spec = &formatter->spec;
    if (!spec->is_left && units < spec->width) {
        halde_sink_put_repeated(formatter->sink, spec->has_zero ? '0' : ' ', spec->width - units);
    }
}

static void put_padding_after(struct formatter *formatter, size_t units)
{
    const struct spec *spec = &formatter->spec;
    if (spec->is_left && units < spec->width) {
        halde_sink_put_repeated(formatter->sink, ' ', spec->width - units);
    }
}

/// Characters that `size` bytes of narrow text make in the sink.
static size_t units_of(const struct sink *sink, const char *bytes, size_t size)
{
    if (!sink->is_wide) {
        return size;
    }
    size_t units = 0;
    while (size > 0) {
        wchar_t character;
        const size_t used = halde_codec_decode_last(sink->codec, bytes, size, &character);
        bytes += used;
        size -= used;
        units++;
    }
    return units;
}

static void put_number(struct formatter *formatter)
{
    const struct number *number = &formatter->number;
    const struct spec *spec = &formatter->spec;
    struct sink *sink = formatter->sink;
    // The decimal point of a locale may be more than one byte.
    const size_t units = number->prefix_size + number->leading_zeros +
                         units_of(sink, number->head, number->head_size) + number->inner_zeros +
                         number->tail_size;
    const bool pads_zeros = spec->has_zero && !spec->is_left && number->takes_zeros;
    const size_t padding = units < spec->width ? spec->width - units : 0;

    if (!has_room(formatter, units)) {
        return;
    }
    if (!spec->is_left && !pads_zeros) {
        halde_sink_put_repeated(sink, ' ', padding);
    }
    halde_sink_put_narrow(sink, number->prefix, number->prefix_size);
    if (pads_zeros) {
        halde_sink_put_repeated(sink, '0', padding);
    }
    halde_sink_put_repeated(sink, '0', number->leading_zeros);
    halde_sink_put_narrow(sink, number->head, number->head_size);
    halde_sink_put_repeated(sink, '0', number->inner_zeros);
    halde_sink_put_narrow(sink, number->tail, number->tail_size);
    if (spec->is_left) {
        halde_sink_put_repeated(sink, ' ', padding);
    }
}

static void put_narrow_text(struct formatter *formatter, const char *bytes, size_t size)
{
    const size_t units = units_of(formatter->sink, bytes, size);
    if (!has_room(formatter, units)) {
        return;
    }
    put_padding_before(formatter, units);
    halde_sink_put_narrow(formatter->sink, bytes, size);
    put_padding_after(formatter, units);
}

/// The width counts wide characters, even where the output has more bytes.
static void put_wide_text(struct formatter *formatter, const wchar_t *units, size_t count)
{
    if (!has_room(formatter, count)) {
        return;
    }
    put_padding_before(formatter, count);
    halde_sink_put_wide(formatter->sink, units, count);
    put_padding_after(formatter, count);
}

// ---- Conversions ------------------------------------------------------------------------------

/**
 * Reads a signed integer of the size that the prefix names.  `long` has 32 bits on Windows; reading
 * an int from the place of a Linux `long` takes its lower half on every 64-bit ABI that glibc runs
 * on with this byte order.
 */
static int64_t read_signed(struct formatter *formatter)
{
    switch (formatter->length) {
    case LENGTH_CHAR:
        return (signed char)va_arg(formatter->args, int);
    case LENGTH_SHORT:
        return (short)va_arg(formatter->args, int);
    case LENGTH_64:
    case LENGTH_DOUBLE: // as in glibc; an error on Windows
        return va_arg(formatter->args, long long);
    case LENGTH_POINTER:
        return va_arg(formatter->args, ptrdiff_t);
    default:
        return va_arg(formatter->args, int);
    }
}

static uint64_t read_unsigned(struct formatter *formatter)
{
    switch (formatter->length) {
    case LENGTH_CHAR:
        return (unsigned char)va_arg(formatter->args, unsigned);
    case LENGTH_SHORT:
        return (unsigned short)va_arg(formatter->args, unsigned);
    case LENGTH_64:
    case LENGTH_DOUBLE:
        return va_arg(formatter->args, unsigned long long);
    case LENGTH_POINTER:
        return va_arg(formatter->args, size_t);
    default:
        return va_arg(formatter->args, unsigned);
    }
}

static double read_double(struct formatter *formatter)
{
    if (formatter->length == LENGTH_DOUBLE) {
        return (double)va_arg(formatter->args, long double);
    }
    return va_arg(formatter->args, double);
}

/// Whether a character or string argument is wide. `letter` is c, C, s or S.
static bool is_wide_argument(const struct formatter *formatter, unsigned letter)
{
    const bool is_own_width = letter == 'c' || letter == 's';
    switch (formatter->length) {
    case LENGTH_SHORT:
        return false;
    case LENGTH_LONG:
    case LENGTH_WIDE:
        return true;
    case LENGTH_OWN_WIDTH:
        return formatter->sink->is_wide;
    default:
        return formatter->sink->is_wide == is_own_width;
    }
}

static void convert_character(struct formatter *formatter, unsigned letter)
{
    const unsigned value = va_arg(formatter->args, unsigned);
    if (is_wide_argument(formatter, letter)) {
        const wchar_t character = (wchar_t)value;
        put_wide_text(formatter, &character, 1);
    } else {
        const char character = (char)value;
        put_narrow_text(formatter, &character, 1);
    }
}

/// Bytes of the character at `string`, which is not empty; nothing beyond them is read, since a
/// null ends every unfinished character.
static size_t character_size(struct codec codec, const char *string)
{
    wchar_t character;
    size_t used = 0;
    for (size_t size = 1; used == 0; size++) {
        used = halde_codec_decode(codec, string, size, &character);
    }
    return used;
}

/// Bytes of a string that the precision lets through. It counts characters of the sink's width.
static size_t narrow_size(const struct formatter *formatter, const char *string)
{
    const struct spec *spec = &formatter->spec;
    if (!spec->has_precision) {
        return strlen(string);
    }
    if (!formatter->sink->is_wide) {
        return strnlen(string, spec->precision);
    }
    size_t size = 0;
    for (uint32_t i = 0; i < spec->precision && string[size] != '\0'; i++) {
        size += character_size(formatter->sink->codec, string + size);
    }
    return size;
}

static void convert_string(struct formatter *formatter, unsigned letter)
{
    const struct spec *spec = &formatter->spec;
    if (is_wide_argument(formatter, letter)) {
        const wchar_t *string = va_arg(formatter->args, const wchar_t *);
        string = string != NULL ? string : L"(null)";
        put_wide_text(formatter, string,
            spec->has_precision ? wcsnlen(string, spec->precision) : wcslen(string));
    } else {
        const char *string = va_arg(formatter->args, const char *);
        string = string != NULL ? string : "(null)";
        put_narrow_text(formatter, string, narrow_size(formatter, string));
    }
}

static void convert_signed(struct formatter *formatter)
{
    halde_number_set_signed(&formatter->number, &formatter->spec, read_signed(formatter));
    put_number(formatter);
}

static void convert_unsigned(struct formatter *formatter, unsigned letter)
{
    halde_number_set_unsigned(
        &formatter->number, &formatter->spec, read_unsigned(formatter), (char)letter);
    put_number(formatter);
}

static void convert_pointer(struct formatter *formatter)
{
    const void *pointer = va_arg(formatter->args, const void *);
    halde_number_set_pointer(&formatter->number, &formatter->spec, (uintptr_t)pointer);
    put_number(formatter);
}

static void convert_double(struct formatter *formatter, unsigned letter)
{
    halde_number_set_double(
        &formatter->number, &formatter->spec, read_double(formatter), (char)letter);
    put_number(formatter);
}

/// No conversion: prints the character alone, or fails when the format is checked. The position is
/// on it.
static void convert_unknown(struct formatter *formatter)
{
    if (formatter->is_checked) {
        fail(formatter, EINVAL);
    } else if (peek(formatter, 0) != '\0') {
        put_format_character(formatter);
    }
}

/// Does the conversion that `letter` names; returns false when it names none.
static bool convert_letter(struct formatter *formatter, unsigned letter)
{
    switch (letter) {
    case 'c':
    case 'C':
        convert_character(formatter, letter);
        return true;
    case 's':
    case 'S':
        convert_string(formatter, letter);
        return true;
    case 'd':
    case 'i':
        convert_signed(formatter);
        return true;
    case 'o':
    case 'u':
    case 'x':
    case 'X':
        convert_unsigned(formatter, letter);
        return true;
    case 'p':
        convert_pointer(formatter);
        return true;
    case 'a':
    case 'A':
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
        convert_double(formatter, letter);
        return true;
    case 'n':
        fail(formatter, EINVAL); // lets a format write to memory: disabled, as on Windows
        return true;
    default:
        return false;
    }
}

/// The position is behind a %.
static void convert(struct formatter *formatter)
{
    if (peek(formatter, 0) == '%') {
        put_format_character(formatter);
        return;
    }
    formatter->spec = (struct spec){0};
    read_flags(formatter);
    read_width(formatter);
    read_precision(formatter);
    formatter->length = read_length(formatter);
    if (formatter->length != LENGTH_NONE && read_length(formatter) != LENGTH_NONE) {
        fail(formatter, EINVAL); // two prefixes: which argument to read is anyone's guess
    }
    if (formatter->sink->error != 0) {
        return;
    }
    if (convert_letter(formatter, peek(formatter, 0))) {
        skip(formatter, 1);
    } else {
        convert_unknown(formatter);
    }
}

void halde_tprintf_format(struct sink *sink, struct format format, bool is_checked, va_list args)
{
    struct formatter formatter;
    formatter.sink = sink;
    formatter.format = format;
    formatter.is_checked = is_checked;
    va_copy(formatter.args, args);
    while (sink->error == 0) {
        put_literal(&formatter);
        if (peek(&formatter, 0) == '\0') {
            break;
        }
        skip(&formatter, 1);
        convert(&formatter);
    }
    va_end(formatter.args);
}
