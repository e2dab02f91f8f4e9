/* SPDX-FileCopyrightText: 2026 The Halde authors */
/* SPDX-License-Identifier: MIT */

/**
 * @file malloc.h
 * The system's <malloc.h> and Microsoft's additions, which work on the process heap.
 *
 * Blocks of malloc() belong to the process heap only where this library provides malloc(); of other
 * blocks _msize() and _expand() say that they do not know them.
 */
/* #include_next is an extension of gcc and clang. */
#pragma GCC system_header

#ifndef HALDE_WIN32_MALLOC_H
#define HALDE_WIN32_MALLOC_H

#include_next <malloc.h>
#include <stdlib.h>
#if defined(__x86_64__) || defined(__i386__)
// Defines the two functions that become macros below; <immintrin.h> includes it, too.
#include <mm_malloc.h>
#endif

#include "halde_crt_malloc.h"

HALDE_EXTERN_C_BEGIN

/** Entries to the plain heap that pass by the debug heap: their blocks are for each other only. */
HALDE_CRTAPI void *__cdecl _malloc_base(size_t size);
HALDE_CRTAPI void *__cdecl _calloc_base(size_t count, size_t size);
HALDE_CRTAPI void *__cdecl _realloc_base(void *block, size_t size);
HALDE_CRTAPI void *__cdecl _recalloc_base(void *block, size_t count, size_t size);
HALDE_CRTAPI void *__cdecl _expand_base(void *block, size_t size);
HALDE_CRTAPI size_t __cdecl _msize_base(void *block);
HALDE_CRTAPI void __cdecl _free_base(void *block);

/** Of old run-time libraries. _heapadd: -1, errno ENOSYS. _heapset fills free memory: a status. */
HALDE_CRTAPI int __cdecl _heapadd(void *block, size_t size);
HALDE_CRTAPI int __cdecl _heapset(unsigned fill);

#ifdef _DEBUG
/** Reports a block that _malloca() did not return. */
HALDE_CRTAPI void __cdecl halde_freea_failed(void *block);
#endif

HALDE_EXTERN_C_END

/** Aligned as the widest vectors of the process's plain blocks: see _aligned_malloc(). */
#undef _mm_malloc
#undef _mm_free
#define _mm_malloc(size, alignment) _aligned_malloc(size, alignment)
#define _mm_free(block) _aligned_free(block)

// ---- _malloca: on the stack while it is small; in front of it stands where it is --------------

static __inline__ __attribute__((__unused__)) void *halde_mark_alloca(void *block, unsigned marker)
{
    if (block == NULL) {
        return NULL;
    }
    *(unsigned *)block = marker;
    return (char *)block + _ALLOCA_S_MARKER_SIZE;
}

static __inline__ __attribute__((__unused__)) void halde_freea(void *block)
{
    if (block == NULL) {
        return;
    }
    char *start = (char *)block - _ALLOCA_S_MARKER_SIZE;
    unsigned marker = *(unsigned *)(void *)start;
    if (marker == _ALLOCA_S_HEAP_MARKER) {
        free(start);
    }
#ifdef _DEBUG
    else if (marker != _ALLOCA_S_STACK_MARKER) {
        halde_freea_failed(block);
    }
#endif
}

// A unit with _CRTDBG_MAP_ALLOC has others, see <crtdbg.h>.
#ifdef _DEBUG
#define _malloca(size)                                                                             \
    ((size) + _ALLOCA_S_MARKER_SIZE > (size)                                                       \
            ? halde_mark_alloca(malloc((size) + _ALLOCA_S_MARKER_SIZE), _ALLOCA_S_HEAP_MARKER)     \
            : NULL)
#else
#define _malloca(size)                                                                             \
    ((size) + _ALLOCA_S_MARKER_SIZE <= (size) ? NULL                                               \
        : (size) + _ALLOCA_S_MARKER_SIZE <= _ALLOCA_S_THRESHOLD                                    \
            ? halde_mark_alloca(                                                                   \
                  __builtin_alloca((size) + _ALLOCA_S_MARKER_SIZE), _ALLOCA_S_STACK_MARKER)        \
            : halde_mark_alloca(malloc((size) + _ALLOCA_S_MARKER_SIZE), _ALLOCA_S_HEAP_MARKER))
#endif
#define _freea(block) halde_freea(block)

#endif
