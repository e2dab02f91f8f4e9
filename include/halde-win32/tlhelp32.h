// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * @file tlhelp32.h
 * Drop-in <tlhelp32.h>: enumeration of the own process's heaps and blocks.
 *
 * A snapshot fixes the list of heaps; blocks are read live, each call from the heap itself.  Other
 * processes are refused with 5.  `dwSize` of each structure is set by the caller before every call.
 */
#ifndef HALDE_WIN32_TLHELP32_H
#define HALDE_WIN32_TLHELP32_H

#include "handleapi.h"
#include "minwindef.h"
#include "winerror.h"

HALDE_EXTERN_C_BEGIN

#define TH32CS_SNAPHEAPLIST 0x00000001
#define TH32CS_SNAPPROCESS 0x00000002
#define TH32CS_SNAPTHREAD 0x00000004
#define TH32CS_SNAPMODULE 0x00000008
#define TH32CS_SNAPMODULE32 0x00000010
#define TH32CS_SNAPALL                                                                             \
    (TH32CS_SNAPHEAPLIST | TH32CS_SNAPPROCESS | TH32CS_SNAPTHREAD | TH32CS_SNAPMODULE)
#define TH32CS_INHERIT 0x80000000

#define HF32_DEFAULT 1 ///< the process heap
#define HF32_SHARED 2

#define LF32_FIXED 0x00000001
#define LF32_FREE 0x00000002
#define LF32_MOVEABLE 0x00000004

typedef struct tagHEAPLIST32 {
    SIZE_T dwSize; ///< sizeof(HEAPLIST32)
    DWORD th32ProcessID;
    ULONG_PTR th32HeapID; ///< for Heap32First()
    DWORD dwFlags;        ///< HF32_DEFAULT or 0
} HEAPLIST32, *PHEAPLIST32, *LPHEAPLIST32;

HALDE_ASSERT_SIZE(HEAPLIST32, 32);
HALDE_ASSERT_OFFSET(HEAPLIST32, dwSize, 0);
HALDE_ASSERT_OFFSET(HEAPLIST32, th32ProcessID, 8);
HALDE_ASSERT_OFFSET(HEAPLIST32, th32HeapID, 16);
HALDE_ASSERT_OFFSET(HEAPLIST32, dwFlags, 24);

typedef struct tagHEAPENTRY32 {
    SIZE_T dwSize;  ///< sizeof(HEAPENTRY32)
    HANDLE hHandle; ///< handle of a movable object, else the block's address
    ULONG_PTR dwAddress;
    SIZE_T dwBlockSize; ///< bytes, overhead included
    DWORD dwFlags;      ///< LF32_FIXED, LF32_MOVEABLE or LF32_FREE
    DWORD dwLockCount;  ///< 0
    DWORD dwResvd;      ///< private cursor: leave it alone
    DWORD th32ProcessID;
    ULONG_PTR th32HeapID;
} HEAPENTRY32, *PHEAPENTRY32, *LPHEAPENTRY32;

HALDE_ASSERT_SIZE(HEAPENTRY32, 56);
HALDE_ASSERT_OFFSET(HEAPENTRY32, dwSize, 0);
HALDE_ASSERT_OFFSET(HEAPENTRY32, hHandle, 8);
HALDE_ASSERT_OFFSET(HEAPENTRY32, dwAddress, 16);
HALDE_ASSERT_OFFSET(HEAPENTRY32, dwBlockSize, 24);
HALDE_ASSERT_OFFSET(HEAPENTRY32, dwFlags, 32);
HALDE_ASSERT_OFFSET(HEAPENTRY32, dwLockCount, 36);
HALDE_ASSERT_OFFSET(HEAPENTRY32, dwResvd, 40);
HALDE_ASSERT_OFFSET(HEAPENTRY32, th32ProcessID, 44);
HALDE_ASSERT_OFFSET(HEAPENTRY32, th32HeapID, 48);

/**
 * Takes a snapshot of the list of heaps.
 *
 * @param dwFlags        TH32CS_SNAPHEAPLIST; with other flags only, the snapshot is empty
 * @param th32ProcessID  0 or the own process id
 * @return a handle for CloseHandle(), or INVALID_HANDLE_VALUE with 5 (another process), 87 (no such
 * process), 8 Source: CreateToolhelp32Snapshot.
 */
WINBASEAPI HANDLE WINAPI CreateToolhelp32Snapshot(DWORD dwFlags, DWORD th32ProcessID);

/** Reads the snapshot's first heap. FALSE with 18 when there is none, 24 without dwSize, 6. Source:
 * Heap32ListFirst. */
WINBASEAPI BOOL WINAPI Heap32ListFirst(HANDLE hSnapshot, LPHEAPLIST32 lphl);

/** Reads the snapshot's next heap. FALSE with 18 at the end, 24 without dwSize, 6. Source:
 * Heap32ListNext. */
WINBASEAPI BOOL WINAPI Heap32ListNext(HANDLE hSnapshot, LPHEAPLIST32 lphl);

/**
 * Reads a heap's first element other than a region: a block or an uncommitted range.
 *
 * @return TRUE, or FALSE with 18 (no such heap, nothing in it), 24 (dwSize not set), 5, 87
 * Source: Heap32First.
 */
WINBASEAPI BOOL WINAPI Heap32First(LPHEAPENTRY32 lphe, DWORD th32ProcessID, ULONG_PTR th32HeapID);

/** Reads the next element. FALSE with 18 at the end; otherwise as Heap32First(). Source:
 * Heap32Next. */
WINBASEAPI BOOL WINAPI Heap32Next(LPHEAPENTRY32 lphe);

/**
 * Copies memory of the own process without a fault: all of it, or nothing.
 *
 * @param lpNumberOfBytesRead  receives the bytes copied; may be NULL
 * @return TRUE, or FALSE with 299 when any byte cannot be read, 5 or 87 for other processes
 * Source: Toolhelp32ReadProcessMemory.
 */
WINBASEAPI BOOL WINAPI Toolhelp32ReadProcessMemory(DWORD th32ProcessID, LPCVOID lpBaseAddress,
    LPVOID lpBuffer, SIZE_T cbRead, SIZE_T *lpNumberOfBytesRead);

HALDE_EXTERN_C_END

#endif
