// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// wcs*, wmem* and their kin.

#include "checked/checked.h"

#include "base/bits.h"

#include <stdlib.h>

#define EXPORT __attribute__((visibility("default")))

// ---- Memory -----------------------------------------------------------------------------------

ALWAYS_INLINE wchar_t *copy_wide(
    const char *function, wchar_t *to, const wchar_t *from, size_t count, const void *caller)
{
    size_t bytes = wide_bytes(count);
    check_read(function, from, bytes, caller);
    check_write(function, to, bytes, caller);
    return libc_memmove(to, from, bytes);
}

EXPORT wchar_t *wmemcpy(wchar_t *restrict to, const wchar_t *restrict from, size_t count)
{
    return copy_wide("wmemcpy", to, from, count, CALLER);
}

EXPORT wchar_t *wmemmove(wchar_t *to, const wchar_t *from, size_t count)
{
    return copy_wide("wmemmove", to, from, count, CALLER);
}

EXPORT wchar_t *wmempcpy(wchar_t *restrict to, const wchar_t *restrict from, size_t count)
{
    return copy_wide("wmempcpy", to, from, count, CALLER) + count;
}

EXPORT wchar_t *wmemset(wchar_t *to, wchar_t wanted, size_t count)
{
    check_write("wmemset", to, wide_bytes(count), CALLER);
    return libc_wmemset(to, wanted, count);
}

EXPORT int wmemcmp(const wchar_t *a, const wchar_t *b, size_t count)
{
    check_read("wmemcmp", a, wide_bytes(count), CALLER);
    check_read("wmemcmp", b, wide_bytes(count), CALLER);
    return libc_wmemcmp(a, b, count);
}

EXPORT wchar_t *wmemchr(const wchar_t *in, wchar_t wanted, size_t count)
{
    size_t room = checked_wide_room(in);
    wchar_t *found = libc_wmemchr(in, wanted, size_min(count, room));
    if (LIKELY(found != NULL || count <= room)) {
        return found;
    }
    checked_report(&(struct access){"wmemchr", in, wide_bytes(count), false, CALLER});
    return libc_wmemchr(in, wanted, count);
}

// ---- Strings ----------------------------------------------------------------------------------

// Copies a string with its end; returns the end of the copy.
ALWAYS_INLINE wchar_t *copy(
    const char *function, wchar_t *to, const wchar_t *from, const void *caller)
{
    size_t length = checked_wide_length(function, from, caller);
    check_write(function, to, wide_bytes(length + 1), caller);
    libc_memmove(to, from, wide_bytes(length + 1));
    return to + length;
}

EXPORT wchar_t *wcscpy(wchar_t *restrict to, const wchar_t *restrict from)
{
    copy("wcscpy", to, from, CALLER);
    return to;
}

EXPORT wchar_t *wcpcpy(wchar_t *restrict to, const wchar_t *restrict from)
{
    return copy("wcpcpy", to, from, CALLER);
}

// Copies at most `count` characters and fills up with zeroes; returns the first of these.
ALWAYS_INLINE wchar_t *copy_padded(
    const char *function, wchar_t *to, const wchar_t *from, size_t count, const void *caller)
{
    size_t length = checked_wide_length_up_to(function, from, count, caller);
    check_write(function, to, wide_bytes(count), caller);
    libc_memmove(to, from, wide_bytes(length));
    libc_wmemset(to + length, L'\0', count - length);
    return to + length;
}

EXPORT wchar_t *wcsncpy(wchar_t *restrict to, const wchar_t *restrict from, size_t count)
{
    copy_padded("wcsncpy", to, from, count, CALLER);
    return to;
}

EXPORT wchar_t *wcpncpy(wchar_t *restrict to, const wchar_t *restrict from, size_t count)
{
    return copy_padded("wcpncpy", to, from, count, CALLER);
}

EXPORT wchar_t *wcscat(wchar_t *restrict to, const wchar_t *restrict from)
{
    copy("wcscat", to + checked_wide_length("wcscat", to, CALLER), from, CALLER);
    return to;
}

EXPORT wchar_t *wcsncat(wchar_t *restrict to, const wchar_t *restrict from, size_t limit)
{
    wchar_t *end = to + checked_wide_length("wcsncat", to, CALLER);
    size_t length = checked_wide_length_up_to("wcsncat", from, limit, CALLER);
    check_write("wcsncat", end, wide_bytes(length + 1), CALLER);
    libc_memmove(end, from, wide_bytes(length));
    end[length] = L'\0';
    return to;
}

EXPORT wchar_t *wcsdup(const wchar_t *string)
{
    size_t bytes = wide_bytes(checked_wide_length("wcsdup", string, CALLER) + 1);
    wchar_t *copy = malloc(bytes);
    return copy != NULL ? libc_memmove(copy, string, bytes) : NULL;
}

// ---- Length, comparison, search ---------------------------------------------------------------

EXPORT size_t wcslen(const wchar_t *string)
{
    return checked_wide_length("wcslen", string, CALLER);
}

EXPORT size_t wcsnlen(const wchar_t *string, size_t limit)
{
    return checked_wide_length_up_to("wcsnlen", string, limit, CALLER);
}

// Characters that a comparison reads: to the first difference, the end, or the limit.
static size_t compared_count(const wchar_t *a, const wchar_t *b, size_t limit, size_t room)
{
    size_t end = size_min(limit, room);
    for (size_t i = 0; i < end; i++) {
        if (a[i] != b[i] || a[i] == L'\0') {
            return i + 1;
        }
    }
    return limit > room ? room + 1 : limit;
}

static void check_comparison(
    const char *function, const wchar_t *a, const wchar_t *b, size_t limit, const void *caller)
{
    size_t room_a = checked_wide_room(a);
    size_t room_b = checked_wide_room(b);
    size_t room = size_min(room_a, room_b);
    if (LIKELY(room >= limit || room == ACCESS_ROOM_UNKNOWN)) {
        return;
    }
    size_t count = compared_count(a, b, limit, room);
    if (count > room) {
        const wchar_t *shorter = room_a <= room_b ? a : b;
        checked_report(&(struct access){function, shorter, wide_bytes(count), false, caller});
    }
}

EXPORT int wcscmp(const wchar_t *a, const wchar_t *b)
{
    check_comparison("wcscmp", a, b, SIZE_MAX, CALLER);
    return libc_wcscmp(a, b);
}

EXPORT int wcsncmp(const wchar_t *a, const wchar_t *b, size_t limit)
{
    check_comparison("wcsncmp", a, b, limit, CALLER);
    return libc_wcsncmp(a, b, limit);
}

EXPORT wchar_t *wcschr(const wchar_t *string, wchar_t wanted)
{
    size_t room = checked_wide_room(string);
    bool is_bad = room != ACCESS_ROOM_UNKNOWN && libc_wcsnlen(string, room) == room &&
                  libc_wmemchr(string, wanted, room) == NULL;
    if (UNLIKELY(is_bad)) {
        checked_report(&(struct access){"wcschr", string, wide_bytes(room + 1), false, CALLER});
    }
    return libc_wcschr(string, wanted);
}

EXPORT wchar_t *wcsrchr(const wchar_t *string, wchar_t wanted)
{
    checked_wide_length("wcsrchr", string, CALLER);
    return libc_wcsrchr(string, wanted);
}
