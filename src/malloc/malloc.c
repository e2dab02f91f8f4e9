// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The C allocation functions, on the process heap.  malloc(), calloc() and free() are the engine's
// fast path and a test of its result; everything else is in a _rest function.

#include "base/bits.h"
#include "engine/fast.h"
#include "engine/observer.h"
#include "malloc/family.h"
#include "malloc/statistics.h"
#include "os/os.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// C23; libc's header may be older.
HALDE_API void free_sized(void *block, size_t size);
HALDE_API void free_aligned_sized(void *block, size_t alignment, size_t size);

static COLD void *out_of_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

// ---- Allocate ---------------------------------------------------------------------------------

NOINLINE void *malloc_rest(size_t size, const void *caller)
{
    void *block = fast_malloc_words(size);
    if (block != NULL) {
        return block;
    }
    const struct malloc_family *linked = family_linked();
    if (linked != NULL) {
        return linked->malloc(size, caller);
    }
    const struct allocator_redirect *redirect = family_redirect();
    block = UNLIKELY(redirect != NULL) ? redirect->allocate(size, 0, 0, FAMILY_MALLOC, caller)
                                       : fast_malloc_rest(size, 0);
    return LIKELY(block != NULL) ? block : out_of_memory();
}

HIDDEN malloc_function *malloc_other = malloc_rest;

// CALLER is asked for where it is needed: the fast path has no use for it.
ALWAYS_INLINE void *allocate(size_t size)
{
    void *block = fast_malloc(size);
    return LIKELY(block != NULL) ? block : RELAXED_LOAD(malloc_other)(size, CALLER);
}

HALDE_API void *malloc(size_t size)
{
    return allocate(size);
}

NOINLINE void *calloc_rest(size_t count, size_t size, const void *caller)
{
    const struct malloc_family *linked = family_linked();
    if (linked != NULL) {
        return linked->calloc(count, size, caller);
    }
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) {
        return out_of_memory();
    }
    const struct allocator_redirect *redirect = family_redirect();
    void *block = UNLIKELY(redirect != NULL)
                      ? redirect->allocate(total, 0, HALDE_ZERO, FAMILY_MALLOC, caller)
                      : fast_malloc_rest(total, HALDE_ZERO);
    return LIKELY(block != NULL) ? block : out_of_memory();
}

HALDE_API void *calloc(size_t count, size_t size)
{
    size_t total;
    if (UNLIKELY(__builtin_mul_overflow(count, size, &total))) {
        return calloc_rest(count, size, CALLER);
    }
    void *block = fast_malloc(total);
    return LIKELY(block != NULL) ? memset(block, 0, total) : calloc_rest(count, size, CALLER);
}

// ---- Aligned ----------------------------------------------------------------------------------

void *malloc_aligned(
    size_t alignment, size_t size, enum allocator_family family, const void *caller)
{
    const struct malloc_family *linked = family_linked();
    if (linked != NULL) {
        return linked->aligned(alignment, size, family, caller);
    }
    const struct allocator_redirect *redirect = family_redirect();
    if (UNLIKELY(redirect != NULL)) {
        return redirect->allocate(size, alignment, 0, family, caller);
    }
    if (alignment <= GRANULE_SIZE) {
        void *block = fast_malloc(size);
        return block != NULL ? block : fast_malloc_rest(size, 0);
    }
    return heap_alloc_plain(halde_process_heap(), size, alignment, 0);
}

void *malloc_plain_allocate(size_t size, size_t alignment, uint32_t flags)
{
    return alignment <= GRANULE_SIZE
               ? fast_malloc_rest(size, flags)
               : heap_alloc_plain(halde_process_heap(), size, alignment, flags);
}

static void *checked_aligned(size_t alignment, size_t size, const void *caller)
{
    void *block = malloc_aligned(alignment, size, FAMILY_MALLOC, caller);
    return LIKELY(block != NULL) ? block : out_of_memory();
}

HALDE_API void *aligned_alloc(size_t alignment, size_t size)
{
    if (!bits_is_power_of_two(alignment)) {
        errno = EINVAL;
        return NULL;
    }
    return checked_aligned(alignment, size, CALLER);
}

