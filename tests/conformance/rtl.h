// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The native heap functions.  Halde's <winternl.h> declares all of them, Windows' headers only
 * some.
 */
#ifndef CONFORMANCE_RTL_H
#define CONFORMANCE_RTL_H

#include "walk.h"

#include <winternl.h>

#ifdef _WIN32
typedef struct {
    PVOID DataAddress;
    SIZE_T DataSize;
    BYTE OverheadBytes;
    BYTE SegmentIndex;
    WORD Flags;
    union {
        struct {
            SIZE_T Settable;
            WORD TagIndex;
            WORD AllocatorBackTraceIndex;
            DWORD Reserved[2];
        } Block;
        struct {
            DWORD CommittedSize;
            DWORD UnCommittedSize;
            PVOID FirstEntry;
            PVOID LastEntry;
        } Segment;
    };
} RTL_HEAP_WALK_ENTRY;

PVOID NTAPI RtlReAllocateHeap(PVOID heap, ULONG flags, PVOID block, SIZE_T size);
SIZE_T NTAPI RtlSizeHeap(PVOID heap, ULONG flags, const void *block);
BOOLEAN NTAPI RtlValidateHeap(PVOID heap, ULONG flags, const void *block);
ULONG NTAPI RtlCompactHeap(PVOID heap, ULONG flags);
BOOLEAN NTAPI RtlLockHeap(PVOID heap);
BOOLEAN NTAPI RtlUnlockHeap(PVOID heap);
ULONG NTAPI RtlGetProcessHeaps(ULONG count, PVOID *heaps);
NTSTATUS NTAPI RtlWalkHeap(PVOID heap, RTL_HEAP_WALK_ENTRY *entry);
BOOLEAN NTAPI RtlGetUserInfoHeap(
    PVOID heap, ULONG flags, PVOID block, PVOID *value, PULONG user_flags);
BOOLEAN NTAPI RtlSetUserValueHeap(PVOID heap, ULONG flags, PVOID block, PVOID value);
BOOLEAN NTAPI RtlSetUserFlagsHeap(PVOID heap, ULONG flags, PVOID block, ULONG clear, ULONG set);
ULONG NTAPI RtlGetNtGlobalFlags(void);
VOID NTAPI RtlRaiseStatus(NTSTATUS status);
#endif

// Values that not every header names.
#define USER_VALUE 0x00000100u
#define USER_FLAG1 0x00000200u
#define USER_FLAG2 0x00000400u
#define USER_FLAG3 0x00000800u
#define RTL_BUSY 0x0001u
#define RTL_REGION 0x0002u
#define RTL_BLOCK 0x0010u
#define RTL_UNCOMMITTED 0x1000u
#define RTL_COMMITTED 0x4000u
#define RTL_FRONT_END 0x8000u
#define NO_MORE_ENTRIES 0x8000001Au

#endif
