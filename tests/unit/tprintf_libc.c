// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Where Microsoft's formats and C's agree, the formatter prints what libc prints: every combination
 * of flags, width, precision, size and conversion that both define alike, over values at the edges.
 * Each is printed by the narrow and by the wide function, whose texts must be the same.
 */
#include <halde-win32/tchar.h>

#include <float.h>
#include <limits.h>

#include "process.h"
#include "tprintf_check.h"

#define SIZE 3000
#define FORMAT_SIZE 64

static const char *const widths[] = {"", "1", "2", "7", "25", "60"};
static const char *const precisions[] = {"", ".", ".0", ".1", ".2", ".5", ".13", ".20", ".40"};
static uint64_t combinations;
static unsigned stride; ///< where everything is slow, only each so many-th format is tried

/// Formats one argument four ways and compares. A macro, because the argument's type differs.
#define COMPARE(our_format, libc_format, ...)                                                      \
    do {                                                                                           \
        char expected_[SIZE];                                                                      \
        char actual_[SIZE];                                                                        \
        wchar_t wide_format_[FORMAT_SIZE];                                                         \
        wchar_t wide_[SIZE];                                                                       \
        const int length_ = snprintf(expected_, SIZE, libc_format, __VA_ARGS__);                   \
        const int count_ = halde_snprintf(actual_, SIZE, our_format, __VA_ARGS__);                 \
        widen(wide_format_, our_format);                                                           \
        const int wide_count_ = halde_swprintf(wide_, SIZE, wide_format_, __VA_ARGS__);            \
        compare(our_format, expected_, length_, actual_, count_, wide_, wide_count_);              \
    } while (0)

/// ASCII only.
static void widen(wchar_t *wide, const char *text)
{
    do {
        *wide++ = (wchar_t)*text;
    } while (*text++ != '\0');
}

static bool is_same_wide(const wchar_t *wide, const char *text)
{
    while (*text != '\0' && *wide == (wchar_t)*text) {
        wide++;
        text++;
    }
    return *wide == L'\0' && *text == '\0';
}

static void compare(const char *format, const char *expected, int length, const char *actual,
    int count, const wchar_t *wide, int wide_count)
{
    combinations++;
    if (count != length || strcmp(actual, expected) != 0) {
        test_fail(CHECK_HERE, "%s: [%s] (%d), libc prints [%s] (%d)", format, actual, count,
            expected, length);
    }
    if (wide_count != length || !is_same_wide(wide, expected)) {
        test_fail(CHECK_HERE, "L%s: [%ls] (%d), libc prints [%s] (%d)", format, wide, wide_count,
            expected, length);
    }
}

/// % and the flags whose bits are set.
static void build(char *format, unsigned flags, const char *width, const char *precision,
    const char *size, char conversion)
{
    *format++ = '%';
    for (unsigned i = 0; i < 5; i++) {
        if (flags >> i & 1) {
            *format++ = "-+ #0"[i];
        }
    }
    snprintf(format, FORMAT_SIZE - 8, "%s%s%s%c", width, precision, size, conversion);
}

/// Calls `step` with every format for a conversion.
static void for_each_format(const char *size, char conversion, const char *libc_size,
    void (*step)(const char *ours, const char *libcs))
{
    static unsigned turn;
    for (unsigned flags = 0; flags < 32; flags++) {
        for (size_t w = 0; w < _countof(widths); w++) {
            for (size_t p = 0; p < _countof(precisions); p++) {
                if (turn++ % stride != 0) {
                    continue;
                }
                char ours[FORMAT_SIZE];
                char libcs[FORMAT_SIZE];
                build(ours, flags, widths[w], precisions[p], size, conversion);
                build(libcs, flags, widths[w], precisions[p], libc_size, conversion);
                step(ours, libcs);
            }
        }
    }
}

static void step_int(const char *ours, const char *libcs)
{
    static const int values[] = {0, 1, -1, 7, 8, -128, 255, 32767, 65535, INT_MAX, INT_MIN};
    for (size_t i = 0; i < _countof(values); i++) {
        COMPARE(ours, libcs, values[i]);
    }
}

static void step_64(const char *ours, const char *libcs)
{
    static const long long values[] = {
        0, 1, -1, 15, 1000000007, 0x1234567890, LLONG_MAX, LLONG_MIN};
    for (size_t i = 0; i < _countof(values); i++) {
        COMPARE(ours, libcs, values[i]);
    }
}

static void step_double(const char *ours, const char *libcs)
{
    static const double values[] = {0.0, -0.0, 1.0, -1.0, 0.1, 0.5, 1.5, 2.5, 9.5, 9.9999999,
        99999.95, 123456789.0, 1e-4, 9.9999e-5, 1e15, 1e16, 1e17, -12345.678, 3.14159265358979,
        DBL_MAX, DBL_MIN, DBL_EPSILON, 4.9406564584124654e-324, 1e22, 1e23};
    for (size_t i = 0; i < _countof(values); i++) {
        COMPARE(ours, libcs, values[i]);
    }
}

