// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The link between the checked memory and string functions (src/checked, an object of its own) and
 * the debug heap, which may be in the preload object, in libhalde or in the program itself.
 *
 * The checked functions define `halde_access_link`; the debug heap refers to it weakly and fills it
 * in when it is turned on.  Until then, and in a process without the debug heap, the checked
 * functions hand everything to libc.  In a process without the checked functions the symbol is
 * NULL.
 */
#ifndef BASE_ACCESS_H
#define BASE_ACCESS_H

#include "base/compiler.h"

/// No bounds are known: not in the debug heap.
#define ACCESS_ROOM_UNKNOWN SIZE_MAX

/// What a function is about to do with memory that is not all its caller's.
struct access {
    const char *function; ///< as the program calls it
    const void *address;  ///< first byte
    size_t size;          ///< bytes that it reads or writes
    bool is_write;
    const void *caller; ///< what the function returns to
};

/// Written once, `size` last; any thread reads.
struct access_link {
    uintptr_t start; ///< addresses outside of [start, start + size) need not be asked about
    /// Bytes from an address on that the program may use; 0 in a gap or a freed block;
    /// ACCESS_ROOM_UNKNOWN. Any value may be asked.
    size_t (*room)(const void *address);
    /// Says what is wrong, if it still is.
    void (*report)(const struct access *access);
    _Atomic(uintptr_t) size; ///< release; acquire. 0: nothing is asked
};

#endif
