// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// str* and their kin.

#include "checked/checked.h"

#include "base/bits.h"

#include <string.h>
#include <strings.h>

#include <stdlib.h>

#define EXPORT __attribute__((visibility("default")))

// ---- Copy -------------------------------------------------------------------------------------

// Copies a string with its end; returns the end of the copy.
ALWAYS_INLINE char *copy(const char *function, char *to, const char *from, const void *caller)
{
    size_t length = checked_length(function, from, caller);
    check_write(function, to, length + 1, caller);
    return (char *)libc_memmove(to, from, length + 1) + length;
}

EXPORT char *strcpy(char *restrict to, const char *restrict from)
{
    copy("strcpy", to, from, CALLER);
    return to;
}

EXPORT char *stpcpy(char *restrict to, const char *restrict from)
{
    return copy("stpcpy", to, from, CALLER);
}

// Copies a string of at most `size` bytes and fills up with zeroes; returns the first of these.
ALWAYS_INLINE char *copy_padded(
    const char *function, char *to, const char *from, size_t size, const void *caller)
{
    size_t length = checked_length_up_to(function, from, size, caller);
    check_write(function, to, size, caller);
    libc_memmove(to, from, length);
    libc_memset(to + length, 0, size - length);
    return to + length;
}

EXPORT char *strncpy(char *restrict to, const char *restrict from, size_t size)
{
    copy_padded("strncpy", to, from, size, CALLER);
    return to;
}

EXPORT char *stpncpy(char *restrict to, const char *restrict from, size_t size)
{
    return copy_padded("stpncpy", to, from, size, CALLER);
}

EXPORT char *strcat(char *restrict to, const char *restrict from)
{
    copy("strcat", to + checked_length("strcat", to, CALLER), from, CALLER);
    return to;
}

EXPORT char *strncat(char *restrict to, const char *restrict from, size_t limit)
{
    char *end = to + checked_length("strncat", to, CALLER);
    size_t length = checked_length_up_to("strncat", from, limit, CALLER);
    check_write("strncat", end, length + 1, CALLER);
    libc_memmove(end, from, length);
    end[length] = '\0';
    return to;
}

// By the program's malloc(), as libc's own.
ALWAYS_INLINE char *duplicate(const char *string, size_t length)
{
    char *copy = malloc(length + 1);
    if (copy != NULL) {
        libc_memmove(copy, string, length);
        copy[length] = '\0';
    }
    return copy;
}

EXPORT char *strdup(const char *string)
{
    return duplicate(string, checked_length("strdup", string, CALLER));
}

EXPORT char *strndup(const char *string, size_t limit)
{
    return duplicate(string, checked_length_up_to("strndup", string, limit, CALLER));
}

// ---- Length, comparison -----------------------------------------------------------------------

EXPORT size_t strlen(const char *string)
{
    return checked_length("strlen", string, CALLER);
}

EXPORT size_t strnlen(const char *string, size_t limit)
{
    return checked_length_up_to("strnlen", string, limit, CALLER);
}

// Bytes that a comparison of strings reads: to the first difference, the end, or the limit.  None
// is read where one of the two has no room.
static size_t compared_size(
    const char *a, const char *b, size_t limit, size_t room, bool has_no_case)
{
    size_t end = size_min(limit, room);
    for (size_t i = 0; i < end; i++) {
        bool is_equal = has_no_case ? plain_strncasecmp(a + i, b + i, 1) == 0 : a[i] == b[i];
        if (!is_equal || a[i] == '\0') {
            return i + 1;
        }
    }
    return limit > room ? room + 1 : limit;
}

// Both strings end within their blocks, or the comparison does.
ALWAYS_INLINE void check_comparison(const char *function, const char *a, const char *b,
    size_t limit, bool has_no_case, const void *caller)
{
    size_t room_a = checked_room(a);
    size_t room_b = checked_room(b);
    size_t room = size_min(room_a, room_b);
    if (LIKELY(room >= limit || room == ACCESS_ROOM_UNKNOWN)) {
        return;
    }
    bool ends = libc_strnlen(a, size_min(room_a, limit)) < room_a &&
                libc_strnlen(b, size_min(room_b, limit)) < room_b;
    if (LIKELY(ends)) {
        return;
    }
    size_t size = compared_size(a, b, limit, room, has_no_case);
    if (size > room) {
        checked_report(&(struct access){function, room_a <= room_b ? a : b, size, false, caller});
    }
}

EXPORT int strcmp(const char *a, const char *b)
{
    check_comparison("strcmp", a, b, SIZE_MAX, false, CALLER);
    return libc_strcmp(a, b);
}

EXPORT int strncmp(const char *a, const char *b, size_t limit)
{
    check_comparison("strncmp", a, b, limit, false, CALLER);
    return libc_strncmp(a, b, limit);
}

EXPORT int strcasecmp(const char *a, const char *b)
{
    check_comparison("strcasecmp", a, b, SIZE_MAX, true, CALLER);
    return libc_strcasecmp(a, b);
}

EXPORT int strncasecmp(const char *a, const char *b, size_t limit)
{
    check_comparison("strncasecmp", a, b, limit, true, CALLER);
    return libc_strncasecmp(a, b, limit);
}

// ---- Search -----------------------------------------------------------------------------------

// A search reads no further than to what it finds, or to the end.
ALWAYS_INLINE void check_search(
    const char *function, const char *string, int wanted, const void *caller)
{
    size_t room = checked_room(string);
    if (LIKELY(room == ACCESS_ROOM_UNKNOWN) || libc_strnlen(string, room) < room ||
        libc_memchr(string, wanted, room) != NULL) {
        return;
    }
    checked_report(&(struct access){function, string, room + 1, false, caller});
}

EXPORT char *strchr(const char *string, int wanted)
{
    check_search("strchr", string, wanted, CALLER);
    return libc_strchr(string, wanted);
}

EXPORT char *strchrnul(const char *string, int wanted)
{
    check_search("strchrnul", string, wanted, CALLER);
    char *found = libc_strchr(string, wanted);
    return found != NULL ? found : (char *)(uintptr_t)string + libc_strlen(string);
}

EXPORT char *strrchr(const char *string, int wanted)
{
    checked_length("strrchr", string, CALLER);
    return libc_strrchr(string, wanted);
}

EXPORT char *strstr(const char *string, const char *part)
{
    checked_length("strstr", part, CALLER);
    checked_length("strstr", string, CALLER);
    return libc_strstr(string, part);
}

// The names of old.
EXPORT char *index(const char *string, int wanted) __attribute__((alias("strchr")));
EXPORT char *rindex(const char *string, int wanted) __attribute__((alias("strrchr")));
