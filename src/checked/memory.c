// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// mem* and their kin.

#include "checked/checked.h"

#include "base/bits.h"

#include <string.h>
#include <strings.h>

#define EXPORT __attribute__((visibility("default")))

EXPORT void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    check_read("memcpy", from, size, CALLER);
    check_write("memcpy", to, size, CALLER);
    return libc_memmove(to, from, size);
}

EXPORT void *memmove(void *to, const void *from, size_t size)
{
    check_read("memmove", from, size, CALLER);
    check_write("memmove", to, size, CALLER);
    return libc_memmove(to, from, size);
}

EXPORT void *mempcpy(void *restrict to, const void *restrict from, size_t size)
{
    check_read("mempcpy", from, size, CALLER);
    check_write("mempcpy", to, size, CALLER);
    return (char *)libc_memmove(to, from, size) + size;
}

// Of old, with the target behind the source.
EXPORT void bcopy(const void *from, void *to, size_t size)
{
    check_read("bcopy", from, size, CALLER);
    check_write("bcopy", to, size, CALLER);
    libc_memmove(to, from, size);
}

EXPORT void *memset(void *to, int byte, size_t size)
{
    check_write("memset", to, size, CALLER);
    return libc_memset(to, byte, size);
}

EXPORT void bzero(void *to, size_t size)
{
    check_write("bzero", to, size, CALLER);
    libc_memset(to, 0, size);
}

EXPORT int memcmp(const void *a, const void *b, size_t size)
{
    check_read("memcmp", a, size, CALLER);
    check_read("memcmp", b, size, CALLER);
    return libc_memcmp(a, b, size);
}

EXPORT int bcmp(const void *a, const void *b, size_t size)
{
    check_read("bcmp", a, size, CALLER);
    check_read("bcmp", b, size, CALLER);
    return libc_memcmp(a, b, size);
}

// It reads no further than to what it finds.
EXPORT void *memchr(const void *in, int byte, size_t size)
{
    size_t room = checked_room(in);
    void *found = libc_memchr(in, byte, size_min(size, room));
    if (LIKELY(found != NULL || size <= room)) {
        return found;
    }
    checked_report(&(struct access){"memchr", in, size, false, CALLER});
    return libc_memchr(in, byte, size);
}

EXPORT void *memrchr(const void *in, int byte, size_t size)
{
    check_read("memrchr", in, size, CALLER);
    return libc_memrchr(in, byte, size);
}
