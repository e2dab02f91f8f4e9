// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The conversion between wide text and bytes: every character of Unicode there and back, every
 * sequence of two or three bytes, and arbitrary bytes without loss.
 */
#include "print/codec.h"

#include <locale.h>

#include "tprintf_check.h"

static const struct codec utf8 = {.is_utf8 = true};

/// Where libc has UTF-8, it must agree.
static void test_every_character(bool has_libc)
{
    for (wchar_t code = 0; code < 0x110000; code++) {
        if (code >= 0xD800 && code < 0xE000) {
            continue;
        }
        char bytes[CODEC_MAX_BYTES];
        size_t used = 0;
        wchar_t decoded = WCHAR_MAX;
        const size_t size = halde_codec_encode(utf8, &code, 1, &used, bytes);
        EXPECT_SIZE(used, 1);
        EXPECT_SIZE(halde_codec_decode(utf8, bytes, size, &decoded), size);
        EXPECT_INT(decoded, code);
        if (size > 1) {
            EXPECT_SIZE(halde_codec_decode(utf8, bytes, size - 1, &decoded), 0); // unfinished
            EXPECT_SIZE(halde_codec_decode_last(utf8, bytes, size - 1, &decoded), 1);
            EXPECT_INT(decoded, 0xDC00 + (unsigned char)bytes[0]);
        }
        if (has_libc) {
            char expected[CODEC_MAX_BYTES];
            mbstate_t state = {0};
            EXPECT_SIZE(size, wcrtomb(expected, code, &state));
            EXPECT_TRUE(memcmp(bytes, expected, size) == 0);
        }
    }
}

/// Whatever is taken as a character is the one form of it; everything else is one escaped byte.
static void check_sequence(const char *bytes, size_t size)
{
    wchar_t decoded = WCHAR_MAX;
    const size_t used = halde_codec_decode(utf8, bytes, size, &decoded);
    if (used == 0) {
        return;
    }
    char again[CODEC_MAX_BYTES];
    size_t units = 0;
    EXPECT_SIZE(halde_codec_encode(utf8, &decoded, 1, &units, again), used);
    EXPECT_TRUE(memcmp(bytes, again, used) == 0);
    const bool is_escape = decoded >= 0xDC80 && decoded < 0xDD00;
    EXPECT_TRUE(
        is_escape ? used == 1 : decoded < 0xD800 || (decoded >= 0xE000 && decoded < 0x110000));
}

static void test_every_sequence(void)
{
    for (unsigned value = 0; value < 0x10000; value++) {
        const char pair[] = {(char)(value >> 8), (char)value};
        check_sequence(pair, 1);
        check_sequence(pair, 2);
    }
    for (unsigned value = 0xE00000; value < 0xF00000 && test_failures() == 0; value += 3) {
        const char triple[] = {(char)(value >> 16), (char)(value >> 8), (char)value};
        check_sequence(triple, 3);
    }
    for (unsigned value = 0xF000; value < 0x10000 && test_failures() == 0; value++) {
        const char quadruple[] = {(char)(value >> 8), (char)value, (char)0x80, (char)0xBF};
        check_sequence(quadruple, 4);
    }
}

/// Strings: exact capacities, surrogate pairs, and what is no character.
static void test_strings(void)
{
    char bytes[8];
    wchar_t wide[8];
    EXPECT_SIZE(halde_codec_narrow(L"abc\u20AC", bytes, 7), 6);
    EXPECT_TEXT(bytes, "abc\xE2\x82\xAC");
    bytes[6] = '#';
    EXPECT_SIZE(halde_codec_narrow(L"abc\u20AC", bytes, 6), SIZE_MAX);
    EXPECT_TEXT(bytes, "");
    EXPECT_TRUE(bytes[6] == '#');
    EXPECT_SIZE(halde_codec_narrow(L"", bytes, 1), 0);
    EXPECT_SIZE(halde_codec_narrow(L"a", bytes, 1), SIZE_MAX);
    EXPECT_SIZE(halde_codec_narrow(L"\xD83D\xDE00", bytes, 8), 4);
    EXPECT_TEXT(bytes, "\xF0\x9F\x98\x80");
    EXPECT_SIZE(halde_codec_narrow(L"\xD83Dx\xDE00\xDC7F", bytes, 8), 4);
    EXPECT_TEXT(bytes, "?x??");
    EXPECT_SIZE(halde_codec_widen("a\xC3\xA4\xC3", wide, 4), 3);
    EXPECT_WIDE(wide, L"a\u00E4\xDCC3");
    EXPECT_SIZE(halde_codec_widen("a\xC3\xA4\xC3", NULL, 0), 3);
    wmemset(wide, L'#', 8);
    EXPECT_SIZE(halde_codec_widen("abc", wide, 3), 3);
    EXPECT_TRUE(wide[2] == L'c' && wide[3] == L'#');
}

int main(void)
{
    test_every_character(false);
    test_strings();
    const bool has_libc = setlocale(LC_CTYPE, "C.UTF-8") != NULL;
    EXPECT_TRUE(halde_codec_get().is_utf8);
    if (has_libc) {
        test_every_character(true);
        setlocale(LC_CTYPE, "C");
    }
    EXPECT_TRUE(halde_codec_get().is_utf8); // no locale chosen
    test_every_sequence();
    return test_result();
}
