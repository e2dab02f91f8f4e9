// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// What a program compiled with _FORTIFY_SOURCE calls: the same with the capacity of the target, as
// far as the compiler knew it, in bytes or in wide characters.  Beyond that the process ends, as it
// does with libc's own.

#include "checked/checked.h"

#define EXPORT __attribute__((visibility("default")))

// libc's end for a program that overruns.
extern _Noreturn void __chk_fail(void);

ALWAYS_INLINE void check_capacity(size_t wanted, size_t capacity)
{
    if (UNLIKELY(wanted > capacity)) {
        __chk_fail();
    }
}

// ---- Memory -----------------------------------------------------------------------------------

#define DEFINE_COPY(name, said, is_end)                                                            \
    EXPORT void *name(void *to, const void *from, size_t size, size_t capacity);                   \
    void *name(void *to, const void *from, size_t size, size_t capacity)                           \
    {                                                                                              \
        check_read(said, from, size, CALLER);                                                      \
        check_write(said, to, size, CALLER);                                                       \
        check_capacity(size, capacity);                                                            \
        return (char *)libc_memmove(to, from, size) + ((is_end) ? size : 0);                       \
    }
DEFINE_COPY(__memcpy_chk, "memcpy", false)
DEFINE_COPY(__memmove_chk, "memmove", false)
DEFINE_COPY(__mempcpy_chk, "mempcpy", true)

EXPORT void *__memset_chk(void *to, int byte, size_t size, size_t capacity);
void *__memset_chk(void *to, int byte, size_t size, size_t capacity)
{
    check_write("memset", to, size, CALLER);
    check_capacity(size, capacity);
    return libc_memset(to, byte, size);
}

// ---- Strings ----------------------------------------------------------------------------------

#define DEFINE_STRING_COPY(name, said, is_end)                                                     \
    EXPORT char *name(char *to, const char *from, size_t capacity);                                \
    char *name(char *to, const char *from, size_t capacity)                                        \
    {                                                                                              \
        size_t length = checked_length(said, from, CALLER);                                        \
        check_write(said, to, length + 1, CALLER);                                                 \
        check_capacity(length + 1, capacity);                                                      \
        return (char *)libc_memmove(to, from, length + 1) + ((is_end) ? length : 0);               \
    }
DEFINE_STRING_COPY(__strcpy_chk, "strcpy", false)
DEFINE_STRING_COPY(__stpcpy_chk, "stpcpy", true)

#define DEFINE_PADDED_COPY(name, said, is_end)                                                     \
    EXPORT char *name(char *to, const char *from, size_t size, size_t capacity);                   \
    char *name(char *to, const char *from, size_t size, size_t capacity)                           \
    {                                                                                              \
        size_t length = checked_length_up_to(said, from, size, CALLER);                            \
        check_write(said, to, size, CALLER);                                                       \
        check_capacity(size, capacity);                                                            \
        libc_memmove(to, from, length);                                                            \
        libc_memset(to + length, 0, size - length);                                                \
        return to + ((is_end) ? length : 0);                                                       \
    }
DEFINE_PADDED_COPY(__strncpy_chk, "strncpy", false)
DEFINE_PADDED_COPY(__stpncpy_chk, "stpncpy", true)

EXPORT char *__strcat_chk(char *to, const char *from, size_t capacity);
char *__strcat_chk(char *to, const char *from, size_t capacity)
{
    size_t before = checked_length("strcat", to, CALLER);
    size_t length = checked_length("strcat", from, CALLER);
    check_write("strcat", to + before, length + 1, CALLER);
    check_capacity(before + length + 1, capacity);
    libc_memmove(to + before, from, length + 1);
    return to;
}

EXPORT char *__strncat_chk(char *to, const char *from, size_t limit, size_t capacity);
char *__strncat_chk(char *to, const char *from, size_t limit, size_t capacity)
{
    size_t before = checked_length("strncat", to, CALLER);
    size_t length = checked_length_up_to("strncat", from, limit, CALLER);
    check_write("strncat", to + before, length + 1, CALLER);
    check_capacity(before + length + 1, capacity);
    libc_memmove(to + before, from, length);
    to[before + length] = '\0';
    return to;
}

// ---- Wide memory ------------------------------------------------------------------------------

