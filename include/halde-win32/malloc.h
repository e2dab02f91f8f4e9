// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * @file malloc.h
 * The system's <malloc.h> and Microsoft's additions, which work on the process heap.
 *
 * Blocks of malloc() belong to the process heap only where this library provides malloc(); of other
 * blocks _msize() and _expand() say that they do not know them.
 */
// #include_next is an extension of gcc and clang.
#pragma GCC system_header

#ifndef HALDE_WIN32_MALLOC_H
#define HALDE_WIN32_MALLOC_H

#include_next <malloc.h>

#include "halde_decorations.h"

#include <stddef.h>
#include <stdint.h>

HALDE_EXTERN_C_BEGIN

#define _HEAP_MAXREQ 0xFFFFFFFFFFFFFFE0

#define _HEAPEMPTY (-1)
#define _HEAPOK (-2)
#define _HEAPBADBEGIN (-3)
#define _HEAPBADNODE (-4)
#define _HEAPEND (-5)
#define _HEAPBADPTR (-6)

#define _FREEENTRY 0
#define _USEDENTRY 1

/** One busy block. Start a walk with _pentry NULL. */
typedef struct _heapinfo {
    int *_pentry;
    size_t _size;
    int _useflag; ///< _USEDENTRY or _FREEENTRY
} _HEAPINFO;

/** Returns a block's requested size, or (size_t)-1 with errno EINVAL. Source: _msize. */
HALDE_CRTAPI size_t __cdecl _msize(void *block);

/** Resizes a block where it is. NULL with errno ENOMEM (then it is unchanged) or EINVAL. Source:
 * _expand. */
HALDE_CRTAPI void *__cdecl _expand(void *block, size_t size);

/** Finds the next busy block: _HEAPOK, _HEAPEND, or what is wrong. Source: _heapwalk. */
HALDE_CRTAPI int __cdecl _heapwalk(_HEAPINFO *entry);

/** Validates the process heap: _HEAPOK or _HEAPBADNODE. Source: _heapchk. */
HALDE_CRTAPI int __cdecl _heapchk(void);

/** Gives free memory back to the system: 0, or -1 when the heap has no free block. Source:
 * _heapmin. */
HALDE_CRTAPI int __cdecl _heapmin(void);

/** Returns the process heap. Source: _get_heap_handle. */
HALDE_CRTAPI intptr_t __cdecl _get_heap_handle(void);

HALDE_EXTERN_C_END

#endif