// As in glibc, an alignment that is no power of two is raised to the next.
HALDE_API void *memalign(size_t alignment, size_t size)
{
    if (alignment > SIZE_MAX / 2 + 1) {
        errno = EINVAL;
        return NULL;
    }
    if (alignment > 1 && !bits_is_power_of_two(alignment)) {
        alignment = (size_t)2 << bits_highest(alignment);
    }
    return checked_aligned(size_max(alignment, 1), size, CALLER);
}

HALDE_API int posix_memalign(void **block, size_t alignment, size_t size)
{
    if (!bits_is_power_of_two(alignment) || alignment % sizeof(void *) != 0) {
        return EINVAL;
    }
    void *result = malloc_aligned(alignment, size, FAMILY_MALLOC, CALLER);
    if (UNLIKELY(result == NULL)) {
        return ENOMEM;
    }
    *block = result;
    return 0;
}

HALDE_API void *valloc(size_t size)
{
    return checked_aligned(os_page_size(), size, CALLER);
}

HALDE_API void *pvalloc(size_t size)
{
    size_t page = os_page_size();
    if (size > PTRDIFF_MAX) {
        return out_of_memory();
    }
    return checked_aligned(page, bits_round_up(size, page), CALLER);
}

// ---- Free -------------------------------------------------------------------------------------

// Where an address lies, as far as these functions care.
enum place {
    PLACE_FOREIGN, // not in Halde's memory: another allocator's block, or a wild pointer
    PLACE_UNUSED,  // in Halde's memory, where no heap is: a large block that was freed
    PLACE_HEAP,    // in the heap that find_heap() stores
};

static enum place find_heap(const void *block, halde_heap **heap)
{
    const struct slice *slice = slice_of(block);
    if (slice == NULL) {
        return PLACE_FOREIGN;
    }
    const struct heap *owner = slice_heap(slice);
    *heap = owner == NULL ? NULL : (halde_heap *)RELAXED_LOAD(owner->handle);
    return *heap == NULL ? PLACE_UNUSED : PLACE_HEAP;
}

NOINLINE void malloc_free_rest(void *block, enum allocator_family family, const void *caller)
{
    if (fast_free_any_more(block)) {
        return;
    }
    const struct malloc_family *linked = family_linked();
    if (linked != NULL) {
        linked->free(block, family, caller);
        return;
    }
    const struct allocator_redirect *redirect = family_redirect();
    if (UNLIKELY(redirect != NULL)) {
        redirect->release(block, family, caller); // NULL, too: it counts
        return;
    }
    malloc_plain_release(block);
}

void malloc_plain_release(void *block)
{
    halde_heap *heap;
    enum halde_status status = fast_free_any_rest(block, &heap);
    if (LIKELY(status == HALDE_OK)) {
        return;
    }
    if (heap == NULL && status == HALDE_BLOCK_UNKNOWN) {
        return; // its allocator is not at hand: the block stays
    }
    misuse_abort("free", heap == NULL ? halde_process_heap() : heap, block, status);
}

ALWAYS_INLINE void release(void *block)
{
    if (UNLIKELY(!fast_free_any(block))) {
        malloc_free_rest(block, FAMILY_MALLOC, CALLER);
    }
}

HALDE_API void free(void *block)
{
    release(block);
}

// The sizes are known anyway.
HALDE_API void free_sized(void *block, size_t size)
{
    (void)size;
    release(block);
}

HALDE_API void free_aligned_sized(void *block, size_t alignment, size_t size)
{
    (void)alignment;
    (void)size;
    release(block);
}

// ---- Resize -----------------------------------------------------------------------------------

void *malloc_plain_reallocate(void *block, size_t size)
{
    void *quick = heap_resize_quick(block, size, ENGINE_HEADROOM);
    if (LIKELY(quick != NULL)) {
        return quick;
    }
    halde_heap *heap;
    enum place place = find_heap(block, &heap);
    if (place == PLACE_FOREIGN) {
        void *copy = foreign_realloc(block, size);
        return copy != NULL ? copy : out_of_memory();
    }
    if (place == PLACE_UNUSED) {
        misuse_abort("realloc", halde_process_heap(), block, HALDE_BLOCK_FREED);
    }
    enum halde_status status;
    void *resized = heap_realloc_rest(heap, block, size, ENGINE_HEADROOM, &status);
    if (UNLIKELY(resized == NULL && status != HALDE_NO_MEMORY)) {
        misuse_abort("realloc", heap, block, status);
    }
    return LIKELY(resized != NULL) ? resized : out_of_memory();
}

