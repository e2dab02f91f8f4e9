// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// HeapQueryInformation and HeapSetInformation, native and Win32.

#include "base/compiler.h"
#include "engine/engine.h"
#include "halde-win32/winternl.h"
#include "win32/corruption.h"
#include "win32/flags.h"
#include "win32/front_end.h"
#include "win32/heap_list.h"
#include "win32/last_error.h"
#include "win32/status.h"

static DWORD compatibility(HANDLE heap)
{
    if (front_end_is_possible(heap) && engine_heap_has_spans(heap)) {
        return HEAP_COMPATIBILITY_FRONT_END;
    }
    return flags_compatibility(heap);
}

// ---- Query ------------------------------------------------------------------------------------

static NTSTATUS query_compatibility(HANDLE heap, ULONG *value, SIZE_T size, SIZE_T *needed)
{
    if (heap == NULL) {
        return STATUS_ACCESS_VIOLATION;
    }
    if (!halde_heap_is_valid(heap)) {
        return STATUS_INVALID_HANDLE;
    }
    if (needed != NULL) {
        *needed = sizeof(*value);
    }
    if (size < sizeof(*value)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (value == NULL) {
        return STATUS_ACCESS_VIOLATION;
    }
    *value = compatibility(heap);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlQueryHeapInformation(PVOID HeapHandle,
    HEAP_INFORMATION_CLASS HeapInformationClass, PVOID HeapInformation,
    SIZE_T HeapInformationLength, PSIZE_T ReturnLength)
{
    if (HeapInformationClass != HeapCompatibilityInformation) {
        return STATUS_INVALID_INFO_CLASS;
    }
    return query_compatibility(HeapHandle, HeapInformation, HeapInformationLength, ReturnLength);
}

// ---- Set --------------------------------------------------------------------------------------

// The front end can be switched on and never off; saying again what already holds succeeds.
static NTSTATUS set_compatibility(HANDLE heap, const ULONG *value, SIZE_T size)
{
    if (!halde_heap_is_valid(heap)) {
        return STATUS_INVALID_HANDLE;
    }
    if (size < sizeof(*value)) {
        return STATUS_BUFFER_TOO_SMALL;
    }
    if (value == NULL) {
        return STATUS_ACCESS_VIOLATION;
    }
    if (*value == compatibility(heap)) {
        return STATUS_SUCCESS;
    }
    if (*value != HEAP_COMPATIBILITY_FRONT_END || !front_end_is_possible(heap)) {
        return STATUS_UNSUCCESSFUL;
    }
    flags_set_compatibility(heap, HEAP_COMPATIBILITY_FRONT_END);
    return STATUS_SUCCESS;
}

static NTSTATUS compact_all(void)
{
    struct heap_list list;
    if (heap_list_read(&list) != HALDE_OK) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < list.count; i++) {
        halde_heap_compact(list.heaps[i]);
    }
    heap_list_release(&list);
    return STATUS_SUCCESS;
}

static NTSTATUS optimize_resources(
    HANDLE heap, const HEAP_OPTIMIZE_RESOURCES_INFORMATION *information, SIZE_T size)
{
    if (information == NULL || size < sizeof(*information) ||
        information->Version != HEAP_OPTIMIZE_RESOURCES_CURRENT_VERSION) {
        return STATUS_INVALID_PARAMETER;
    }
    if (heap == NULL) {
        return compact_all();
    }
    if (!halde_heap_is_valid(heap)) {
        return STATUS_INVALID_HANDLE;
    }
    halde_heap_compact(heap);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlSetHeapInformation(PVOID HeapHandle, HEAP_INFORMATION_CLASS HeapInformationClass,
    PVOID HeapInformation, SIZE_T HeapInformationLength)
{
    switch (HeapInformationClass) {
    case HeapCompatibilityInformation:
        return set_compatibility(HeapHandle, HeapInformation, HeapInformationLength);
    case HeapEnableTerminationOnCorruption:
        corruption_enable_termination();
        return STATUS_SUCCESS;
    case HeapOptimizeResources:
        return optimize_resources(HeapHandle, HeapInformation, HeapInformationLength);
    case HeapExtendedInformation:
    case HeapTaggingInformation:
    case HeapStackDatabase:
    case HeapMemoryLimit:
    case HeapTag:
        break;
    }
    return STATUS_INVALID_INFO_CLASS;
}

// ---- Win32 ------------------------------------------------------------------------------------

static BOOL succeed(NTSTATUS status)
{
    if (status != STATUS_SUCCESS) {
        last_error_set(status_to_error(status));
    }
    return status == STATUS_SUCCESS;
}

BOOL WINAPI HeapQueryInformation(HANDLE HeapHandle, HEAP_INFORMATION_CLASS HeapInformationClass,
    PVOID HeapInformation, SIZE_T HeapInformationLength, PSIZE_T ReturnLength)
{
    return succeed(RtlQueryHeapInformation(
        HeapHandle, HeapInformationClass, HeapInformation, HeapInformationLength, ReturnLength));
}

BOOL WINAPI HeapSetInformation(HANDLE HeapHandle, HEAP_INFORMATION_CLASS HeapInformationClass,
    PVOID HeapInformation, SIZE_T HeapInformationLength)
{
    return succeed(RtlSetHeapInformation(
        HeapHandle, HeapInformationClass, HeapInformation, HeapInformationLength));
}
