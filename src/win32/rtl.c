// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Native functions without a Win32 counterpart, or with one that differs.  The others stand beside
// their counterparts.

#include "base/bits.h"
#include "halde-win32/winternl.h"
#include "os/os.h"
#include "win32/heap.h"
#include "win32/heap_list.h"
#include "win32/last_error.h"
#include "win32/status.h"

// ---- RtlCreateHeap ----------------------------------------------------------------------------

enum {
    DEFAULT_RESERVE_PAGES = 64,
    RESERVE_STEP_PAGES = 16,
};

struct heap_sizes {
    size_t reserve, commit; // bytes
};

// The documented defaults: what is not given follows from what is.
static struct heap_sizes complete_sizes(struct heap_sizes sizes)
{
    size_t page = os_page_size();
    if (sizes.reserve == 0) {
        size_t step = RESERVE_STEP_PAGES * page;
        size_t largest = bits_round_down(SIZE_MAX, step);
        sizes.reserve = sizes.commit == 0 ? DEFAULT_RESERVE_PAGES * page
                                          : bits_round_up(size_min(sizes.commit, largest), step);
    }
    if (sizes.commit == 0) {
        sizes.commit = page;
    }
    sizes.commit = size_min(sizes.commit, sizes.reserve);
    return sizes;
}

PVOID NTAPI RtlCreateHeap(ULONG Flags, PVOID Base, SIZE_T Reserve, SIZE_T Commit, PVOID Lock,
    PRTL_HEAP_PARAMETERS Parameters)
{
    bool has_parameters = Parameters != NULL && Parameters->Length == sizeof(*Parameters);
    bool has_routine = has_parameters && Parameters->CommitRoutine != NULL;
    if (Base != NULL || Lock != NULL || has_routine) {
        // Blocks elsewhere than in the caller's memory, or another lock than the caller's, would go
        // unnoticed until it hurts.
        last_error_set(ERROR_CALL_NOT_IMPLEMENTED);
        return NULL;
    }
    struct heap_sizes sizes = {.reserve = Reserve, .commit = Commit};
    if (has_parameters) {
        sizes.reserve = Reserve != 0 ? Reserve : Parameters->InitialReserve;
        sizes.commit = Commit != 0 ? Commit : Parameters->InitialCommit;
    }
    sizes = complete_sizes(sizes);
    bool is_growable = (Flags & HEAP_GROWABLE) != 0;
    halde_heap *heap;
    enum halde_status status = heap_create(Flags, sizes.commit, is_growable ? sizes.reserve : 0,
        is_growable ? 0 : sizes.reserve, &heap);
    if (status != HALDE_OK) {
        last_error_set(status_error_from_engine(status));
        return NULL;
    }
    return heap;
}

// ---- All heaps --------------------------------------------------------------------------------

NTSTATUS NTAPI RtlEnumProcessHeaps(PRTL_ENUM_HEAPS_ROUTINE EnumRoutine, PVOID Parameter)
{
    struct heap_list list;
    if (EnumRoutine == NULL) {
        return STATUS_INVALID_PARAMETER;
    }
    if (heap_list_read(&list) != HALDE_OK) {
        return STATUS_NO_MEMORY;
    }
    NTSTATUS status = STATUS_SUCCESS;
    for (size_t i = 0; i < list.count && status >= 0; i++) {
        status = EnumRoutine(list.heaps[i], Parameter);
    }
    heap_list_release(&list);
    return status;
}

BOOLEAN NTAPI RtlValidateProcessHeaps(VOID)
{
    struct heap_list list;
    if (heap_list_read(&list) != HALDE_OK) {
        last_error_set(ERROR_NOT_ENOUGH_MEMORY);
        return FALSE;
    }
    bool is_sound = true;
    for (size_t i = 0; i < list.count; i++) {
        // A heap that was destroyed meanwhile is no damage.
        is_sound &= !halde_heap_is_valid(list.heaps[i]) || heap_validate(list.heaps[i], 0, NULL);
    }
    heap_list_release(&list);
    return is_sound;
}

// ---- Without effect ---------------------------------------------------------------------------

VOID NTAPI RtlProtectHeap(PVOID HeapHandle, BOOLEAN MakeReadOnly)
{
    (void)HeapHandle;
    (void)MakeReadOnly;
}

NTSTATUS NTAPI RtlZeroHeap(PVOID HeapHandle, ULONG Flags)
{
    (void)HeapHandle;
    (void)Flags;
    return STATUS_NOT_IMPLEMENTED;
}

NTSTATUS NTAPI RtlExtendHeap(PVOID HeapHandle, ULONG Flags, PVOID Base, SIZE_T Size)
{
    (void)HeapHandle;
    (void)Flags;
    (void)Base;
    (void)Size;
    return STATUS_NOT_IMPLEMENTED;
}

ULONG NTAPI RtlCreateTagHeap(PVOID HeapHandle, ULONG Flags, PCWSTR TagPrefix, PCWSTR TagNames)
{
    (void)HeapHandle;
    (void)Flags;
    (void)TagPrefix;
    (void)TagNames;
    return 0;
}

PWSTR NTAPI RtlQueryTagHeap(
    PVOID HeapHandle, ULONG Flags, WORD TagIndex, BOOLEAN ResetCounters, PVOID TagInfo)
{
    (void)HeapHandle;
    (void)Flags;
    (void)TagIndex;
    (void)ResetCounters;
    (void)TagInfo;
    return NULL;
}

NTSTATUS NTAPI RtlQueryProcessHeapInformation(PVOID DebugInformation)
{
    (void)DebugInformation;
    return STATUS_NOT_IMPLEMENTED;
}