void *realloc_rest(void *block, size_t size, const void *caller)
{
    const struct malloc_family *linked = family_linked();
    if (linked != NULL) {
        return linked->realloc(block, size, caller);
    }
    const struct allocator_redirect *redirect = family_redirect();
    return UNLIKELY(redirect != NULL) ? redirect->reallocate(block, size, caller)
                                      : malloc_plain_reallocate(block, size);
}

ALWAYS_INLINE void *reallocate(void *block, size_t size)
{
    if (block == NULL) {
        return allocate(size);
    }
    if (UNLIKELY(size == 0)) {
        release(block);
        return NULL;
    }
    return realloc_rest(block, size, CALLER);
}

HALDE_API void *realloc(void *block, size_t size)
{
    return reallocate(block, size);
}

HALDE_API void *reallocarray(void *block, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) {
        return out_of_memory();
    }
    return reallocate(block, total);
}

// ---- Size -------------------------------------------------------------------------------------

size_t malloc_size_of(const void *block)
{
    const struct allocator_redirect *redirect = family_redirect();
    if (UNLIKELY(redirect != NULL)) {
        return block == NULL ? 0 : redirect->size(block);
    }
    return malloc_plain_size(block);
}

// What was asked for and not a byte more: realloc() would not keep more, either.
size_t malloc_plain_size(const void *block)
{
    halde_heap *heap;
    size_t size = fast_size(block);
    if (LIKELY(size != SIZE_MAX)) {
        return size;
    }
    bool is_ours = block != NULL && find_heap(block, &heap) == PLACE_HEAP &&
                   halde_heap_size(heap, block, &size) == HALDE_OK;
    return is_ours ? size : 0;
}

HALDE_API size_t malloc_usable_size(void *block)
{
    const struct malloc_family *linked = family_linked();
    return linked != NULL ? linked->size_of(block) : malloc_size_of(block);
}

// ---- Start and end ----------------------------------------------------------------------------

#if CONFIG_PRELOAD
HIDDEN const char engine_starts_on_demand = 1;
#endif

HIDDEN void *malloc_here(size_t size)
    __attribute__((alias("malloc"), malloc, alloc_size(1), nothrow, leaf));

// The address of malloc() may be that of a stub which leads here: programs that are not position
// independent have one.  So it is called.
static bool does_lead_here(void *(*reached)(size_t size))
{
    if (reached == malloc_here) {
        return true;
    }
    void *block = reached(1);
    bool is_ours = slice_of(block) != NULL;
    statistics_free(block);
    return is_ours;
}

AT_START bool malloc_is_in_use(void)
{
    static bool is_known; // found by a constructor
    static bool is_in_use;
    if (!is_known) {
        is_in_use =
            !CONFIG_PRELOAD || (family_linked() == NULL && does_lead_here(statistics_malloc()));
        is_known = true;
    }
    return is_in_use;
}

#if CONFIG_PRELOAD
// In place of _fini(), which does nothing either, but lies behind all other code: at the end of
// every process that part of the library would be read for it.
HIDDEN void preload_fini(void);

AT_START void preload_fini(void)
{
}
#endif

// Before all constructors that allocate.
__attribute__((constructor(101))) static void start_recorder(void)
{
    engine_is_at_rest = !malloc_is_in_use();
    if (!engine_is_at_rest) {
        malloc_recorder_start();
    }
}

__attribute__((constructor)) static void start(void)
{
    if (malloc_is_in_use()) {
        statistics_at_start();
    }
}

__attribute__((destructor)) static void end(void)
{
    if (malloc_is_in_use()) {
        statistics_at_end();
    }
}

// ---- Static programs --------------------------------------------------------------------------

// What other parts of a static glibc ask of its malloc.  Defined here they do not bring that in
// beside ours; the engine's own fork handlers do the work.  Not exported from shared libraries.
HALDE_API void __malloc_fork_lock_parent(void);
HALDE_API void __malloc_fork_unlock_parent(void);
HALDE_API void __malloc_fork_unlock_child(void);
HALDE_API void __malloc_arena_thread_freeres(void);

__attribute__((weak)) void __malloc_fork_lock_parent(void)
{
}

__attribute__((weak)) void __malloc_fork_unlock_parent(void)
{
}

__attribute__((weak)) void __malloc_fork_unlock_child(void)
{
}

__attribute__((weak)) void __malloc_arena_thread_freeres(void)
{
}
