// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Heaps as a whole: create, destroy, list, lock, compact, validate, count.

#include "win32/heap.h"

#include "base/bits.h"
#include "halde-win32/winternl.h"
#include "os/os.h"
#include "win32/corruption.h"
#include "win32/flags.h"
#include "win32/last_error.h"
#include "win32/status.h"

// Sets the last error of a failure. Returns whether there was none.
static bool succeed(enum halde_status status)
{
    if (status != HALDE_OK) {
        last_error_set(status_error_from_engine(status));
    }
    return status == HALDE_OK;
}

// ---- Create and destroy -----------------------------------------------------------------------

static uint32_t engine_heap_flags(DWORD flags)
{
    uint32_t result = 0;
    if ((flags & HEAP_NO_SERIALIZE) != 0) {
        result |= HALDE_HEAP_NO_SERIALIZE;
    }
    if ((flags & HEAP_ZERO_MEMORY) != 0) {
        result |= HALDE_HEAP_ZERO;
    }
    if ((flags & HEAP_CREATE_ENABLE_EXECUTE) != 0) {
        result |= HALDE_HEAP_EXECUTABLE;
    }
    return result;
}

enum halde_status heap_create(
    DWORD flags, SIZE_T initial_size, SIZE_T reserve_size, SIZE_T maximum_size, halde_heap **heap)
{
    DWORD stored =
        (flags & HEAP_CREATE_VALID_MASK & ~(DWORD)HEAP_GROWABLE) | flags_of_global(flags_global());
    if (maximum_size == 0) {
        stored |= HEAP_GROWABLE;
    } else {
        initial_size = size_min(initial_size, maximum_size);
    }
    if ((stored & HEAP_CLASS_MASK) == 0) {
        stored |= HEAP_CLASS_1;
    }
    struct halde_heap_options options = {
        .flags = engine_heap_flags(stored),
        .checks = flags_to_checks(stored),
        .initial_size = initial_size,
        .reserve_size = reserve_size,
        .maximum_size = maximum_size,
    };
    enum halde_status status = halde_heap_create(&options, heap);
    if (status == HALDE_OK) {
        flags_store(*heap, stored);
    }
    return status;
}

HANDLE WINAPI HeapCreate(DWORD flOptions, SIZE_T dwInitialSize, SIZE_T dwMaximumSize)
{
    // The debug checks come from the process's flags only, never from the caller.
    const DWORD DROPPED = HEAP_TAIL_CHECKING_ENABLED | HEAP_FREE_CHECKING_ENABLED;
    if ((flOptions & HEAP_FLAG_SHARED) != 0) {
        dwMaximumSize = 0;
    }
    halde_heap *heap;
    enum halde_status status =
        heap_create(flOptions & ~DROPPED, dwInitialSize, 0, dwMaximumSize, &heap);
    if (status == HALDE_BAD_ARGUMENT) {
        // A size beyond what can be rounded up is a size that nobody has.
        status = HALDE_NO_MEMORY;
    }
    return succeed(status) ? heap : NULL;
}

// NULL names no heap, so there is nothing left to destroy: it succeeds.
static bool destroy(HANDLE heap)
{
    if (heap == NULL) {
        return true;
    }
    enum halde_status status = halde_heap_destroy(heap);
    // The process heap: to the caller a handle that is not its to close.
    return succeed(status == HALDE_BAD_ARGUMENT ? HALDE_BAD_HEAP : status);
}

BOOL WINAPI HeapDestroy(HANDLE hHeap)
{
    return destroy(hHeap);
}

PVOID NTAPI RtlDestroyHeap(PVOID HeapHandle)
{
    return destroy(HeapHandle) ? NULL : HeapHandle;
}

// ---- List -------------------------------------------------------------------------------------

HANDLE WINAPI GetProcessHeap(VOID)
{
    return halde_process_heap();
}

static DWORD list(DWORD capacity, HANDLE *heaps)
{
    size_t count = halde_heap_list((halde_heap **)heaps, heaps == NULL ? 0 : capacity);
    return (DWORD)size_min(count, MAXDWORD);
}

DWORD WINAPI GetProcessHeaps(DWORD NumberOfHeaps, PHANDLE ProcessHeaps)
{
    return list(NumberOfHeaps, ProcessHeaps);
}

ULONG NTAPI RtlGetProcessHeaps(ULONG NumberOfHeaps, PVOID *ProcessHeaps)
{
    return list(NumberOfHeaps, ProcessHeaps);
}

// ---- Lock -------------------------------------------------------------------------------------

