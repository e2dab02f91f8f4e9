// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * @file heapapi.h
 * Drop-in <heapapi.h>: the Win32 heap functions.
 *
 * A heap handle is the address of the heap's first region, a multiple of 64 KiB.  Every function
 * may be given any handle and any block address: nothing is dereferenced before it is proved.
 *
 * Common to all: on failure the last error is set (6 for a handle that names no live heap), on
 * success it is left alone; `errno` is never changed; unknown flag bits are ignored.  Any thread
 * may use any heap unless it was created with HEAP_NO_SERIALIZE.  Calls wait while another thread
 * holds the heap's lock, unless they pass HEAP_NO_SERIALIZE.  None is async-signal-safe.
 *
 * A wrong pointer given to HeapFree() or HeapReAlloc() is reported in one sentence on stderr.  Then
 * the call fails with 87, or the process ends if termination on corruption is enabled
 * (HeapSetInformation(), or HALDE_OPTIONS terminate_on_corruption=1).
 */
#ifndef HALDE_WIN32_HEAPAPI_H
#define HALDE_WIN32_HEAPAPI_H

#include "minwinbase.h"
#include "minwindef.h"
#include "winerror.h"

HALDE_EXTERN_C_BEGIN

/** Totals of one heap, in bytes. */
typedef struct _HEAP_SUMMARY {
    DWORD cb;            ///< sizeof(HEAP_SUMMARY), set by the caller
    SIZE_T cbAllocated;  ///< requested sizes of all busy blocks
    SIZE_T cbCommitted;  ///< committed bytes of regions and large blocks
    SIZE_T cbReserved;   ///< reserved bytes of regions and large blocks
    SIZE_T cbMaxReserve; ///< maximum size of a fixed-size heap, else the largest SIZE_T
} HEAP_SUMMARY, *PHEAP_SUMMARY;
typedef PHEAP_SUMMARY LPHEAP_SUMMARY;

HALDE_ASSERT_SIZE(HEAP_SUMMARY, 40);
HALDE_ASSERT_OFFSET(HEAP_SUMMARY, cb, 0);
HALDE_ASSERT_OFFSET(HEAP_SUMMARY, cbAllocated, 8);
HALDE_ASSERT_OFFSET(HEAP_SUMMARY, cbCommitted, 16);
HALDE_ASSERT_OFFSET(HEAP_SUMMARY, cbReserved, 24);
HALDE_ASSERT_OFFSET(HEAP_SUMMARY, cbMaxReserve, 32);

/**
 * Returns the heap that exists from the start; the same for all threads, for the process's whole
 * life.
 *
 * @return the handle, or NULL when the system gave no memory at all
 * Source: GetProcessHeap.
 */
WINBASEAPI HANDLE WINAPI GetProcessHeap(VOID);

/**
 * Stores the handles of all live heaps: the process heap first, then in order of creation.
 *
 * @param NumberOfHeaps  capacity of `ProcessHeaps` in handles; 0 to ask for the count
 * @param ProcessHeaps   receives the first NumberOfHeaps handles; may be NULL when that is 0
 * @return how many heaps there are, even when they did not fit
 * Source: GetProcessHeaps.
 */
WINBASEAPI DWORD WINAPI GetProcessHeaps(DWORD NumberOfHeaps, PHANDLE ProcessHeaps);

/**
 * Creates a heap.
 *
 * @param flOptions      HEAP_NO_SERIALIZE, HEAP_GENERATE_EXCEPTIONS, HEAP_CREATE_ENABLE_EXECUTE
 * @param dwInitialSize  bytes committed at once, rounded up to a page; 0 for the default. Clamped
 * to the maximum
 * @param dwMaximumSize  bytes; 0 makes a growable heap. Else rounded up to a page: the heap, its
 * overhead included, never exceeds it, and no block may reach 1 MiB
 * @return the handle, or NULL with 8, or with 5 when the system refuses executable memory
 * Source: HeapCreate.
 */
WINBASEAPI HANDLE WINAPI HeapCreate(DWORD flOptions, SIZE_T dwInitialSize, SIZE_T dwMaximumSize);

/**
 * Releases a heap and everything still allocated from it.  No other thread may be using it.
 *
 * @return nonzero, or 0 with 6 for an unknown handle and for the process heap. NULL succeeds
 * Source: HeapDestroy.
 */
WINBASEAPI BOOL WINAPI HeapDestroy(HANDLE hHeap);

/**
 * Allocates `dwBytes`, aligned to 16. Zero bytes give a block of its own.
 *
 * @param dwFlags  HEAP_NO_SERIALIZE, HEAP_GENERATE_EXCEPTIONS, HEAP_ZERO_MEMORY
 * @return the block; free it with HeapFree(). NULL with 8 when out of memory, with 6 for a bad
 * handle; with HEAP_GENERATE_EXCEPTIONS the exception handler is called instead (halde/win32.h)
 * Source: HeapAlloc.
 */
WINBASEAPI LPVOID WINAPI HeapAlloc(HANDLE hHeap, DWORD dwFlags, SIZE_T dwBytes);

