// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Global and Local memory objects: one implementation, two families that differ in details.
 *
 * A *fixed* object is a block of the process heap and nothing more.  A *movable* one is an entry of
 * the handle table and, unless it is discarded, a block of the process heap whose user info names
 * the handle. Everything that reads or changes an entry holds the process heap's lock; fixed
 * objects need no lock, as one engine call does it all.  Nothing is reported, and no handler
 * called, while the lock is held.
 *
 * Every function sets the last error as its Global or Local counterpart is documented to
 * (winbase.h).
 */
#ifndef WIN32_MEMORY_OBJECT_H
#define WIN32_MEMORY_OBJECT_H

#include "halde-win32/windows.h"

enum object_family {
    FAMILY_GLOBAL,
    FAMILY_LOCAL,
};

/// `caller` is the return address of the function that the program called (observer.h).
HANDLE object_alloc(enum object_family family, UINT flags, SIZE_T size, const void *caller);
HANDLE object_resize(
    enum object_family family, HANDLE object, SIZE_T size, UINT flags, const void *caller);
HANDLE object_free(HANDLE object);
void *object_lock(enum object_family family, HANDLE object);
BOOL object_unlock(enum object_family family, HANDLE object);
SIZE_T object_size(HANDLE object);
UINT object_flags(enum object_family family, HANDLE object);
HANDLE object_of_data(enum object_family family, const void *data);

#endif