static bool lock(HANDLE heap)
{
    return succeed(halde_heap_lock(heap));
}

static bool unlock(HANDLE heap)
{
    return succeed(halde_heap_unlock(heap));
}

BOOL WINAPI HeapLock(HANDLE hHeap)
{
    return lock(hHeap);
}

BOOL WINAPI HeapUnlock(HANDLE hHeap)
{
    return unlock(hHeap);
}

BOOLEAN NTAPI RtlLockHeap(PVOID HeapHandle)
{
    return lock(HeapHandle);
}

BOOLEAN NTAPI RtlUnlockHeap(PVOID HeapHandle)
{
    return unlock(HeapHandle);
}

// ---- Compact ----------------------------------------------------------------------------------

static SIZE_T compact(HANDLE heap)
{
    size_t largest = halde_heap_compact(heap);
    if (largest == 0) {
        last_error_set(halde_heap_is_valid(heap) ? NO_ERROR : ERROR_INVALID_HANDLE);
    }
    return largest;
}

SIZE_T WINAPI HeapCompact(HANDLE hHeap, DWORD dwFlags)
{
    (void)dwFlags;
    return compact(hHeap);
}

ULONG NTAPI RtlCompactHeap(PVOID HeapHandle, ULONG Flags)
{
    (void)Flags;
    return (ULONG)size_min(compact(HeapHandle), MAXDWORD);
}

// ---- Validate ---------------------------------------------------------------------------------

static COLD bool validation_failed(
    HANDLE heap, const void *block, const struct halde_damage *damage)
{
    corruption_note(heap, damage);
    if (damage->status == HALDE_BAD_HEAP) {
        last_error_set(ERROR_INVALID_HANDLE);
    } else if (block != NULL && !engine_is_readable(block, 1)) {
        last_error_set(ERROR_NOACCESS);
    }
    return false;
}

bool heap_validate(HANDLE heap, DWORD flags, const void *block)
{
    struct halde_damage damage = {.status = HALDE_OK};
    uint32_t engine_flags = (flags & HEAP_NO_SERIALIZE) != 0 ? HALDE_UNLOCKED : 0;
    enum halde_status status = engine_heap_validate(heap, block, engine_flags, &damage);
    if (status == HALDE_OK) {
        return true;
    }
    damage.status = status;
    return validation_failed(heap, block, &damage);
}

BOOL WINAPI HeapValidate(HANDLE hHeap, DWORD dwFlags, LPCVOID lpMem)
{
    return heap_validate(hHeap, dwFlags, lpMem);
}

BOOLEAN NTAPI RtlValidateHeap(PVOID HeapHandle, ULONG Flags, const void *BaseAddress)
{
    (void)Flags;
    return heap_validate(HeapHandle, Flags, BaseAddress);
}

// ---- Count ------------------------------------------------------------------------------------

BOOL WINAPI HeapSummary(HANDLE hHeap, DWORD dwFlags, LPHEAP_SUMMARY lpSummary)
{
    (void)dwFlags;
    if (lpSummary == NULL || lpSummary->cb != sizeof(*lpSummary)) {
        return succeed(HALDE_BAD_ARGUMENT);
    }
    struct halde_heap_summary summary;
    enum halde_status status = halde_heap_summarize(hHeap, &summary);
    if (status != HALDE_OK) {
        return succeed(status);
    }
    lpSummary->cbAllocated = summary.busy_size;
    lpSummary->cbCommitted = summary.committed_size;
    lpSummary->cbReserved = summary.reserved_size;
    lpSummary->cbMaxReserve = summary.max_reserve_size;
    return TRUE;
}

NTSTATUS NTAPI RtlUsageHeap(PVOID HeapHandle, ULONG Flags, PRTL_HEAP_USAGE Usage)
{
    (void)Flags;
    if (Usage == NULL || Usage->Length != sizeof(*Usage)) {
        return STATUS_INFO_LENGTH_MISMATCH;
    }
    struct halde_heap_summary summary;
    enum halde_status status = halde_heap_summarize(HeapHandle, &summary);
    if (status != HALDE_OK) {
        return status_from_engine(status);
    }
    *Usage = (RTL_HEAP_USAGE){
        .Length = sizeof(*Usage),
        .BytesAllocated = summary.busy_size,
        .BytesCommitted = summary.committed_size,
        .BytesReserved = summary.reserved_size,
        .BytesReservedMaximum = summary.max_reserve_size,
    };
    return STATUS_SUCCESS;
}
