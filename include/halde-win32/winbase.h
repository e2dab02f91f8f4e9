// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * @file winbase.h
 * Drop-in <winbase.h>: Global and Local memory, pointer tests.
 *
 * Global* and Local* are one implementation over the process heap.  A *fixed* object is its
 * pointer; a *movable* one is a handle: the address of the second word of an entry {flags, data} in
 * a table of 65536 entries outside every heap, so that *(void **)handle is the data.  Nothing is
 * ever moved or discarded unless a call asks for it.  Every function holds the process heap's lock.
 *
 * Any value may be given as an object: a stale or invalid handle gives 6, an unreadable pointer 998
 * or 6 as each function says.
 */
#ifndef HALDE_WIN32_WINBASE_H
#define HALDE_WIN32_WINBASE_H

#include "errhandlingapi.h"
#include "handleapi.h"
#include "heapapi.h"
#include "minwinbase.h"
#include "processthreadsapi.h"
#include "sysinfoapi.h"
#include "windef.h"
#include "winerror.h"

HALDE_EXTERN_C_BEGIN

// ---- Flags ------------------------------------------------------------------------------------

#define GMEM_FIXED 0x0000
#define GMEM_MOVEABLE 0x0002
#define GMEM_NOCOMPACT 0x0010
#define GMEM_NODISCARD 0x0020
#define GMEM_ZEROINIT 0x0040
#define GMEM_MODIFY 0x0080
#define GMEM_DISCARDABLE 0x0100
#define GMEM_NOT_BANKED 0x1000
#define GMEM_LOWER GMEM_NOT_BANKED
#define GMEM_SHARE 0x2000
#define GMEM_DDESHARE 0x2000
#define GMEM_NOTIFY 0x4000
#define GMEM_DISCARDED 0x4000
#define GMEM_INVALID_HANDLE 0x8000
#define GMEM_LOCKCOUNT 0x00FF
#define GMEM_VALID_FLAGS 0x7F72
#define GHND (GMEM_MOVEABLE | GMEM_ZEROINIT)
#define GPTR (GMEM_FIXED | GMEM_ZEROINIT)

#define LMEM_FIXED 0x0000
#define LMEM_MOVEABLE 0x0002
#define LMEM_NOCOMPACT 0x0010
#define LMEM_NODISCARD 0x0020
#define LMEM_ZEROINIT 0x0040
#define LMEM_MODIFY 0x0080
#define LMEM_DISCARDABLE 0x0F00
#define LMEM_DISCARDED 0x4000
#define LMEM_INVALID_HANDLE 0x8000
#define LMEM_LOCKCOUNT 0x00FF
#define LMEM_VALID_FLAGS 0x0F72
#define LHND (LMEM_MOVEABLE | LMEM_ZEROINIT)
#define LPTR (LMEM_FIXED | LMEM_ZEROINIT)
#define NONZEROLHND (LMEM_MOVEABLE)
#define NONZEROLPTR (LMEM_FIXED)

// ---- Global memory ----------------------------------------------------------------------------

/**
 * Allocates a memory object.
 *
 * @param uFlags   GMEM_*; GMEM_MOVEABLE gives a handle, otherwise the result is a pointer
 * @param dwBytes  bytes. Fixed and 0: one byte. Movable and 0: a discarded object without data
 * @return the object, or NULL with 8 (no memory, or 65536 movable objects alive)
 * Source: GlobalAlloc.
 */
WINBASEAPI HGLOBAL WINAPI GlobalAlloc(UINT uFlags, SIZE_T dwBytes);

/**
 * Resizes an object, or with GMEM_MODIFY changes its kind and ignores `dwBytes`.
 *
 * Fixed: stays where it is unless GMEM_MOVEABLE; GMEM_MODIFY | GMEM_MOVEABLE turns it into a
 * movable one. Movable: the handle stays; GMEM_MOVEABLE with 0 bytes discards the data of an
 * unlocked object.
 *
 * @return the object, or NULL with 8 (no memory, or not in place), 6 (stale handle), 87, 998; then
 * the object is unchanged Source: GlobalReAlloc.
 */
