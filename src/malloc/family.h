// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The malloc family: what the files of this folder share.
 *
 * The same sources make libhalde and libhalde-preload.so (CONFIG_PRELOAD 1).  A process that links
 * libhalde has its engine there, behind HeapAlloc() and all the rest.  When the preload object is
 * loaded into such a process it stands down: its engine is never started, so that every fast path
 * fails, and the slow paths hand the call to the linked library through halde_malloc_family.  The
 * dynamic linker finds that symbol before any code runs; finding out needs no call and no memory.
 */
#ifndef MALLOC_FAMILY_H
#define MALLOC_FAMILY_H

#include "base/compiler.h"
#include "engine/redirect.h"

#include <malloc.h>
#include <stdio.h>

#ifndef CONFIG_PRELOAD
#define CONFIG_PRELOAD 0 ///< 1: compiled for libhalde-preload.so
#endif

/// What the preload object hands on. Functions as in <stdlib.h> and <malloc.h>, but for what is
/// said; `caller` is the return address of the function that the program called.
struct malloc_family {
    void *(*malloc)(size_t size, const void *caller);
    void *(*calloc)(size_t count, size_t size, const void *caller);
    void *(*realloc)(void *block, size_t size, const void *caller); ///< neither NULL nor 0
    void (*free)(void *block, enum allocator_family family, const void *caller);
    void *(*aligned)(size_t alignment, size_t size, enum allocator_family family,
        const void *caller); ///< malloc_aligned()
    size_t (*size_of)(const void *block);
    bool (*trim)(void);
    void (*info)(struct mallinfo2 *info);
    void (*write_xml)(FILE *stream);
    void (*write_text)(void);
    void (*end)(uint32_t reason);         ///< malloc_recorder_end()
    void (*replacing)(bool is_replacing); ///< malloc_recorder_replacing()
};

/// Defined by libhalde only; in the preload object a weak reference.
extern HALDE_API const struct malloc_family halde_malloc_family __attribute__((weak));

/// The linked library's functions in a preload object that stands down; otherwise NULL.
ALWAYS_INLINE const struct malloc_family *family_linked(void)
{
    return CONFIG_PRELOAD ? &halde_malloc_family : NULL;
}

/// The redirect in force, or NULL.
ALWAYS_INLINE const struct allocator_redirect *family_redirect(void)
{
    return __atomic_load_n(&engine_redirect, __ATOMIC_ACQUIRE);
}

/// The public functions without their fast paths.  The table above names these: a public name would
/// lead back to the preload object, which comes first in the dynamic linker's order.
typedef void *malloc_function(size_t size, const void *caller);
malloc_function malloc_rest;
void *calloc_rest(size_t count, size_t size, const void *caller);
void *realloc_rest(void *block, size_t size, const void *caller);
void malloc_free_rest(void *block, enum allocator_family family, const void *caller);
size_t malloc_size_of(const void *block);

/// `alignment` is a power of two. NULL when out of memory; the error number is left alone.
void *malloc_aligned(
    size_t alignment, size_t size, enum allocator_family family, const void *caller);

/// What malloc() calls where its fast path fails: malloc_rest(), or a function of whoever has the
/// redirect, which may leave the rest to that.  Set once, relaxed.
extern HIDDEN malloc_function *malloc_other;

/// The same without a redirect; they work while one is in force.  Blocks as there: any may be
/// given. `alignment` 0: the usual. NULL when out of memory.
void *malloc_plain_allocate(size_t size, size_t alignment, uint32_t flags);
void *malloc_plain_reallocate(void *block, size_t size); ///< neither NULL nor 0
void malloc_plain_release(void *block);                  ///< NULL is allowed
size_t malloc_plain_size(const void *block);

/// Whether the process uses this object's engine.  A program may have brought a Halde of its own,
/// linked or static; then the preload object stays silent, and its engine at rest.
bool malloc_is_in_use(void);

/// The recorder (src/record), which stands above this layer: called first of all, and when the
/// process is about to end for a reason that it knows.
void malloc_recorder_start(void);
void malloc_recorder_end(uint32_t reason);
/// The process is about to become another program, or has failed to.
void malloc_recorder_replacing(bool is_replacing);

/// A pointer that is no block of Halde's: the bytes of it that can be read go to a new block of
/// `size` bytes. NULL when out of memory; the process ends when nothing can be read there.
void *foreign_realloc(void *block, size_t size);

/// A symbol of a C++ runtime that some plug-in brought with it; NULL when there is none.  Not in
/// libhalde.a: asking for a library by name makes no sense in a static program.
void *loaded_runtime_symbol(const char *name) __attribute__((weak));

/// Says in one sentence what is wrong with a pointer that `function` was given, and ends the
/// process.
_Noreturn void misuse_abort(
    const char *function, halde_heap *heap, const void *block, enum halde_status status);

#endif
