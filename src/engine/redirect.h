// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The redirect: where the C and C++ allocation functions go while the debug heap is on.
 *
 * The malloc layer asks one pointer, on its slow paths only.  To make every call take a slow path
 * the process heap gets no openings as malloc's heap any more (fast_close_home()); HeapAlloc() and
 * the others on it stay as fast as they are.
 */
#ifndef ENGINE_REDIRECT_H
#define ENGINE_REDIRECT_H

#include "engine/engine.h"

/// Which functions a block came from, or goes back through.
enum allocator_family {
    FAMILY_MALLOC,    ///< malloc(), calloc(), realloc(), free(), aligned forms
    FAMILY_NEW,       ///< operator new, operator delete
    FAMILY_NEW_ARRAY, ///< operator new[], operator delete[]
};

/// `caller` is the return address of the function that the program called.  The functions do what
/// the C functions do, but for the error number, which the malloc layer sets.
struct allocator_redirect {
    /// `alignment` 0: the usual; otherwise a power of two. Zeroed where `flags` has HALDE_ZERO.
    void *(*allocate)(size_t size, size_t alignment, uint32_t flags, enum allocator_family family,
        const void *caller);
    /// Neither NULL nor size 0.  Any block may be given, also of another heap or allocator.
    void *(*reallocate)(void *block, size_t size, const void *caller);
    /// NULL, or any block, as above.
    void (*release)(void *block, enum allocator_family family, const void *caller);
    /// malloc_usable_size(). Any block, as above.
    size_t (*size)(const void *block);
};

/// NULL: no redirect. Set once, never taken back; relaxed.
extern HIDDEN const struct allocator_redirect *engine_redirect;

/// Redirects from now on. Calls that are under way end as they began.
void engine_set_redirect(const struct allocator_redirect *redirect);

#endif
