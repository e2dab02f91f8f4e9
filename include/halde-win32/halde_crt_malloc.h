/* SPDX-FileCopyrightText: 2026 The Halde authors */
/* SPDX-License-Identifier: MIT */

/**
 * @file halde_crt_malloc.h
 * Microsoft's additions to the malloc family, which <malloc.h> and <stdlib.h> both declare.
 *
 * The blocks belong to the process heap, or, while the debug heap is on, to that.  Threads: any.
 */
#ifndef HALDE_WIN32_CRT_MALLOC_H
#define HALDE_WIN32_CRT_MALLOC_H

#include "halde_crt.h"

#include <stddef.h>
#include <stdint.h>

HALDE_EXTERN_C_BEGIN

/** The largest size a block may have, in bytes. */
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
    int _useflag; /**< _USEDENTRY or _FREEENTRY */
} _HEAPINFO;

/** Returns a block's requested size, or (size_t)-1 with errno EINVAL; NULL is an invalid parameter.
 * Source: _msize. */
HALDE_CRTAPI size_t __cdecl _msize(void *block);

/** Resizes a block where it is. NULL with errno ENOMEM (then it is unchanged) or EINVAL; NULL for a
 * block is an invalid parameter. Source: _expand. */
HALDE_CRTAPI void *__cdecl _expand(void *block, size_t size);

/** realloc() to count * size bytes, of which the new ones are zero. NULL with errno ENOMEM. Source:
 * _recalloc. */
HALDE_CRTAPI void *__cdecl _recalloc(void *block, size_t count, size_t size);

/**
 * Blocks whose start plus `offset` is a multiple of `alignment`, a power of two; for
 * _aligned_free() and the functions here only.  A bad alignment, or an offset that is not 0 and not
 * below the size, is an invalid parameter.  Source: _aligned_malloc and its kin.
 */
HALDE_CRTAPI void *__cdecl _aligned_malloc(size_t size, size_t alignment);
HALDE_CRTAPI void *__cdecl _aligned_realloc(void *block, size_t size, size_t alignment);
HALDE_CRTAPI void *__cdecl _aligned_recalloc(
    void *block, size_t count, size_t size, size_t alignment);
HALDE_CRTAPI void *__cdecl _aligned_offset_malloc(size_t size, size_t alignment, size_t offset);
HALDE_CRTAPI void *__cdecl _aligned_offset_realloc(
    void *block, size_t size, size_t alignment, size_t offset);
HALDE_CRTAPI void *__cdecl _aligned_offset_recalloc(
    void *block, size_t count, size_t size, size_t alignment, size_t offset);
/** Bytes asked for; NULL: (size_t)-1, an invalid parameter. Source: _aligned_msize. */
HALDE_CRTAPI size_t __cdecl _aligned_msize(void *block, size_t alignment, size_t offset);
HALDE_CRTAPI void __cdecl _aligned_free(void *block);

/** Finds the next busy block: _HEAPOK, _HEAPEND, or what is wrong; NULL is an invalid parameter.
 * Source: _heapwalk. */
HALDE_CRTAPI int __cdecl _heapwalk(_HEAPINFO *entry);

/** Validates the process heap: _HEAPOK or _HEAPBADNODE. Source: _heapchk. */
HALDE_CRTAPI int __cdecl _heapchk(void);

/** Gives free memory back to the system: 0, or -1 when the heap has no free block. Source:
 * _heapmin. */
HALDE_CRTAPI int __cdecl _heapmin(void);

/** Returns the process heap. Source: _get_heap_handle. */
HALDE_CRTAPI intptr_t __cdecl _get_heap_handle(void);

/** Calls the new handler: 1 to try again, 0 without handler or when it gave up. Source: _callnewh.
 */
HALDE_CRTAPI int __cdecl _callnewh(size_t size);

HALDE_EXTERN_C_END

/* ---- Stack allocation --------------------------------------------------------------------- */

#define _alloca(size) __builtin_alloca(size)

#define _ALLOCA_S_THRESHOLD 1024
#define _ALLOCA_S_STACK_MARKER 0xCCCC
#define _ALLOCA_S_HEAP_MARKER 0xDDDD
#define _ALLOCA_S_MARKER_SIZE 16

#endif
