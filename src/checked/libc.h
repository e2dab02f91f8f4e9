// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * libc's own functions, behind ours: libc_strlen() and so on.  A constructor finds them; until then
 * plain loops stand in for them.
 */
#ifndef CHECKED_LIBC_H
#define CHECKED_LIBC_H

#include "base/compiler.h"

#include <wchar.h>

// Name, result, parameters, arguments.  memmove() stands for memcpy(), too: an old program may rely
// on the memcpy() of its time, which copied what overlaps.
// clang-format off
// NOLINTBEGIN(bugprone-macro-parentheses): types and lists of parameters
#define FOR_LIBC_FUNCTIONS(apply)                                                                  \
    apply(memmove, void *, (void *to, const void *from, size_t size), (to, from, size))            \
    apply(memset, void *, (void *to, int byte, size_t size), (to, byte, size))                     \
    apply(memcmp, int, (const void *a, const void *b, size_t size), (a, b, size))                  \
    apply(memchr, void *, (const void *in, int byte, size_t size), (in, byte, size))               \
    apply(memrchr, void *, (const void *in, int byte, size_t size), (in, byte, size))              \
    apply(strlen, size_t, (const char *string), (string))                                          \
    apply(strnlen, size_t, (const char *string, size_t limit), (string, limit))                    \
    apply(strcmp, int, (const char *a, const char *b), (a, b))                                     \
    apply(strncmp, int, (const char *a, const char *b, size_t limit), (a, b, limit))               \
    apply(strcasecmp, int, (const char *a, const char *b), (a, b))                                 \
    apply(strncasecmp, int, (const char *a, const char *b, size_t limit), (a, b, limit))           \
    apply(strchr, char *, (const char *string, int wanted), (string, wanted))                      \
    apply(strrchr, char *, (const char *string, int wanted), (string, wanted))                     \
    apply(strstr, char *, (const char *string, const char *part), (string, part))                  \
    apply(wmemset, wchar_t *, (wchar_t *to, wchar_t wanted, size_t count), (to, wanted, count))    \
    apply(wmemcmp, int, (const wchar_t *a, const wchar_t *b, size_t count), (a, b, count))         \
    apply(wmemchr, wchar_t *, (const wchar_t *in, wchar_t wanted, size_t count),                   \
        (in, wanted, count))                                                                       \
    apply(wcslen, size_t, (const wchar_t *string), (string))                                       \
    apply(wcsnlen, size_t, (const wchar_t *string, size_t limit), (string, limit))                 \
    apply(wcscmp, int, (const wchar_t *a, const wchar_t *b), (a, b))                               \
    apply(wcsncmp, int, (const wchar_t *a, const wchar_t *b, size_t limit), (a, b, limit))         \
    apply(wcschr, wchar_t *, (const wchar_t *string, wchar_t wanted), (string, wanted))            \
    apply(wcsrchr, wchar_t *, (const wchar_t *string, wchar_t wanted), (string, wanted))

/// libc's functions; NULL until they are known, and then all of them are.
#define LIBC_FIELD(name, result, parameters, arguments) result(*name) parameters;
struct libc {
    FOR_LIBC_FUNCTIONS(LIBC_FIELD)
};
extern HIDDEN struct libc libc;

/// The loops (plain.c).
#define LIBC_PLAIN(name, result, parameters, arguments) result plain_##name parameters;
FOR_LIBC_FUNCTIONS(LIBC_PLAIN)

#define LIBC_CALL(name, result, parameters, arguments)                                             \
    ALWAYS_INLINE result libc_##name parameters                                                    \
    {                                                                                              \
        return LIKELY(libc.name != NULL) ? libc.name arguments : plain_##name arguments;           \
    }
FOR_LIBC_FUNCTIONS(LIBC_CALL)
// NOLINTEND(bugprone-macro-parentheses)
// clang-format on

#endif
