// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// wcwidth() needs the locale's characters, which are Unicode's in glibc.

#include "cli/text.h"

#include "cli/cli.h"
#include "cli/memory.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

size_t text_decode(const char *text, uint32_t *code)
{
    const unsigned char *byte = (const unsigned char *)text;
    if (byte[0] < 0x80) {
        *code = byte[0];
        return 1;
    }
    size_t size = byte[0] >= 0xf0 ? 4 : byte[0] >= 0xe0 ? 3 : 2;
    if (byte[0] < 0xc2 || byte[0] > 0xf4) {
        return 0;
    }
    uint32_t result = byte[0] & (0x7fU >> size);
    for (size_t i = 1; i < size; i++) {
        if ((byte[i] & 0xc0) != 0x80) {
            return 0;
        }
        result = result << 6 | (byte[i] & 0x3f);
    }
    static const uint32_t smallest[5] = {0, 0, 0x80, 0x800, 0x10000};
    if (result < smallest[size] || result > 0x10ffff || (result >= 0xd800 && result < 0xe000)) {
        return 0;
    }
    *code = result;
    return size;
}

/// Shown as it is.  Control characters command a terminal; those of direction turn a line round.
static bool is_shown(uint32_t code)
{
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) {
        return false;
    }
    bool is_direction = code == 0x61c || code == 0x200e || code == 0x200f ||
                        (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
    return !is_direction && wcwidth((wchar_t)code) >= 0;
}

static char *put_escaped(char *at, const char *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        *at++ = '\\';
        *at++ = 'x';
        *at++ = digits[byte >> 4];
        *at++ = digits[byte & 15];
    }
    return at;
}

char *text_clean(const char *text)
{
    bool is_utf8 = cli_is_utf8();
    char *clean = must_allocate(strlen(text) + 1, 4);
    char *at = clean;
    while (*text) {
        uint32_t code = 0;
        size_t size = text_decode(text, &code);
        if (size > 1 && !is_utf8) {
            *at++ = '?';
        } else if (size > 0 && is_shown(code)) {
            memcpy(at, text, size);
            at += size;
        } else {
            at = put_escaped(at, text, size > 0 ? size : 1);
        }
        text += size > 0 ? size : 1;
    }
    *at = 0;
    return clean;
}

static size_t width_of(uint32_t code)
{
    int width = code < 0x80 ? 1 : wcwidth((wchar_t)code);
    return width > 0 ? (size_t)width : 0;
}

size_t text_fit(const char *clean, size_t width)
{
    size_t used = 0;
    size_t offset = 0;
    while (clean[offset]) {
        uint32_t code = 0;
        size_t size = text_decode(clean + offset, &code);
        used += size > 0 ? width_of(code) : 1;
        if (used > width) {
            return offset;
        }
        offset += size > 0 ? size : 1;
    }
    return offset;
}

size_t text_width(const char *clean)
{
    size_t width = 0;
    while (*clean) {
        uint32_t code = 0;
        size_t size = text_decode(clean, &code);
        width += size > 0 ? width_of(code) : 1;
        clean += size > 0 ? size : 1;
    }
    return width;
}

void cli_put_text(FILE *stream, const char *text)
{
    char *clean = text_clean(text);
    fputs(clean, stream);
    free(clean);
}