WINBASEAPI HGLOBAL WINAPI GlobalReAlloc(HGLOBAL hMem, SIZE_T dwBytes, UINT uFlags);

/** Frees an object, locked or not. NULL on success; else the argument, with 6 or 998. Source:
 * GlobalFree. */
WINBASEAPI HGLOBAL WINAPI GlobalFree(HGLOBAL hMem);

/**
 * Returns an object's data and counts a lock, up to 255, on a movable one.
 *
 * @return the data; NULL with 157 when it is discarded, with 6 for anything that is no object
 * Source: GlobalLock.
 */
WINBASEAPI LPVOID WINAPI GlobalLock(HGLOBAL hMem);

/**
 * Takes one lock off a movable object.
 *
 * @return TRUE while locks remain. FALSE with last error 0 when the last one went: that is success.
 * FALSE with 158 when there was none. TRUE for a fixed object; TRUE with 6 for a stale handle
 * Source: GlobalUnlock.
 */
WINBASEAPI BOOL WINAPI GlobalUnlock(HGLOBAL hMem);

/** Returns the requested size; 0 when discarded, 0 with 6 for anything that is no object. Source:
 * GlobalSize. */
WINBASEAPI SIZE_T WINAPI GlobalSize(HGLOBAL hMem);

/**
 * Returns the lock count in the low byte, GMEM_DISCARDABLE, GMEM_DISCARDED, GMEM_DDESHARE; 0 for a
 * fixed object; GMEM_INVALID_HANDLE with 6 for anything that is no object.  Source: GlobalFlags.
 */
WINBASEAPI UINT WINAPI GlobalFlags(HGLOBAL hMem);

/** Returns the object whose data starts at `pMem`; NULL with 6, or 87 for NULL. Source:
 * GlobalHandle. */
WINBASEAPI HGLOBAL WINAPI GlobalHandle(LPCVOID pMem);

#define GlobalDiscard(handle) GlobalReAlloc((handle), 0, GMEM_MOVEABLE)
#define GlobalLRUNewest(handle) ((HANDLE)(handle))
#define GlobalLRUOldest(handle) ((HANDLE)(handle))

/** Does nothing; returns 0. Source: GlobalCompact. */
WINBASEAPI SIZE_T WINAPI GlobalCompact(DWORD dwMinFree);
/** GlobalLock() without a result. Source: GlobalFix. */
WINBASEAPI VOID WINAPI GlobalFix(HGLOBAL hMem);
/** GlobalUnlock() without a result. Source: GlobalUnfix. */
WINBASEAPI VOID WINAPI GlobalUnfix(HGLOBAL hMem);
/** The same as GlobalLock(). Source: GlobalWire. */
WINBASEAPI LPVOID WINAPI GlobalWire(HGLOBAL hMem);
/** The same as GlobalUnlock(). Source: GlobalUnWire. */
WINBASEAPI BOOL WINAPI GlobalUnWire(HGLOBAL hMem);

#define LockSegment(handle) GlobalFix((HANDLE)(handle))
#define UnlockSegment(handle) GlobalUnfix((HANDLE)(handle))

/** Memory of the machine, in bytes; physical and page-file sizes never exceed half of the largest
 * SIZE_T. */
typedef struct _MEMORYSTATUS {
    DWORD dwLength; ///< written by the call
    DWORD dwMemoryLoad;
    SIZE_T dwTotalPhys;
    SIZE_T dwAvailPhys;
    SIZE_T dwTotalPageFile;
    SIZE_T dwAvailPageFile;
    SIZE_T dwTotalVirtual;
    SIZE_T dwAvailVirtual;
} MEMORYSTATUS, *LPMEMORYSTATUS;
HALDE_ASSERT_SIZE(MEMORYSTATUS, 56);
HALDE_ASSERT_OFFSET(MEMORYSTATUS, dwTotalPhys, 8);
HALDE_ASSERT_OFFSET(MEMORYSTATUS, dwAvailVirtual, 48);

/** Reads the machine's memory; prefer GlobalMemoryStatusEx(). Source: GlobalMemoryStatus. */
WINBASEAPI VOID WINAPI GlobalMemoryStatus(LPMEMORYSTATUS lpBuffer);

