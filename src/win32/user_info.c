// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "win32/user_info.h"

#include "base/compiler.h"
#include "halde-win32/winternl.h"
#include "win32/last_error.h"
#include "win32/status.h"

// A block without user info reads as {NULL, 0}.
static enum halde_status read_user_info(HANDLE heap, void *block, struct halde_user_info *info)
{
    *info = (struct halde_user_info){.value = NULL, .flags = 0};
    enum halde_status status = halde_heap_get_user_info(heap, block, info);
    return status == HALDE_NOT_FOUND ? HALDE_OK : status;
}

enum halde_status user_info_add(HANDLE heap, void *block, DWORD flags)
{
    struct halde_user_info info;
    enum halde_status status = read_user_info(heap, block, &info);
    if (status != HALDE_OK) {
        return status;
    }
    info.flags |= flags & USER_INFO_MASK;
    return halde_heap_set_user_info(heap, block, &info);
}

static bool fail_user_info(enum halde_status status)
{
    last_error_set(status_error_from_engine(status));
    return false;
}

BOOLEAN NTAPI RtlGetUserInfoHeap(
    PVOID HeapHandle, ULONG Flags, PVOID BaseAddress, PVOID *UserValue, PULONG UserFlags)
{
    (void)Flags;
    struct halde_user_info info;
    enum halde_status status = read_user_info(HeapHandle, BaseAddress, &info);
    if (status != HALDE_OK) {
        return fail_user_info(status);
    }
    if (UserValue != NULL && (info.flags & HEAP_SETTABLE_USER_VALUE) != 0) {
        *UserValue = info.value;
    }
    if (UserFlags != NULL) {
        *UserFlags = info.flags & HEAP_SETTABLE_USER_FLAGS;
    }
    return TRUE;
}

BOOLEAN NTAPI RtlSetUserValueHeap(PVOID HeapHandle, ULONG Flags, PVOID BaseAddress, PVOID UserValue)
{
    (void)Flags;
    struct halde_user_info info;
    enum halde_status status = read_user_info(HeapHandle, BaseAddress, &info);
    if (status == HALDE_OK && (info.flags & HEAP_SETTABLE_USER_VALUE) == 0) {
        status = HALDE_BAD_ARGUMENT;
    }
    if (status == HALDE_OK) {
        info.value = UserValue;
        status = halde_heap_set_user_info(HeapHandle, BaseAddress, &info);
    }
    return status == HALDE_OK || fail_user_info(status);
}

BOOLEAN NTAPI RtlSetUserFlagsHeap(
    PVOID HeapHandle, ULONG Flags, PVOID BaseAddress, ULONG UserFlagsReset, ULONG UserFlagsSet)
{
    (void)Flags;
    if (((UserFlagsReset | UserFlagsSet) & ~(ULONG)HEAP_SETTABLE_USER_FLAGS) != 0) {
        return fail_user_info(HALDE_BAD_ARGUMENT);
    }
    struct halde_user_info info;
    enum halde_status status = read_user_info(HeapHandle, BaseAddress, &info);
    if (status == HALDE_OK) {
        info.flags = (info.flags & ~UserFlagsReset) | UserFlagsSet;
        status = halde_heap_set_user_info(HeapHandle, BaseAddress, &info);
    }
    return status == HALDE_OK || fail_user_info(status);
}