#define DEFINE_WIDE_COPY(name, said, is_end)                                                       \
    EXPORT wchar_t *name(wchar_t *to, const wchar_t *from, size_t count, size_t capacity);         \
    wchar_t *name(wchar_t *to, const wchar_t *from, size_t count, size_t capacity)                 \
    {                                                                                              \
        check_read(said, from, wide_bytes(count), CALLER);                                         \
        check_write(said, to, wide_bytes(count), CALLER);                                          \
        check_capacity(count, capacity);                                                           \
        libc_memmove(to, from, wide_bytes(count));                                                 \
        return to + ((is_end) ? count : 0);                                                        \
    }
DEFINE_WIDE_COPY(__wmemcpy_chk, "wmemcpy", false)
DEFINE_WIDE_COPY(__wmemmove_chk, "wmemmove", false)
DEFINE_WIDE_COPY(__wmempcpy_chk, "wmempcpy", true)

EXPORT wchar_t *__wmemset_chk(wchar_t *to, wchar_t wanted, size_t count, size_t capacity);
wchar_t *__wmemset_chk(wchar_t *to, wchar_t wanted, size_t count, size_t capacity)
{
    check_write("wmemset", to, wide_bytes(count), CALLER);
    check_capacity(count, capacity);
    return libc_wmemset(to, wanted, count);
}

// ---- Wide strings -----------------------------------------------------------------------------

#define DEFINE_WIDE_STRING_COPY(name, said, is_end)                                                \
    EXPORT wchar_t *name(wchar_t *to, const wchar_t *from, size_t capacity);                       \
    wchar_t *name(wchar_t *to, const wchar_t *from, size_t capacity)                               \
    {                                                                                              \
        size_t length = checked_wide_length(said, from, CALLER);                                   \
        check_write(said, to, wide_bytes(length + 1), CALLER);                                     \
        check_capacity(length + 1, capacity);                                                      \
        libc_memmove(to, from, wide_bytes(length + 1));                                            \
        return to + ((is_end) ? length : 0);                                                       \
    }
DEFINE_WIDE_STRING_COPY(__wcscpy_chk, "wcscpy", false)
DEFINE_WIDE_STRING_COPY(__wcpcpy_chk, "wcpcpy", true)

#define DEFINE_WIDE_PADDED_COPY(name, said, is_end)                                                \
    EXPORT wchar_t *name(wchar_t *to, const wchar_t *from, size_t count, size_t capacity);         \
    wchar_t *name(wchar_t *to, const wchar_t *from, size_t count, size_t capacity)                 \
    {                                                                                              \
        size_t length = checked_wide_length_up_to(said, from, count, CALLER);                      \
        check_write(said, to, wide_bytes(count), CALLER);                                          \
        check_capacity(count, capacity);                                                           \
        libc_memmove(to, from, wide_bytes(length));                                                \
        libc_wmemset(to + length, L'\0', count - length);                                          \
        return to + ((is_end) ? length : 0);                                                       \
    }
DEFINE_WIDE_PADDED_COPY(__wcsncpy_chk, "wcsncpy", false)
DEFINE_WIDE_PADDED_COPY(__wcpncpy_chk, "wcpncpy", true)

EXPORT wchar_t *__wcscat_chk(wchar_t *to, const wchar_t *from, size_t capacity);
wchar_t *__wcscat_chk(wchar_t *to, const wchar_t *from, size_t capacity)
{
    size_t before = checked_wide_length("wcscat", to, CALLER);
    size_t length = checked_wide_length("wcscat", from, CALLER);
    check_write("wcscat", to + before, wide_bytes(length + 1), CALLER);
    check_capacity(before + length + 1, capacity);
    libc_memmove(to + before, from, wide_bytes(length + 1));
    return to;
}

EXPORT wchar_t *__wcsncat_chk(wchar_t *to, const wchar_t *from, size_t limit, size_t capacity);
wchar_t *__wcsncat_chk(wchar_t *to, const wchar_t *from, size_t limit, size_t capacity)
{
    size_t before = checked_wide_length("wcsncat", to, CALLER);
    size_t length = checked_wide_length_up_to("wcsncat", from, limit, CALLER);
    check_write("wcsncat", to + before, wide_bytes(length + 1), CALLER);
    check_capacity(before + length + 1, capacity);
    libc_memmove(to + before, from, wide_bytes(length));
    to[before + length] = L'\0';
    return to;
}
