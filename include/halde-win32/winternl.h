// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * @file winternl.h
 * Drop-in <winternl.h>: the native heap functions, which windows.h's are made of.
 *
 * They behave as their Win32 namesakes and set the last error as those do; what differs is said
 * here.
 */
#ifndef HALDE_WIN32_WINTERNL_H
#define HALDE_WIN32_WINTERNL_H

#include "heapapi.h"
#include "minwindef.h"
#include "winnt.h"

HALDE_EXTERN_C_BEGIN

// ---- Flags ------------------------------------------------------------------------------------

// A block with the user value bit carries a pointer, and each carries three flag bits, for the
// program.
#define HEAP_SETTABLE_USER_VALUE 0x00000100
#define HEAP_SETTABLE_USER_FLAG1 0x00000200
#define HEAP_SETTABLE_USER_FLAG2 0x00000400
#define HEAP_SETTABLE_USER_FLAG3 0x00000800
#define HEAP_SETTABLE_USER_FLAGS 0x00000E00

#define HEAP_CLASS_0 0x00000000 ///< process heap
#define HEAP_CLASS_1 0x00001000 ///< private heap
#define HEAP_CLASS_2 0x00002000
#define HEAP_CLASS_3 0x00003000
#define HEAP_CLASS_4 0x00004000
#define HEAP_CLASS_5 0x00005000
#define HEAP_CLASS_6 0x00006000
#define HEAP_CLASS_7 0x00007000
#define HEAP_CLASS_8 0x00008000
#define HEAP_CLASS_MASK 0x0000F000

#define HEAP_GLOBAL_TAG 0x0800
#define HEAP_TAG_MASK (HEAP_MAXIMUM_TAG << HEAP_TAG_SHIFT)

#define HEAP_CREATE_VALID_MASK                                                                     \
    (HEAP_NO_SERIALIZE | HEAP_GROWABLE | HEAP_GENERATE_EXCEPTIONS | HEAP_ZERO_MEMORY |             \
        HEAP_REALLOC_IN_PLACE_ONLY | HEAP_TAIL_CHECKING_ENABLED | HEAP_FREE_CHECKING_ENABLED |     \
        HEAP_DISABLE_COALESCE_ON_FREE | HEAP_CLASS_MASK | HEAP_CREATE_ALIGN_16 |                   \
        HEAP_CREATE_ENABLE_TRACING | HEAP_CREATE_ENABLE_EXECUTE)
HALDE_STATIC_ASSERT(HEAP_CREATE_VALID_MASK == 0x0007F0FF);
HALDE_STATIC_ASSERT(HEAP_TAG_MASK == 0x3FFC0000);

// Global flags: HALDE_OPTIONS heap_flags=<hexadecimal or htc,hfc,...>, fixed at start.
#define FLG_HEAP_ENABLE_TAIL_CHECK 0x00000010   ///< htc
#define FLG_HEAP_ENABLE_FREE_CHECK 0x00000020   ///< hfc
#define FLG_HEAP_VALIDATE_PARAMETERS 0x00000040 ///< hpc
#define FLG_HEAP_VALIDATE_ALL 0x00000080        ///< hvc
#define FLG_APPLICATION_VERIFIER 0x00000100     ///< vrf
#define FLG_HEAP_ENABLE_TAGGING 0x00000800      ///< htg
#define FLG_USER_STACK_TRACE_DB 0x00001000      ///< ust
#define FLG_HEAP_ENABLE_TAG_BY_DLL 0x00008000   ///< htd
#define FLG_HEAP_DISABLE_COALESCING 0x00200000  ///< dhc
#define FLG_HEAP_PAGE_ALLOCS 0x02000000         ///< hpa

// ---- Types ------------------------------------------------------------------------------------

typedef NTSTATUS(NTAPI *PRTL_HEAP_COMMIT_ROUTINE)(
    PVOID Base, PVOID *CommitAddress, PSIZE_T CommitSize);

/** Sizes for RtlCreateHeap(), in bytes; 0 for the defaults. Only the ones named there have an
 * effect. */
