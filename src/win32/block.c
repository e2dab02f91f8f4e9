// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Allocate, resize, free, size: the functions that programs call most.  Without flags each is the
// engine's fast path and a test of its result; everything else is in a _slow function.

#include "base/compiler.h"
#include "engine/engine.h"
#include "engine/fast.h"
#include "engine/observer.h"
#include "halde-win32/winternl.h"
#include "win32/corruption.h"
#include "win32/exception.h"
#include "win32/flags.h"
#include "win32/front_end.h"
#include "win32/last_error.h"
#include "win32/status.h"
#include "win32/user_info.h"

static uint32_t engine_flags(DWORD flags)
{
    uint32_t result = 0;
    if ((flags & HEAP_NO_SERIALIZE) != 0) {
        result |= HALDE_UNLOCKED;
    }
    if ((flags & HEAP_ZERO_MEMORY) != 0) {
        result |= HALDE_ZERO;
    }
    if ((flags & HEAP_REALLOC_IN_PLACE_ONLY) != 0) {
        result |= HALDE_IN_PLACE;
    }
    return result;
}

// The end of every allocation that failed: the last error, or the exception that was asked for.
static void *fail_request(HANDLE heap, DWORD flags, SIZE_T size, enum halde_status status)
{
    last_error_set(status_error_from_engine(status));
    if (((flags | flags_inherited(heap)) & HEAP_GENERATE_EXCEPTIONS) != 0) {
        bool is_out_of_memory = status == HALDE_NO_MEMORY;
        exception_raise(is_out_of_memory ? STATUS_NO_MEMORY : STATUS_ACCESS_VIOLATION, heap, size);
    }
    return NULL;
}

// ---- Allocate ---------------------------------------------------------------------------------

static COLD void *alloc_failed(HANDLE heap, DWORD flags, SIZE_T size)
{
    struct halde_heap_options options;
    bool checks_always =
        engine_heap_options(heap, &options) && (options.checks & HALDE_CHECK_ALWAYS) != 0;
    if (checks_always && halde_heap_validate(heap, NULL, NULL) != HALDE_OK) {
        corruption_found(heap, NULL, HALDE_HEAP_DAMAGED);
    }
    enum halde_status status = halde_heap_is_valid(heap) ? HALDE_NO_MEMORY : HALDE_BAD_HEAP;
    return fail_request(heap, flags, size, status);
}

static NOINLINE void *alloc_slow(HANDLE heap, DWORD flags, SIZE_T size, const void *caller)
{
    flags |= flags_inherited(heap);
    void *block = heap_alloc_for(heap, size, engine_flags(flags), caller);
    if (block == NULL) {
        return alloc_failed(heap, flags, size);
    }
    if ((flags & USER_INFO_MASK) != 0 && user_info_add(heap, block, flags) != HALDE_OK) {
        halde_heap_free(heap, block, engine_flags(flags));
        return fail_request(heap, flags, size, HALDE_NO_MEMORY);
    }
    return block;
}

// Where the fast path will not do. Its parameters begin as HeapAlloc()'s, and there is one call of
// it, where CALLER is read and not before, so that the fast path need not prepare for it.
static NOINLINE void *alloc_rest(HANDLE heap, DWORD flags, SIZE_T size, const void *caller)
{
    if (UNLIKELY(flags != 0)) {
        return alloc_slow(heap, flags, size, caller);
    }
    void *block = observed_alloc(heap, size, 0, caller);
    return LIKELY(block != NULL) ? block : alloc_failed(heap, 0, size);
}

ALWAYS_INLINE void *alloc_quickly(HANDLE heap, DWORD flags, SIZE_T size)
{
    return LIKELY(flags == 0) ? fast_alloc(heap, size) : NULL;
}

LPVOID WINAPI HeapAlloc(HANDLE hHeap, DWORD dwFlags, SIZE_T dwBytes)
{
    void *block = alloc_quickly(hHeap, dwFlags, dwBytes);
    return LIKELY(block != NULL) ? block : alloc_rest(hHeap, dwFlags, dwBytes, CALLER);
}