// ---- Local memory -----------------------------------------------------------------------------

/** GlobalAlloc() with LMEM_* flags; fixed and 0 bytes gives an empty block. Source: LocalAlloc. */
WINBASEAPI HLOCAL WINAPI LocalAlloc(UINT uFlags, SIZE_T uBytes);

/** GlobalReAlloc(), except that a fixed object stays fixed with LMEM_MODIFY. Source: LocalReAlloc.
 */
WINBASEAPI HLOCAL WINAPI LocalReAlloc(HLOCAL hMem, SIZE_T uBytes, UINT uFlags);

/** The same as GlobalFree(). Source: LocalFree. */
WINBASEAPI HLOCAL WINAPI LocalFree(HLOCAL hMem);

/** GlobalLock(); NULL for an unreadable pointer, and the last error left alone. Source: LocalLock.
 */
WINBASEAPI PVOID WINAPI LocalLock(HLOCAL hMem);

/** GlobalUnlock(); FALSE with 158 for a pointer, FALSE with 6 for a stale handle. Source:
 * LocalUnlock. */
WINBASEAPI BOOL WINAPI LocalUnlock(HLOCAL hMem);

/** The same as GlobalSize(). Source: LocalSize. */
WINBASEAPI SIZE_T WINAPI LocalSize(HLOCAL hMem);

/** GlobalFlags() with LMEM_* flags; 998 for an unreadable pointer. Source: LocalFlags. */
WINBASEAPI UINT WINAPI LocalFlags(HLOCAL hMem);

/** GlobalHandle(); 998 for an unreadable pointer. Source: LocalHandle. */
WINBASEAPI HLOCAL WINAPI LocalHandle(LPCVOID pMem);

#define LocalDiscard(handle) LocalReAlloc((handle), 0, LMEM_MOVEABLE)

/** Does nothing; returns 0. Source: LocalCompact. */
WINBASEAPI SIZE_T WINAPI LocalCompact(UINT uMinFree);
/** Does nothing; returns 0. Source: LocalShrink. */
WINBASEAPI SIZE_T WINAPI LocalShrink(HLOCAL hMem, UINT cbNewSize);

// ---- Pointer tests ---------------------------------------------------------------------------

// Nothing is dereferenced and no signal is used.  The answer holds for a moment only.

/** Nonzero if any of `ucb` bytes cannot be read; 0 for size 0. Source: IsBadReadPtr. */
WINBASEAPI BOOL WINAPI IsBadReadPtr(CONST VOID *lp, UINT_PTR ucb);
/** Nonzero if any of `ucb` bytes cannot be written; 0 for size 0. Source: IsBadWritePtr. */
WINBASEAPI BOOL WINAPI IsBadWritePtr(LPVOID lp, UINT_PTR ucb);
/** The same as IsBadReadPtr(). Source: IsBadHugeReadPtr. */
WINBASEAPI BOOL WINAPI IsBadHugeReadPtr(CONST VOID *lp, UINT_PTR ucb);
/** The same as IsBadWritePtr(). Source: IsBadHugeWritePtr. */
WINBASEAPI BOOL WINAPI IsBadHugeWritePtr(LPVOID lp, UINT_PTR ucb);
/** Nonzero if the byte at `lpfn` cannot be read. Source: IsBadCodePtr. */
WINBASEAPI BOOL WINAPI IsBadCodePtr(FARPROC lpfn);
/** Nonzero if a byte before the terminator, and before `ucchMax`, cannot be read; NULL is bad.
 * Source: IsBadStringPtrA. */
WINBASEAPI BOOL WINAPI IsBadStringPtrA(LPCSTR lpsz, UINT_PTR ucchMax);
/** The same for wide characters. Source: IsBadStringPtrW. */
WINBASEAPI BOOL WINAPI IsBadStringPtrW(LPCWSTR lpsz, UINT_PTR ucchMax);

#ifdef UNICODE
#define IsBadStringPtr IsBadStringPtrW
#else
#define IsBadStringPtr IsBadStringPtrA
#endif

HALDE_EXTERN_C_END

#endif
