// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Checks of text for the tests of the printf family: they print both texts with everything but
 * plain ASCII escaped.
 */
#ifndef UNIT_TPRINTF_CHECK_H
#define UNIT_TPRINTF_CHECK_H

#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "check.h"

#define CHECK_TEXT_SIZE 1000

static inline void check_escape(char *out, const char *text)
{
    size_t used = 0;
    for (; *text != '\0' && used < CHECK_TEXT_SIZE - 8; text++) {
        const unsigned byte = (unsigned char)*text;
        const char *format = byte >= ' ' && byte < 0x7F ? "%c" : "\\x%02X";
        used += (size_t)snprintf(out + used, 8, format, byte);
    }
    out[used] = '\0';
}

static inline void check_escape_wide(char *out, const wchar_t *text)
{
    size_t used = 0;
    for (; *text != L'\0' && used < CHECK_TEXT_SIZE - 16; text++) {
        const unsigned code = (unsigned)*text;
        const char *format = code >= ' ' && code < 0x7F ? "%c" : "\\u{%X}";
        used += (size_t)snprintf(out + used, 16, format, code);
    }
    out[used] = '\0';
}

static inline bool check_text(struct test_place place, const char *actual, const char *expected)
{
    if (strcmp(actual, expected) == 0) {
        return true;
    }
    char actual_text[CHECK_TEXT_SIZE];
    char expected_text[CHECK_TEXT_SIZE];
    check_escape(actual_text, actual);
    check_escape(expected_text, expected);
    test_fail(place, "text is [%s], expected [%s]", actual_text, expected_text);
    return false;
}

static inline bool check_wide(
    struct test_place place, const wchar_t *actual, const wchar_t *expected)
{
    if (wcscmp(actual, expected) == 0) {
        return true;
    }
    char actual_text[CHECK_TEXT_SIZE];
    char expected_text[CHECK_TEXT_SIZE];
    check_escape_wide(actual_text, actual);
    check_escape_wide(expected_text, expected);
    test_fail(place, "text is L[%s], expected L[%s]", actual_text, expected_text);
    return false;
}

static inline bool check_int(
    struct test_place place, long long actual, long long expected, const char *text)
{
    if (actual == expected) {
        return true;
    }
    test_fail(place, "%s is %lld, expected %lld", text, actual, expected);
    return false;
}

#define EXPECT_TEXT(actual, expected) check_text(CHECK_HERE, (actual), (expected))
#define EXPECT_WIDE(actual, expected) check_wide(CHECK_HERE, (actual), (expected))
#define EXPECT_INT(actual, expected) check_int(CHECK_HERE, (actual), (expected), #actual)

#endif