PVOID NTAPI RtlAllocateHeap(PVOID HeapHandle, ULONG Flags, SIZE_T Size)
{
    void *block = alloc_quickly(HeapHandle, Flags, Size);
    return LIKELY(block != NULL) ? block : alloc_rest(HeapHandle, Flags, Size, CALLER);
}

// ---- Resize -----------------------------------------------------------------------------------

static COLD void *resize_failed(
    HANDLE heap, DWORD flags, void *block, SIZE_T size, enum halde_status status)
{
    // A size that nobody can have is out of memory, too.
    if (status == HALDE_BAD_ARGUMENT) {
        status = HALDE_NO_MEMORY;
    }
    if (status != HALDE_NO_MEMORY) {
        corruption_found(heap, block, status);
    }
    return fail_request(heap, flags, size, status);
}

static void *resize(HANDLE heap, DWORD flags, void *block, SIZE_T size, const void *caller)
{
    if (block == NULL) {
        last_error_set(NO_ERROR);
        return NULL;
    }
    flags |= flags_inherited(heap);
    if (UNLIKELY((flags & HEAP_REALLOC_IN_PLACE_ONLY) != 0) && front_end_serves(heap, block)) {
        return fail_request(heap, flags, size, HALDE_NO_MEMORY);
    }
    enum halde_status status = HALDE_OK;
    void *resized = observed_realloc(heap, block, size, engine_flags(flags), &status, caller);
    if (UNLIKELY(resized == NULL)) {
        return resize_failed(heap, flags, block, size, status);
    }
    // The block has been resized already: without memory for them the new user bits are dropped.
    if (UNLIKELY((flags & USER_INFO_MASK) != 0)) {
        user_info_add(heap, resized, flags);
    }
    return resized;
}

LPVOID WINAPI HeapReAlloc(HANDLE hHeap, DWORD dwFlags, LPVOID lpMem, SIZE_T dwBytes)
{
    return resize(hHeap, dwFlags, lpMem, dwBytes, CALLER);
}

PVOID NTAPI RtlReAllocateHeap(PVOID HeapHandle, ULONG Flags, PVOID BaseAddress, SIZE_T Size)
{
    return resize(HeapHandle, Flags, BaseAddress, Size, CALLER);
}

// ---- Free -------------------------------------------------------------------------------------

static COLD bool free_failed(HANDLE heap, void *block, enum halde_status status)
{
    if (block == NULL) {
        return true;
    }
    corruption_found(heap, block, status);
    last_error_set(status_error_from_engine(status));
    return false;
}

// Its parameters and result are HeapFree()'s, so that the fast path can end in a jump.
static NOINLINE BOOL free_slow(HANDLE heap, DWORD flags, void *block)
{
    enum halde_status status = observed_free(heap, block, engine_flags(flags & HEAP_NO_SERIALIZE));
    return status == HALDE_OK || free_failed(heap, block, status);
}

ALWAYS_INLINE BOOL free_block(HANDLE heap, DWORD flags, void *block)
{
    if (LIKELY(flags == 0 && fast_free(heap, block))) {
        return TRUE;
    }
    return free_slow(heap, flags, block);
}

BOOL WINAPI HeapFree(HANDLE hHeap, DWORD dwFlags, LPVOID lpMem)
{
    return free_block(hHeap, dwFlags, lpMem);
}

BOOLEAN NTAPI RtlFreeHeap(PVOID HeapHandle, ULONG Flags, PVOID BaseAddress)
{
    return free_block(HeapHandle, Flags, BaseAddress) != FALSE;
}

// ---- Size -------------------------------------------------------------------------------------

// A probe: a wrong pointer is an answer, not damage.  The last error is left alone, as documented.
ALWAYS_INLINE SIZE_T size_of(HANDLE heap, const void *block)
{
    size_t size;
    if (UNLIKELY(halde_heap_size(heap, block, &size) != HALDE_OK)) {
        return (SIZE_T)-1;
    }
    return size;
}

SIZE_T WINAPI HeapSize(HANDLE hHeap, DWORD dwFlags, LPCVOID lpMem)
{
    (void)dwFlags;
    return size_of(hHeap, lpMem);
}

SIZE_T NTAPI RtlSizeHeap(PVOID HeapHandle, ULONG Flags, const void *BaseAddress)
{
    (void)Flags;
    return size_of(HeapHandle, BaseAddress);
}
