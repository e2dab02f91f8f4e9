// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Helpers for the tests of Global and Local memory, where both families are asked the same
 * questions.
 */
#ifndef CONFORMANCE_MOVABLE_H
#define CONFORMANCE_MOVABLE_H

#include "conformance.h"

/** Whether a value is tagged as the handle of a movable object: bit P set, the bits below clear. */
static inline bool is_movable_handle(const void *value)
{
    return value != NULL && ((uintptr_t)value & (2 * sizeof(void *) - 1)) == sizeof(void *);
}

/** The data pointer that lies behind a movable handle. */
static inline void *data_behind(HANDLE handle)
{
    return *(void **)handle;
}

/** A handle that was valid a moment ago. */
static inline HGLOBAL stale_handle(void)
{
    HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE, 10);
    GlobalFree(handle);
    return handle;
}

/** An unmapped address in the form of a fixed pointer, then in the form of a handle. */
static inline HGLOBAL unmapped_fixed(void)
{
    return unmapped_address();
}

#endif