typedef struct _RTL_HEAP_PARAMETERS {
    ULONG Length; ///< sizeof(RTL_HEAP_PARAMETERS)
    SIZE_T SegmentReserve;
    SIZE_T SegmentCommit;
    SIZE_T DeCommitFreeBlockThreshold;
    SIZE_T DeCommitTotalFreeThreshold;
    SIZE_T MaximumAllocationSize;
    SIZE_T VirtualMemoryThreshold;
    SIZE_T InitialCommit;
    SIZE_T InitialReserve;
    PRTL_HEAP_COMMIT_ROUTINE CommitRoutine;
    SIZE_T Reserved[2];
} RTL_HEAP_PARAMETERS, *PRTL_HEAP_PARAMETERS;

HALDE_ASSERT_SIZE(RTL_HEAP_PARAMETERS, 96);
HALDE_ASSERT_OFFSET(RTL_HEAP_PARAMETERS, SegmentReserve, 8);
HALDE_ASSERT_OFFSET(RTL_HEAP_PARAMETERS, InitialCommit, 56);
HALDE_ASSERT_OFFSET(RTL_HEAP_PARAMETERS, InitialReserve, 64);
HALDE_ASSERT_OFFSET(RTL_HEAP_PARAMETERS, CommitRoutine, 72);

// Flags of RTL_HEAP_WALK_ENTRY. A free block has none; a busy one 0x4011; one of the front end
// 0x8001.
#define RTL_HEAP_ENTRY_BUSY 0x0001
#define RTL_HEAP_ENTRY_REGION 0x0002
#define RTL_HEAP_ENTRY_BLOCK 0x0010
#define RTL_HEAP_ENTRY_UNCOMMITTED 0x1000
#define RTL_HEAP_ENTRY_COMMITTED 0x4000
#define RTL_HEAP_ENTRY_LFH 0x8000

