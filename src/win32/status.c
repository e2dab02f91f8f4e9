// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "win32/status.h"

#include "base/compiler.h"
#include "halde-win32/winternl.h"

// The one list of status codes: code, name, last error.
static const struct {
    NTSTATUS status;
    DWORD error;
    const char *name;
} STATUSES[] = {
    {STATUS_SUCCESS, ERROR_SUCCESS, "STATUS_SUCCESS"},
    {STATUS_NO_MORE_ENTRIES, ERROR_NO_MORE_ITEMS, "STATUS_NO_MORE_ENTRIES"},
    {STATUS_UNSUCCESSFUL, ERROR_GEN_FAILURE, "STATUS_UNSUCCESSFUL"},
    {STATUS_NOT_IMPLEMENTED, ERROR_INVALID_FUNCTION, "STATUS_NOT_IMPLEMENTED"},
    {STATUS_INVALID_INFO_CLASS, ERROR_INVALID_PARAMETER, "STATUS_INVALID_INFO_CLASS"},
    {STATUS_INFO_LENGTH_MISMATCH, ERROR_BAD_LENGTH, "STATUS_INFO_LENGTH_MISMATCH"},
    {STATUS_ACCESS_VIOLATION, ERROR_NOACCESS, "STATUS_ACCESS_VIOLATION"},
    {STATUS_INVALID_HANDLE, ERROR_INVALID_HANDLE, "STATUS_INVALID_HANDLE"},
    {STATUS_INVALID_CID, ERROR_INVALID_PARAMETER, "STATUS_INVALID_CID"},
    {STATUS_INVALID_PARAMETER, ERROR_INVALID_PARAMETER, "STATUS_INVALID_PARAMETER"},
    {STATUS_NO_MEMORY, ERROR_NOT_ENOUGH_MEMORY, "STATUS_NO_MEMORY"},
    {STATUS_ACCESS_DENIED, ERROR_ACCESS_DENIED, "STATUS_ACCESS_DENIED"},
    {STATUS_BUFFER_TOO_SMALL, ERROR_INSUFFICIENT_BUFFER, "STATUS_BUFFER_TOO_SMALL"},
    {STATUS_COMMITMENT_LIMIT, ERROR_COMMITMENT_LIMIT, "STATUS_COMMITMENT_LIMIT"},
    {STATUS_RESOURCE_NOT_OWNED, ERROR_NOT_OWNER, "STATUS_RESOURCE_NOT_OWNED"},
    {STATUS_HEAP_CORRUPTION, ERROR_INTERNAL_ERROR, "STATUS_HEAP_CORRUPTION"},
    {STATUS_STACK_BUFFER_OVERRUN, ERROR_MR_MID_NOT_FOUND, "STATUS_STACK_BUFFER_OVERRUN"},
};
enum {
    STATUS_COUNT = sizeof(STATUSES) / sizeof(STATUSES[0])
};

NTSTATUS status_from_engine(enum halde_status status)
{
    switch (status) {
    case HALDE_OK:
        return STATUS_SUCCESS;
    case HALDE_NO_MEMORY:
        return STATUS_NO_MEMORY;
    case HALDE_BAD_HEAP:
        return STATUS_INVALID_HANDLE;
    case HALDE_NOT_OWNER:
        return STATUS_RESOURCE_NOT_OWNED;
    case HALDE_NO_MORE_ENTRIES:
        return STATUS_NO_MORE_ENTRIES;
    case HALDE_ACCESS_DENIED:
        return STATUS_ACCESS_DENIED;
    case HALDE_BAD_ARGUMENT:
    case HALDE_BLOCK_UNKNOWN:
    case HALDE_BLOCK_INTERIOR:
    case HALDE_BLOCK_FREED:
    case HALDE_BLOCK_OTHER_HEAP:
    case HALDE_BLOCK_DAMAGED:
    case HALDE_HEAP_DAMAGED:
    case HALDE_NOT_FOUND:
        break;
    }
    return STATUS_INVALID_PARAMETER;
}

// An error that was wrapped into a status: 0xC007 in the upper half, the error in the lower.
static bool is_wrapped_error(NTSTATUS status)
{
    return ((DWORD)status & 0xFFFF0000u) == 0xC0070000u;
}

DWORD status_to_error(NTSTATUS status)
{
    for (size_t i = 0; i < STATUS_COUNT; i++) {
        if (STATUSES[i].status == status) {
            return STATUSES[i].error;
        }
    }
    return is_wrapped_error(status) ? (DWORD)status & 0xFFFFu : ERROR_MR_MID_NOT_FOUND;
}

DWORD status_error_from_engine(enum halde_status status)
{
    return status_to_error(status_from_engine(status));
}

const char *status_name(NTSTATUS status)
{
    for (size_t i = 0; i < STATUS_COUNT; i++) {
        if (STATUSES[i].status == status) {
            return STATUSES[i].name;
        }
    }
    return "unknown status";
}

ULONG NTAPI RtlNtStatusToDosError(NTSTATUS Status)
{
    return status_to_error(Status);
}
