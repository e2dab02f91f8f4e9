/* SPDX-FileCopyrightText: 2026 The Halde authors */
/* SPDX-License-Identifier: MIT */

/**
 * @file new.h
 * Drop-in <new.h>: Microsoft's new handler, which learns the size and says whether to try again.
 *
 * `new` always calls it, malloc() and its kin when the new mode is 1.  Handler and mode are the
 * process's; the handler is called without a lock held and may allocate, free, and throw.
 */
#ifndef HALDE_WIN32_NEW_H
#define HALDE_WIN32_NEW_H

#include "halde_crt_malloc.h"

#ifdef __cplusplus
#include <new>
#endif

/** Tries to get memory free. 1: try again; 0: the allocation fails. */
typedef int(__cdecl *_PNH)(size_t size);

HALDE_EXTERN_C_BEGIN

/** Sets the handler, NULL for none; returns the one before. Source: _set_new_handler. */
HALDE_CRTAPI _PNH __cdecl _set_new_handler(_PNH handler);
HALDE_CRTAPI _PNH __cdecl _query_new_handler(void);

/**
 * Sets whether malloc() calls the handler: 1, or 0 as at first.
 * @return the mode before; -1 with errno EINVAL for any other.  Source: _set_new_mode.
 */
HALDE_CRTAPI int __cdecl _set_new_mode(int mode);
HALDE_CRTAPI int __cdecl _query_new_mode(void);

HALDE_EXTERN_C_END

#ifdef __cplusplus
/** For _set_new_handler(0), which is no pointer to an overloaded function. */
static inline _PNH __cdecl _set_new_handler(int)
{
    return _set_new_handler(_PNH());
}
#endif

#endif