/// With a width or precision from the arguments.
static void test_stars(void)
{
    static const int numbers[] = {0, 1, -1, 5, -5, 30, -30};
    static const char *const integers[] = {"%*.*d", "%0*.*x", "%-*.*u|"};
    static const char *const doubles[] = {"%+*.*f", "%#*.*g|", "%0*.*e"};
    for (size_t w = 0; w < _countof(numbers); w++) {
        for (size_t p = 0; p < _countof(numbers); p++) {
            for (size_t i = 0; i < _countof(integers); i++) {
                COMPARE(integers[i], integers[i], numbers[w], numbers[p], 12345);
                COMPARE(doubles[i], doubles[i], numbers[w], numbers[p], 2.0 / 3);
            }
            COMPARE("%*.*hs", "%*.*s", numbers[w], numbers[p], "some text");
        }
    }
}

/// Characters and strings: C leaves the flag 0 undefined here, so it is left out.
static void test_text(void)
{
    for (unsigned flags = 0; flags < 16; flags++) {
        for (size_t w = 0; w < _countof(widths); w++) {
            char ours[FORMAT_SIZE];
            char libcs[FORMAT_SIZE];
            build(ours, flags, widths[w], "", "h", 'c');
            build(libcs, flags, widths[w], "", "", 'c');
            COMPARE(ours, libcs, 'x');
            for (size_t p = 0; p < _countof(precisions); p++) {
                build(ours, flags, widths[w], precisions[p], "h", 's');
                build(libcs, flags, widths[w], precisions[p], "", 's');
                COMPARE(ours, libcs, "a somewhat longer text");
                build(ours, flags, widths[w], precisions[p], "l", 's');
                build(libcs, flags, widths[w], precisions[p], "l", 's');
                COMPARE(ours, libcs, L"wide");
            }
        }
    }
}

/// Precisions around and beyond the point where the formatter counts zeros instead of asking libc.
static void test_many_digits(void)
{
    static const double values[] = {
        0.0, 1.0 / 3, DBL_MAX, DBL_MIN, 4.9406564584124654e-324, 1e-5, 12345.0};
    static const int precisions_of_many[] = {700, 1074, 1099, 1100, 1101, 1200, 2000};
    static const char *const formats[] = {
        "%.*f", "%.*e", "%.*g", "%#.*g", "%#.*E", "%.*a", "%+2500.*e", "%-2500.*a|", "%02500.*f"};
    for (size_t i = 0; i < _countof(values); i++) {
        for (size_t j = 0; j < _countof(precisions_of_many); j++) {
            for (size_t k = 0; k < _countof(formats); k++) {
                COMPARE(formats[k], formats[k], precisions_of_many[j], values[i]);
            }
        }
    }
}

/// Random bits as doubles, printed with every digit they have.
static void test_random_doubles(void)
{
    uint64_t state = 0x9E3779B97F4A7C15;
    for (int i = 0; i < 2000; i++) {
        state = state * 6364136223846793005 + 1442695040888963407;
        const uint64_t bits = state ^ state >> 29;
        double value;
        memcpy(&value, &bits, sizeof(value));
        if (bits << 1 >= 0xFFE0000000000000) {
            continue; // infinities and NaNs have other names
        }
        COMPARE("%.17g", "%.17g", value);
        COMPARE("%.1100f", "%.1100f", value);
        COMPARE("%.770e", "%.770e", value);
        COMPARE("%.13a", "%.13a", value);
    }
}

static void test_integers(void)
{
    for (const char *conversion = "diouxX"; *conversion != '\0'; conversion++) {
        for_each_format("", *conversion, "", step_int);
        for_each_format("l", *conversion, "", step_int); // 32 bits here
        for_each_format("I32", *conversion, "", step_int);
        for_each_format("h", *conversion, "h", step_int);
        for_each_format("hh", *conversion, "hh", step_int);
        for_each_format("ll", *conversion, "ll", step_64);
        for_each_format("I64", *conversion, "ll", step_64);
        for_each_format("I", *conversion, "z", step_64);
        for_each_format("j", *conversion, "j", step_64);
        for_each_format("z", *conversion, "z", step_64);
        for_each_format("t", *conversion, "t", step_64);
    }
}

static void test_doubles(void)
{
    for (const char *conversion = "eEfFgG"; *conversion != '\0'; conversion++) {
        for_each_format("", *conversion, "", step_double);
    }
    for_each_format("l", 'f', "l", step_double);
}

int main(void)
{
    stride = process_slowness() > 1 ? 13 : 1;
    test_integers();
    test_doubles();
    test_stars();
    test_text();
    test_many_digits();
    test_random_doubles();
    test_note("%llu formats compared", (unsigned long long)combinations);
    return test_result();
}
