// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// What libc's functions do, as loops, for calls that come before libc's are known.

#include "checked/libc.h"

// Compilers know loops that copy, fill and search, and make calls of these very functions of them.
#define LOOP_AS_WRITTEN() COMPILER_BARRIER()

// ---- Bytes ------------------------------------------------------------------------------------

void *plain_memmove(void *to, const void *from, size_t size)
{
    unsigned char *target = to;
    const unsigned char *source = from;
    if ((uintptr_t)target - (uintptr_t)source >= size) {
        for (size_t i = 0; i < size; i++) {
            LOOP_AS_WRITTEN();
            target[i] = source[i];
        }
    } else {
        for (size_t i = size; i-- > 0;) {
            LOOP_AS_WRITTEN();
            target[i] = source[i];
        }
    }
    return to;
}

void *plain_memset(void *to, int byte, size_t size)
{
    unsigned char *bytes = to;
    for (size_t i = 0; i < size; i++) {
        LOOP_AS_WRITTEN();
        bytes[i] = (unsigned char)byte;
    }
    return to;
}

int plain_memcmp(const void *a, const void *b, size_t size)
{
    const unsigned char *left = a;
    const unsigned char *right = b;
    for (size_t i = 0; i < size; i++) {
        LOOP_AS_WRITTEN();
        if (left[i] != right[i]) {
            return left[i] - right[i];
        }
    }
    return 0;
}

void *plain_memchr(const void *in, int byte, size_t size)
{
    const unsigned char *bytes = in;
    for (size_t i = 0; i < size; i++) {
        LOOP_AS_WRITTEN();
        if (bytes[i] == (unsigned char)byte) {
            return (void *)(uintptr_t)(bytes + i);
        }
    }
    return NULL;
}

void *plain_memrchr(const void *in, int byte, size_t size)
{
    const unsigned char *bytes = in;
    while (size-- > 0) {
        LOOP_AS_WRITTEN();
        if (bytes[size] == (unsigned char)byte) {
            return (void *)(uintptr_t)(bytes + size);
        }
    }
    return NULL;
}

// ---- Strings ----------------------------------------------------------------------------------

size_t plain_strlen(const char *string)
{
    return plain_strnlen(string, SIZE_MAX);
}

size_t plain_strnlen(const char *string, size_t limit)
{
    size_t length = 0;
    while (length < limit && string[length] != '\0') {
        LOOP_AS_WRITTEN();
        length++;
    }
    return length;
}

static int lower(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : (unsigned char)byte;
}

int plain_strcmp(const char *a, const char *b)
{
    return plain_strncmp(a, b, SIZE_MAX);
}

int plain_strncmp(const char *a, const char *b, size_t limit)
{
    for (size_t i = 0; i < limit; i++) {
        LOOP_AS_WRITTEN();
        if (a[i] != b[i] || a[i] == '\0') {
            return (unsigned char)a[i] - (unsigned char)b[i];
        }
    }
    return 0;
}

int plain_strcasecmp(const char *a, const char *b)
{
    return plain_strncasecmp(a, b, SIZE_MAX);
}

int plain_strncasecmp(const char *a, const char *b, size_t limit)
{
    for (size_t i = 0; i < limit; i++) {
        LOOP_AS_WRITTEN();
        if (lower(a[i]) != lower(b[i]) || a[i] == '\0') {
            return lower(a[i]) - lower(b[i]);
        }
    }
    return 0;
}

char *plain_strchr(const char *string, int wanted)
{
    for (;; string++) {
        LOOP_AS_WRITTEN();
        if (*string == (char)wanted) {
            return (char *)(uintptr_t)string;
        }
        if (*string == '\0') {
            return NULL;
        }
    }
}

char *plain_strrchr(const char *string, int wanted)
{
    return plain_memrchr(string, wanted, plain_strlen(string) + 1);
}

char *plain_strstr(const char *string, const char *part)
{
    size_t length = plain_strlen(part);
    for (;; string++) {
        LOOP_AS_WRITTEN();
        if (plain_strncmp(string, part, length) == 0) {
            return (char *)(uintptr_t)string;
        }
        if (*string == '\0') {
            return NULL;
        }
    }
}

// ---- Wide strings -----------------------------------------------------------------------------

wchar_t *plain_wmemset(wchar_t *to, wchar_t wanted, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        LOOP_AS_WRITTEN();
        to[i] = wanted;
    }
    return to;
}

int plain_wmemcmp(const wchar_t *a, const wchar_t *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        LOOP_AS_WRITTEN();
        if (a[i] != b[i]) {
            return a[i] < b[i] ? -1 : 1;
        }
    }
    return 0;
}

wchar_t *plain_wmemchr(const wchar_t *in, wchar_t wanted, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        LOOP_AS_WRITTEN();
        if (in[i] == wanted) {
            return (wchar_t *)(uintptr_t)(in + i);
        }
    }
    return NULL;
}

size_t plain_wcslen(const wchar_t *string)
{
    return plain_wcsnlen(string, SIZE_MAX);
}

size_t plain_wcsnlen(const wchar_t *string, size_t limit)
{
    size_t length = 0;
    while (length < limit && string[length] != L'\0') {
        LOOP_AS_WRITTEN();
        length++;
    }
    return length;
}

int plain_wcscmp(const wchar_t *a, const wchar_t *b)
{
    return plain_wcsncmp(a, b, SIZE_MAX);
}

int plain_wcsncmp(const wchar_t *a, const wchar_t *b, size_t limit)
{
    for (size_t i = 0; i < limit; i++) {
        LOOP_AS_WRITTEN();
        if (a[i] != b[i] || a[i] == L'\0') {
            return a[i] == b[i] ? 0 : a[i] < b[i] ? -1 : 1;
        }
    }
    return 0;
}

wchar_t *plain_wcschr(const wchar_t *string, wchar_t wanted)
{
    return plain_wmemchr(string, wanted, plain_wcslen(string) + 1);
}

wchar_t *plain_wcsrchr(const wchar_t *string, wchar_t wanted)
{
    for (size_t i = plain_wcslen(string) + 1; i-- > 0;) {
        LOOP_AS_WRITTEN();
        if (string[i] == wanted) {
            return (wchar_t *)(uintptr_t)(string + i);
        }
    }
    return NULL;
}
