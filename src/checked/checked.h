// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Checked memory and string functions: libc's mem*, str* and wcs*, which look at the bounds of the
 * debug-heap blocks that they are given.
 *
 * They are an object of their own, libhalde-checked.so, preloaded in front of libhalde-preload.so
 * or of a program that links libhalde, and libhalde-checked.a, to link in front of it: so that a
 * process without the debug heap calls libc's functions as ever.  What is wrong is said by the
 * debug heap, once for each place in the program, before libc's function does what it was asked to
 * do: results are libc's in any case.
 *
 * A function is given a pointer and asks how many bytes the program may use from there on
 * (checked_room()); most pointers lie outside of the heap, which takes a subtraction and a
 * comparison.  Strings in the heap are searched for their end within the block first, so that a
 * string without end is reported rather than followed.
 *
 * Any of them may be called at any time: by the dynamic linker's resolvers before this object is
 * relocated, by constructors before ours, in signal handlers.  So nothing here needs a relocation
 * before the table of libc's functions (libc.h) is filled in; until then plain loops do the work.
 */
#ifndef CHECKED_CHECKED_H
#define CHECKED_CHECKED_H

#include "base/access.h"
#include "checked/libc.h"

/// halde_access_link by another name, which is reached without a relocation.
extern HIDDEN struct access_link checked_link;

/// Bytes from `address` on that the program may use; ACCESS_ROOM_UNKNOWN outside of the debug heap.
ALWAYS_INLINE size_t checked_room(const void *address)
{
    // Pairs with the release store of who filled the link in.
    uintptr_t size = atomic_load_explicit(&checked_link.size, memory_order_acquire);
    if (LIKELY((uintptr_t)address - checked_link.start >= size)) {
        return ACCESS_ROOM_UNKNOWN;
    }
    return checked_link.room(address);
}

/// Reports an access that has no room.
void checked_report(const struct access *access);

/// Checks [address, address+size).
ALWAYS_INLINE void check_read(
    const char *function, const void *address, size_t size, const void *caller)
{
    if (UNLIKELY(size > checked_room(address))) {
        checked_report(&(struct access){function, address, size, false, caller});
    }
}

ALWAYS_INLINE void check_write(
    const char *function, const void *address, size_t size, const void *caller)
{
    if (UNLIKELY(size > checked_room(address))) {
        checked_report(&(struct access){function, address, size, true, caller});
    }
}

/// strlen() of a string that the function reads to its end.
ALWAYS_INLINE size_t checked_length(const char *function, const char *string, const void *caller)
{
    size_t room = checked_room(string);
    if (LIKELY(room == ACCESS_ROOM_UNKNOWN)) {
        return libc_strlen(string);
    }
    size_t length = libc_strnlen(string, room);
    if (LIKELY(length < room)) {
        return length;
    }
    checked_report(&(struct access){function, string, length + 1, false, caller});
    return libc_strlen(string);
}

/// strnlen() of a string of which the function reads at most `limit` bytes.
ALWAYS_INLINE size_t checked_length_up_to(
    const char *function, const char *string, size_t limit, const void *caller)
{
    size_t room = checked_room(string);
    if (LIKELY(limit <= room)) {
        return libc_strnlen(string, limit);
    }
    size_t length = libc_strnlen(string, room);
    if (LIKELY(length < room)) {
        return length;
    }
    checked_report(&(struct access){function, string, length + 1, false, caller});
    return libc_strnlen(string, limit);
}

/// Room in wide characters.
ALWAYS_INLINE size_t checked_wide_room(const wchar_t *string)
{
    size_t room = checked_room(string);
    return LIKELY(room == ACCESS_ROOM_UNKNOWN) ? room : room / sizeof(wchar_t);
}

/// wcslen() and wcsnlen(), as above.
ALWAYS_INLINE size_t checked_wide_length(
    const char *function, const wchar_t *string, const void *caller)
{
    size_t room = checked_wide_room(string);
    if (LIKELY(room == ACCESS_ROOM_UNKNOWN)) {
        return libc_wcslen(string);
    }
    size_t length = libc_wcsnlen(string, room);
    if (LIKELY(length < room)) {
        return length;
    }
    checked_report(
        &(struct access){function, string, (length + 1) * sizeof(wchar_t), false, caller});
    return libc_wcslen(string);
}

ALWAYS_INLINE size_t checked_wide_length_up_to(
    const char *function, const wchar_t *string, size_t limit, const void *caller)
{
    size_t room = checked_wide_room(string);
    if (LIKELY(limit <= room)) {
        return libc_wcsnlen(string, limit);
    }
    size_t length = libc_wcsnlen(string, room);
    if (LIKELY(length < room)) {
        return length;
    }
    checked_report(
        &(struct access){function, string, (length + 1) * sizeof(wchar_t), false, caller});
    return libc_wcsnlen(string, limit);
}

/// Bytes of so many wide characters; a product that is too large is as many as there are.
ALWAYS_INLINE size_t wide_bytes(size_t count)
{
    size_t bytes;
    return __builtin_mul_overflow(count, sizeof(wchar_t), &bytes) ? SIZE_MAX - 1 : bytes;
}

#endif
