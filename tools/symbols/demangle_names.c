// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "symbols/demangle.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

/// Where compilers say that this is a part or a copy of a function.
static const char *const copy_marks[] = {
    ".constprop",
    ".isra",
    ".part",
    ".cold",
    ".llvm",
    ".lto_priv",
    ".localalias",
    ".clone",
    ".pgo",
    ".__uniq",
    ".warm",
    ".hot",
    " [clone",
};

enum {
    TEMPLATE_KEPT_LENGTH = 12, ///< bytes between < and > that stay when templates are shortened
};

static bool is_operator_before(const char *name, const char *position)
{
    static const char word[] = "operator";
    size_t length = sizeof(word) - 1;
    // operator<, operator<<, operator->, operator>=: what is before is the word and such
    // characters.
    while (position > name && strchr("<>=-", position[-1]) != NULL) {
        position--;
    }
    return position - name >= (ptrdiff_t)length && memcmp(position - length, word, length) == 0;
}

/// Bytes up to the matching '>', from the '<' at `open` on; 0: none matches.
static size_t template_length(const char *name, const char *open)
{
    size_t depth = 0;
    for (const char *at = open; *at != 0; at++) {
        if (*at == '<' && !is_operator_before(name, at)) {
            depth++;
        } else if (*at == '>' && (at == open || at[-1] != '-') && !is_operator_before(name, at)) {
            depth--;
            if (depth == 0) {
                return (size_t)(at - open) + 1;
            }
        }
    }
    return 0;
}

void demangle_shorten_templates(char *name)
{
    char *out = name;
    const char *in = name;
    while (*in != 0) {
        // A '<' that begins a name is Rust's <T as Trait>, which says who is meant.
        bool is_template = *in == '<' && in > name && !is_operator_before(name, in) &&
                           (isalnum((unsigned char)in[-1]) || strchr("_:]}", in[-1]) != NULL);
        size_t length = is_template ? template_length(name, in) : 0;
        if (length > TEMPLATE_KEPT_LENGTH + 2) {
            memcpy(out, "<...>", 5);
            out += 5;
            in += length;
        } else {
            *out++ = *in++;
        }
    }
    *out = 0;
}

void demangle_shorten_strings(char *name)
{
    static const char *const long_names[] = {
        "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >",
        "std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char>>",
        "std::basic_string<char, std::char_traits<char>, std::allocator<char> >",
        "std::__1::basic_string<char, std::__1::char_traits<char>, std::__1::allocator<char> >",
        "std::__1::basic_string<char, std::__1::char_traits<char>, std::__1::allocator<char>>"};
    static const char short_name[] = "std::string";
    for (size_t i = 0; i < sizeof(long_names) / sizeof(long_names[0]); i++) {
        size_t length = strlen(long_names[i]);
        for (char *at = strstr(name, long_names[i]); at != NULL; at = strstr(at, long_names[i])) {
            memcpy(at, short_name, sizeof(short_name) - 1);
            at += sizeof(short_name) - 1;
            const char *rest = at + length - (sizeof(short_name) - 1);
            memmove(at, rest, strlen(rest) + 1);
        }
    }
}

void demangle_limit(char *name, size_t limit)
{
    if (limit < 4 || strlen(name) <= limit) {
        return;
    }
    size_t end = limit - 3;
    // Not in the middle of a character.
    while (end > 0 && ((unsigned char)name[end] & 0xC0) == 0x80) {
        end--;
    }
    memcpy(name + end, "...", 4);
}

static bool ends_in_rust_hash(const char *name, size_t length)
{
    if (length < 20 || memcmp(name + length - 19, "::h", 3) != 0) {
        return false;
    }
    for (size_t i = length - 16; i < length; i++) {
        if (!isxdigit((unsigned char)name[i]) || isupper((unsigned char)name[i])) {
            return false;
        }
    }
    return true;
}

/// Cuts ".123" at the end, as of the n-th function of a name.
static void cut_number(char *name)
{
    size_t length = strlen(name);
    size_t end = length;
    while (end > 0 && isdigit((unsigned char)name[end - 1])) {
        end--;
    }
    if (end < length && end > 1 && name[end - 1] == '.') {
        name[end - 1] = 0;
    }
}

void demangle_normalise(char *name)
{
    for (size_t i = 0; i < sizeof(copy_marks) / sizeof(copy_marks[0]); i++) {
        size_t length = strlen(copy_marks[i]);
        char *mark = name;
        while ((mark = strstr(mark, copy_marks[i])) != NULL) {
            char next = mark[length];
            if (mark > name && (next == 0 || next == '.' || next == ' ')) {
                *mark = 0;
                break;
            }
            mark++;
        }
    }
    cut_number(name);
    size_t length = strlen(name);
    if (ends_in_rust_hash(name, length)) {
        name[length - 19] = 0;
    }
}
