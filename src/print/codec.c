// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "print/codec.h"

#include <errno.h>
#include <langinfo.h>
#include <string.h>

/// Invalid bytes 0x80..0xFF are U+DC80..U+DCFF: lone low surrogates, which no valid text contains.
#define BYTE_ESCAPE 0xDC00u

#define SURROGATE_HIGH 0xD800u
#define SURROGATE_LOW 0xDC00u
#define SURROGATE_END 0xE000u
#define UNICODE_END 0x110000u

struct codec halde_codec_get(void)
{
    const char *codeset = nl_langinfo(CODESET);
    // glibc's and musl's names of the "C" locale's character set: the program has chosen none.
    const bool is_unset = strcmp(codeset, "ANSI_X3.4-1968") == 0 || strcmp(codeset, "ASCII") == 0;
    return (struct codec){.is_utf8 = is_unset || strcmp(codeset, "UTF-8") == 0};
}

static size_t decode_invalid(const char *bytes, wchar_t *character)
{
    *character = (wchar_t)(BYTE_ESCAPE + (unsigned char)*bytes);
    return 1;
}

/// Bytes of a UTF-8 character by its first byte; 0 for a byte that begins none.
static size_t utf8_size(unsigned first)
{
    if (first < 0x80) {
        return 1;
    }
    if (first < 0xC2) {
        return 0;
    }
    if (first < 0xE0) {
        return 2;
    }
    if (first < 0xF0) {
        return 3;
    }
    return first < 0xF5 ? 4 : 0;
}

/// Whether `second` may follow `first`: excludes overlong forms, surrogates and what lies beyond
/// U+10FFFF.
static bool utf8_is_second(unsigned first, unsigned second)
{
    switch (first) {
    case 0xE0:
        return second >= 0xA0 && second < 0xC0;
    case 0xED:
        return second >= 0x80 && second < 0xA0;
    case 0xF0:
        return second >= 0x90 && second < 0xC0;
    case 0xF4:
        return second >= 0x80 && second < 0x90;
    default:
        return second >= 0x80 && second < 0xC0;
    }
}

static size_t utf8_decode(const char *bytes, size_t size, wchar_t *character)
{
    const unsigned first = (unsigned char)bytes[0];
    const size_t needed = utf8_size(first);
    if (needed == 0) {
        return decode_invalid(bytes, character);
    }
    if (needed == 1) {
        *character = (wchar_t)first;
        return 1;
    }
    unsigned code = first & (0x7Fu >> needed);
    for (size_t i = 1; i < needed; i++) {
        if (i == size) {
            return 0;
        }
        const unsigned byte = (unsigned char)bytes[i];
        const bool is_valid = i == 1 ? utf8_is_second(first, byte) : (byte & 0xC0) == 0x80;
        if (!is_valid) {
            return decode_invalid(bytes, character);
        }
        code = code << 6 | (byte & 0x3F);
    }
    *character = (wchar_t)code;
    return needed;
}

static size_t libc_decode(const char *bytes, size_t size, wchar_t *character)
{
    mbstate_t state = {0};
    const int saved_errno = errno;
    const size_t used = mbrtowc(character, bytes, size, &state);
    errno = saved_errno;
    if (used == (size_t)-2) {
        return size < CODEC_MAX_BYTES ? 0 : decode_invalid(bytes, character);
    }
    if (used == (size_t)-1) {
        return decode_invalid(bytes, character);
    }
    return used == 0 ? 1 : used;
}

size_t halde_codec_decode(struct codec codec, const char *bytes, size_t size, wchar_t *character)
{
    return codec.is_utf8 ? utf8_decode(bytes, size, character)
                         : libc_decode(bytes, size, character);
}

size_t halde_codec_decode_last(
    struct codec codec, const char *bytes, size_t size, wchar_t *character)
{
    const size_t used = halde_codec_decode(codec, bytes, size, character);
    return used > 0 ? used : decode_invalid(bytes, character);
}

static size_t utf8_encode(unsigned code, char *bytes)
{
    if (code < 0x80) {
        bytes[0] = (char)code;
        return 1;
    }
    const size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--) {
        bytes[i] = (char)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    bytes[0] = (char)((0xF00u >> size & 0xF0) | code);
    return size;
}

static size_t libc_encode(unsigned code, char *bytes)
{
    mbstate_t state = {0};
    const int saved_errno = errno;
    const size_t size = wcrtomb(bytes, (wchar_t)code, &state);
    errno = saved_errno;
    return size == (size_t)-1 ? 0 : size;
}

/// Reads one code point; joins a surrogate pair.
static unsigned read_code(const wchar_t *units, size_t count, size_t *used)
{
    const unsigned first = (unsigned)units[0];
    *used = 1;
    if (first < SURROGATE_HIGH || first >= SURROGATE_LOW || count < 2) {
        return first;
    }
    const unsigned second = (unsigned)units[1];
    if (second < SURROGATE_LOW || second >= SURROGATE_END) {
        return first;
    }
    *used = 2;
    return 0x10000 + ((first - SURROGATE_HIGH) << 10) + (second - SURROGATE_LOW);
}

size_t halde_codec_encode(struct codec codec, const wchar_t *units, size_t count, size_t *used,
    char bytes[CODEC_MAX_BYTES])
{
    const unsigned code = read_code(units, count, used);
    if (code >= BYTE_ESCAPE + 0x80 && code < BYTE_ESCAPE + 0x100) {
        bytes[0] = (char)(code - BYTE_ESCAPE);
        return 1;
    }
    size_t size = 0;
    if (code < UNICODE_END && (code < SURROGATE_HIGH || code >= SURROGATE_END)) {
        size = codec.is_utf8 ? utf8_encode(code, bytes) : libc_encode(code, bytes);
    }
    if (size == 0) {
        bytes[0] = '?';
        size = 1;
    }
    return size;
}

size_t halde_codec_narrow(const wchar_t *string, char *bytes, size_t capacity)
{
    const struct codec codec = halde_codec_get();
    size_t left = wcslen(string);
    size_t length = 0;
    while (left > 0) {
        char character[CODEC_MAX_BYTES];
        size_t used;
        const size_t size = halde_codec_encode(codec, string, left, &used, character);
        if (size >= capacity - length) {
            bytes[0] = '\0';
            return SIZE_MAX;
        }
        memcpy(bytes + length, character, size);
        length += size;
        string += used;
        left -= used;
    }
    bytes[length] = '\0';
    return length;
}

size_t halde_codec_widen(const char *string, wchar_t *wide, size_t capacity)
{
    const struct codec codec = halde_codec_get();
    size_t left = strlen(string);
    size_t length = 0;
    while (left > 0) {
        wchar_t character;
        const size_t used = halde_codec_decode_last(codec, string, left, &character);
        if (length < capacity) {
            wide[length] = character;
        }
        length++;
        string += used;
        left -= used;
    }
    if (length < capacity) {
        wide[length] = L'\0';
    }
    return length;
}