/**
 * Resizes a block; contents are kept up to the smaller size. Size 0 keeps an empty block.
 *
 * @param dwFlags  as for HeapAlloc(), where HEAP_ZERO_MEMORY zeroes from the old requested size on;
 *                 HEAP_REALLOC_IN_PLACE_ONLY: the block never moves
 * @param lpMem    a block of `hHeap`. NULL is not an allocation: NULL is returned, last error 0
 * @return the block, which may have moved, or NULL with 8 (no memory, or not in place), 6 or 87;
 * then the old block is untouched and still the caller's Source: HeapReAlloc.
 */
WINBASEAPI LPVOID WINAPI HeapReAlloc(HANDLE hHeap, DWORD dwFlags, LPVOID lpMem, SIZE_T dwBytes);

/**
 * Frees a block.
 *
 * @param dwFlags  HEAP_NO_SERIALIZE or 0
 * @param lpMem    a block of `hHeap`, or NULL: nothing happens, whatever `hHeap` is
 * @return nonzero, or 0 with 87 (not a live block of this heap) or 6; then nothing has changed
 * Source: HeapFree.
 */
WINBASEAPI BOOL WINAPI HeapFree(HANDLE hHeap, DWORD dwFlags, LPVOID lpMem);

/**
 * Returns the size of a block: exactly the bytes that were asked for.
 *
 * @return bytes, or (SIZE_T)-1 if `lpMem` is not a live block of `hHeap`; the last error is left
 * alone Source: HeapSize.
 */
WINBASEAPI SIZE_T WINAPI HeapSize(HANDLE hHeap, DWORD dwFlags, LPCVOID lpMem);

/**
 * Checks one block, or with NULL the whole heap. Any address may be asked.
 *
 * @return nonzero if sound, else 0: with 998 when `lpMem` is not readable, otherwise the last error
 * is left alone. With a debug flag on, one sentence on stderr says what is wrong Source:
 * HeapValidate.
 */
WINBASEAPI BOOL WINAPI HeapValidate(HANDLE hHeap, DWORD dwFlags, LPCVOID lpMem);

/**
 * Gives free memory back to the system.
 *
 * @return bytes of the largest committed free block, or 0: with last error 0 when there is none
 * Source: HeapCompact.
 */
WINBASEAPI SIZE_T WINAPI HeapCompact(HANDLE hHeap, DWORD dwFlags);

/**
 * Stops a heap: other threads that use it wait until the owner has called HeapUnlock() as often.
 * The owner may go on using the heap.  On a HEAP_NO_SERIALIZE heap it succeeds and does nothing.
 *
 * @return nonzero, or 0 with 6.  Never times out; a thread that ends with the lock leaves it held
 * Source: HeapLock.
 */
WINBASEAPI BOOL WINAPI HeapLock(HANDLE hHeap);

/** Releases one level of the lock. 0 with 288 when the caller does not hold it. Source: HeapUnlock.
 */
WINBASEAPI BOOL WINAPI HeapUnlock(HANDLE hHeap);

/**
 * One step of a walk: the region at the handle, then the others by address, each followed by its
 * blocks by address and its uncommitted ranges; large blocks last.
 *
 * @param lpEntry  lpData NULL starts; afterwards the entry of the step before. Only lpData and the
 * busy flag are read, every member is written
 * @return TRUE, or FALSE with 259 at the end, 87 when lpEntry is NULL or names no element, 6.  Then
 *         the entry is unchanged
 * Threads: takes the lock for the step only; hold it by HeapLock() around a walk.  Source:
 * HeapWalk.
 */
WINBASEAPI BOOL WINAPI HeapWalk(HANDLE hHeap, LPPROCESS_HEAP_ENTRY lpEntry);

/**
 * Counts a heap exactly, under its lock.
 *
 * @param dwFlags    ignored
 * @param lpSummary  its `cb` must be set
 * @return TRUE, or FALSE with 87 (NULL, wrong `cb`) or 6
 * Source: HeapSummary.
 */
WINBASEAPI BOOL WINAPI HeapSummary(HANDLE hHeap, DWORD dwFlags, LPHEAP_SUMMARY lpSummary);

/**
 * Reads a property of a heap; HeapCompatibilityInformation is the only one: a ULONG, 0 standard, 2
 * low-fragmentation front end.
 *
 * @param ReturnLength  receives the bytes needed; may be NULL
 * @return nonzero, or 0 with 122 (buffer too small), 998 (NULL heap or buffer), 6, 87 (other
 * classes) Source: HeapQueryInformation.
 */
WINBASEAPI BOOL WINAPI HeapQueryInformation(HANDLE HeapHandle,
    HEAP_INFORMATION_CLASS HeapInformationClass, PVOID HeapInformation,
    SIZE_T HeapInformationLength, PSIZE_T ReturnLength);

/**
 * Sets a property: HeapCompatibilityInformation (ULONG 2), HeapEnableTerminationOnCorruption (no
 * data, for the whole process, for good), HeapOptimizeResources (gives free memory back; NULL heap:
 * of all heaps).
 *
 * @return nonzero, or 0 with 31 (front end cannot be switched off, or not on for this kind of
 * heap), 122 (data too short), 87, 998, 6 Source: HeapSetInformation.
 */
WINBASEAPI BOOL WINAPI HeapSetInformation(HANDLE HeapHandle,
    HEAP_INFORMATION_CLASS HeapInformationClass, PVOID HeapInformation,
    SIZE_T HeapInformationLength);

HALDE_EXTERN_C_END

#endif