/** One element of a heap, with its full size. Start a walk with DataAddress NULL. */
typedef struct _RTL_HEAP_WALK_ENTRY {
    PVOID DataAddress;
    SIZE_T DataSize; ///< bytes
    BYTE OverheadBytes;
    BYTE SegmentIndex; ///< as PROCESS_HEAP_ENTRY.iRegionIndex
    WORD Flags;        ///< RTL_HEAP_ENTRY_*
    __extension__ union {
        struct {
            SIZE_T Settable; ///< the user value
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
    } DUMMYUNIONNAME;
} RTL_HEAP_WALK_ENTRY, *PRTL_HEAP_WALK_ENTRY;

HALDE_ASSERT_SIZE(RTL_HEAP_WALK_ENTRY, 48);
HALDE_ASSERT_OFFSET(RTL_HEAP_WALK_ENTRY, DataSize, 8);
HALDE_ASSERT_OFFSET(RTL_HEAP_WALK_ENTRY, OverheadBytes, 16);
HALDE_ASSERT_OFFSET(RTL_HEAP_WALK_ENTRY, SegmentIndex, 17);
HALDE_ASSERT_OFFSET(RTL_HEAP_WALK_ENTRY, Flags, 18);
#ifdef NONAMELESSUNION
HALDE_ASSERT_OFFSET(RTL_HEAP_WALK_ENTRY, u.Segment.CommittedSize, 24);
HALDE_ASSERT_OFFSET(RTL_HEAP_WALK_ENTRY, u.Segment.FirstEntry, 32);
HALDE_ASSERT_OFFSET(RTL_HEAP_WALK_ENTRY, u.Segment.LastEntry, 40);
#else
HALDE_ASSERT_OFFSET(RTL_HEAP_WALK_ENTRY, Segment.CommittedSize, 24);
HALDE_ASSERT_OFFSET(RTL_HEAP_WALK_ENTRY, Segment.FirstEntry, 32);
HALDE_ASSERT_OFFSET(RTL_HEAP_WALK_ENTRY, Segment.LastEntry, 40);
#endif

/** Totals of one heap for RtlUsageHeap(), in bytes; the pointers are left NULL. */
typedef struct _RTL_HEAP_USAGE {
    ULONG Length; ///< sizeof(RTL_HEAP_USAGE)
    SIZE_T BytesAllocated;
    SIZE_T BytesCommitted;
    SIZE_T BytesReserved;
    SIZE_T BytesReservedMaximum;
    PVOID Entries;
    PVOID AddedEntries;
    PVOID RemovedEntries;
    ULONG_PTR Reserved[8];
} RTL_HEAP_USAGE, *PRTL_HEAP_USAGE;

typedef NTSTATUS(NTAPI *PRTL_ENUM_HEAPS_ROUTINE)(PVOID HeapHandle, PVOID Parameter);

// ---- Heaps ------------------------------------------------------------------------------------

/**
 * Creates a heap.
 *
 * @param Flags       HEAP_*; HEAP_GROWABLE makes it growable, otherwise it never exceeds `Reserve`
 * @param Base        NULL: a heap in the caller's memory is not supported
 * @param Reserve     bytes; 0: `Commit` rounded up to 16 pages, or 64 pages
 * @param Commit      bytes; 0: one page; clamped to `Reserve`
 * @param Lock        NULL: a caller's critical section is not supported
 * @param Parameters  may be NULL; InitialCommit and InitialReserve stand in for 0 above
 * @return the heap, or NULL
 * Source: RtlCreateHeap.
 */
NTSYSAPI PVOID NTAPI RtlCreateHeap(ULONG Flags, PVOID Base, SIZE_T Reserve, SIZE_T Commit,
    PVOID Lock, PRTL_HEAP_PARAMETERS Parameters);

/** Destroys a heap. NULL on success, else the handle. Source: RtlDestroyHeap. */
NTSYSAPI PVOID NTAPI RtlDestroyHeap(PVOID HeapHandle);

/** HeapAlloc(). HEAP_SETTABLE_USER_* gives the block a user value and flags. Source:
 * RtlAllocateHeap. */
NTSYSAPI PVOID NTAPI RtlAllocateHeap(PVOID HeapHandle, ULONG Flags, SIZE_T Size);

/** HeapReAlloc(). User value and flags follow the block. */
NTSYSAPI PVOID NTAPI RtlReAllocateHeap(
    PVOID HeapHandle, ULONG Flags, PVOID BaseAddress, SIZE_T Size);

/** HeapFree(). Source: RtlFreeHeap. */
NTSYSAPI BOOLEAN NTAPI RtlFreeHeap(PVOID HeapHandle, ULONG Flags, PVOID BaseAddress);

/** HeapSize(). */
NTSYSAPI SIZE_T NTAPI RtlSizeHeap(PVOID HeapHandle, ULONG Flags, const void *BaseAddress);

/** HeapValidate(). */
NTSYSAPI BOOLEAN NTAPI RtlValidateHeap(PVOID HeapHandle, ULONG Flags, const void *BaseAddress);

/** HeapCompact(); the size is cut to 32 bits at their largest value. */
NTSYSAPI ULONG NTAPI RtlCompactHeap(PVOID HeapHandle, ULONG Flags);

/** HeapLock(). */
NTSYSAPI BOOLEAN NTAPI RtlLockHeap(PVOID HeapHandle);

/** HeapUnlock(). */
NTSYSAPI BOOLEAN NTAPI RtlUnlockHeap(PVOID HeapHandle);

/** GetProcessHeaps(). */
NTSYSAPI ULONG NTAPI RtlGetProcessHeaps(ULONG NumberOfHeaps, PVOID *ProcessHeaps);

/** One step of a walk, as HeapWalk(). Returns 0, or STATUS_NO_MORE_ENTRIES at the end. */
NTSYSAPI NTSTATUS NTAPI RtlWalkHeap(PVOID HeapHandle, PRTL_HEAP_WALK_ENTRY Entry);

/** HeapQueryInformation() with a status. The last error is left alone. */
NTSYSAPI NTSTATUS NTAPI RtlQueryHeapInformation(PVOID HeapHandle,
    HEAP_INFORMATION_CLASS HeapInformationClass, PVOID HeapInformation,
    SIZE_T HeapInformationLength, PSIZE_T ReturnLength);

/** HeapSetInformation() with a status. The last error is left alone. */
NTSYSAPI NTSTATUS NTAPI RtlSetHeapInformation(PVOID HeapHandle,
    HEAP_INFORMATION_CLASS HeapInformationClass, PVOID HeapInformation,
    SIZE_T HeapInformationLength);

// ---- User values ------------------------------------------------------------------------------

/**
 * Reads a block's user value and flags.
 *
 * @param UserValue  receives the value if the block has one, else is left alone; may be NULL
 * @param UserFlags  receives HEAP_SETTABLE_USER_FLAG bits; may be NULL
 * @return TRUE, or FALSE with 87 or 6
 */
NTSYSAPI BOOLEAN NTAPI RtlGetUserInfoHeap(
    PVOID HeapHandle, ULONG Flags, PVOID BaseAddress, PVOID *UserValue, PULONG UserFlags);

/** Sets the user value. FALSE with 87 unless the block was allocated with HEAP_SETTABLE_USER_VALUE.
 */
NTSYSAPI BOOLEAN NTAPI RtlSetUserValueHeap(
    PVOID HeapHandle, ULONG Flags, PVOID BaseAddress, PVOID UserValue);

/**
 * Clears, then sets user flags of a block.
 * @return TRUE, or FALSE with 87 for bits outside HEAP_SETTABLE_USER_FLAGS or a wrong block, or 6
 */
NTSYSAPI BOOLEAN NTAPI RtlSetUserFlagsHeap(
    PVOID HeapHandle, ULONG Flags, PVOID BaseAddress, ULONG UserFlagsReset, ULONG UserFlagsSet);

// ---- Undocumented neighbours ------------------------------------------------------------------

/** Not offered: STATUS_NOT_IMPLEMENTED. */
NTSYSAPI NTSTATUS NTAPI RtlZeroHeap(PVOID HeapHandle, ULONG Flags);
/** Does nothing: the heap's own data cannot be reached through blocks. */
NTSYSAPI VOID NTAPI RtlProtectHeap(PVOID HeapHandle, BOOLEAN MakeReadOnly);
/** Not offered: STATUS_NOT_IMPLEMENTED. */
NTSYSAPI NTSTATUS NTAPI RtlExtendHeap(PVOID HeapHandle, ULONG Flags, PVOID Base, SIZE_T Size);
/** Counts a heap. 0, STATUS_INFO_LENGTH_MISMATCH unless Length is set, STATUS_INVALID_HANDLE. */
NTSYSAPI NTSTATUS NTAPI RtlUsageHeap(PVOID HeapHandle, ULONG Flags, PRTL_HEAP_USAGE Usage);
/** No tags are kept: returns 0. */
NTSYSAPI ULONG NTAPI RtlCreateTagHeap(
    PVOID HeapHandle, ULONG Flags, PCWSTR TagPrefix, PCWSTR TagNames);
/** No tags are kept: returns NULL. */
NTSYSAPI PWSTR NTAPI RtlQueryTagHeap(
    PVOID HeapHandle, ULONG Flags, WORD TagIndex, BOOLEAN ResetCounters, PVOID TagInfo);
/** Calls `EnumRoutine` for each live heap until one call returns a failure, which is returned. */
NTSYSAPI NTSTATUS NTAPI RtlEnumProcessHeaps(PRTL_ENUM_HEAPS_ROUTINE EnumRoutine, PVOID Parameter);
/** Validates every heap. */
NTSYSAPI BOOLEAN NTAPI RtlValidateProcessHeaps(VOID);
/** Not offered: STATUS_NOT_IMPLEMENTED. */
NTSYSAPI NTSTATUS NTAPI RtlQueryProcessHeapInformation(PVOID DebugInformation);

// ---- Status -----------------------------------------------------------------------------------

/** Returns the global flags of this process (FLG_*). */
NTSYSAPI ULONG NTAPI RtlGetNtGlobalFlags(VOID);

/** Returns the last error that stands for a status; 317 for one it does not know. Source:
 * RtlNtStatusToDosError. */
NTSYSAPI ULONG NTAPI RtlNtStatusToDosError(NTSTATUS Status);

/** Calls the exception handler (halde/win32.h) with `Status`, then ends the process. */
NTSYSAPI VOID NTAPI RtlRaiseStatus(NTSTATUS Status) __attribute__((__noreturn__));

HALDE_EXTERN_C_END

#endif
