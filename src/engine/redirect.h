// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The redirect: where the C and C++ allocation functions go while the debug heap is on.
 *
 * The malloc layer asks one pointer, on its slow paths only.  To make every call take a slow path
 * the fast paths lose the name of malloc's heap (fast_malloc_home, fast_free_home); HeapAlloc() and
 * the others on it stay as fast as they are, unless there is an observer, too (observer.h).  A
 * redirect may let frees pass: then only malloc()'s fast path does not find its heap.
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

#define DELETE_SIZE_UNKNOWN SIZE_MAX

/// What an operator delete says about the block that it is given.
struct delete_claim {
    enum allocator_family family;
    size_t size;      ///< DELETE_SIZE_UNKNOWN: it does not say
    size_t alignment; ///< 0: it does not say, so the usual
    const void *caller;
};

/// `caller` is the return address of the function that the program called.  The functions do what
/// the C functions do; of them only `reallocate` sets the error number.
struct allocator_redirect {
    /// `alignment` 0: the usual; otherwise a power of two. Zeroed where `flags` has HALDE_ZERO.
    void *(*allocate)(size_t size, size_t alignment, uint32_t flags, enum allocator_family family,
        const void *caller);
    /// Neither NULL nor size 0.  Any block may be given, also of another heap or allocator.
    void *(*reallocate)(void *block, size_t size, const void *caller);
    /// NULL, or any block, as above.
    void (*release)(void *block, enum allocator_family family, const void *caller);
    /// Called before `release` by operator delete with what it knows besides. May be NULL.
    void (*claim)(const void *block, const struct delete_claim *claim);
    /// malloc_usable_size(). Any block, as above.
    size_t (*size)(const void *block);
    /// A free that the fast path can do is nobody's business: `release` gets the others, and so all
    /// blocks with user info.
    bool lets_frees_pass;
};

/// This library's operators new and delete, by a name that nobody can take over. Weak: a library
/// without malloc has none.
struct redirect_operators {
    const void *new_here;
    const void *delete_here;
};
extern HIDDEN const struct redirect_operators redirect_operators __attribute__((weak));

/// Tells the layer above what operator new is about to call the new handler for. Weak: it may not
/// be there.
HIDDEN void redirect_note_failure(size_t size) __attribute__((weak));

/// NULL: no redirect. Set once, never taken back; relaxed.
extern HIDDEN const struct allocator_redirect *engine_redirect;

/// Redirects from now on. Calls that are under way end as they began.
void engine_set_redirect(const struct allocator_redirect *redirect);

#endif
