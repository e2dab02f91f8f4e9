// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * @file minwinbase.h
 * Drop-in <minwinbase.h>: the entry of HeapWalk() and the memory macros.
 */
#ifndef HALDE_WIN32_MINWINBASE_H
#define HALDE_WIN32_MINWINBASE_H

#include "minwindef.h"

#define MoveMemory RtlMoveMemory
#define CopyMemory RtlCopyMemory
#define FillMemory RtlFillMemory
#define ZeroMemory RtlZeroMemory
#define SecureZeroMemory RtlSecureZeroMemory

// wFlags. Exactly one of region, uncommitted, busy and free (0) describes an entry.
#define PROCESS_HEAP_REGION 0x0001
#define PROCESS_HEAP_UNCOMMITTED_RANGE 0x0002
#define PROCESS_HEAP_ENTRY_BUSY 0x0004
#define PROCESS_HEAP_SEG_ALLOC 0x0008
#define PROCESS_HEAP_ENTRY_MOVEABLE 0x0010
#define PROCESS_HEAP_ENTRY_DDESHARE 0x0020

/**
 * One element of a heap.  Sizes are narrower than the heap's own: a block of 4 GiB or more shows
 * cbData 0xFFFFFFFF, an overhead beyond 255 shows 255, regions beyond number 63 show 63.
 */
typedef struct _PROCESS_HEAP_ENTRY {
    PVOID lpData;      ///< start of the element; NULL starts a walk
    DWORD cbData;      ///< its bytes; a busy block's requested size
    BYTE cbOverhead;   ///< administrative bytes
    BYTE iRegionIndex; ///< 0..63, or 64 for a large block
    WORD wFlags;       ///< PROCESS_HEAP_*
    __extension__ union {
        struct {
            HANDLE hMem; ///< with PROCESS_HEAP_ENTRY_MOVEABLE: the object's handle
            DWORD dwReserved[3];
        } Block;
        struct {
            DWORD dwCommittedSize;
            DWORD dwUnCommittedSize;
            LPVOID lpFirstBlock;
            LPVOID lpLastBlock; ///< first address past the region's blocks
        } Region;               ///< with PROCESS_HEAP_REGION
    } DUMMYUNIONNAME;
} PROCESS_HEAP_ENTRY, *LPPROCESS_HEAP_ENTRY, *PPROCESS_HEAP_ENTRY;

HALDE_ASSERT_SIZE(PROCESS_HEAP_ENTRY, 40);
HALDE_ASSERT_OFFSET(PROCESS_HEAP_ENTRY, lpData, 0);
HALDE_ASSERT_OFFSET(PROCESS_HEAP_ENTRY, cbData, 8);
HALDE_ASSERT_OFFSET(PROCESS_HEAP_ENTRY, cbOverhead, 12);
HALDE_ASSERT_OFFSET(PROCESS_HEAP_ENTRY, iRegionIndex, 13);
HALDE_ASSERT_OFFSET(PROCESS_HEAP_ENTRY, wFlags, 14);
#ifdef NONAMELESSUNION
HALDE_ASSERT_OFFSET(PROCESS_HEAP_ENTRY, u.Block.hMem, 16);
HALDE_ASSERT_OFFSET(PROCESS_HEAP_ENTRY, u.Block.dwReserved, 24);
HALDE_ASSERT_OFFSET(PROCESS_HEAP_ENTRY, u.Region.dwCommittedSize, 16);
HALDE_ASSERT_OFFSET(PROCESS_HEAP_ENTRY, u.Region.dwUnCommittedSize, 20);
HALDE_ASSERT_OFFSET(PROCESS_HEAP_ENTRY, u.Region.lpFirstBlock, 24);
HALDE_ASSERT_OFFSET(PROCESS_HEAP_ENTRY, u.Region.lpLastBlock, 32);
#else
HALDE_ASSERT_OFFSET(PROCESS_HEAP_ENTRY, Block.hMem, 16);
HALDE_ASSERT_OFFSET(PROCESS_HEAP_ENTRY, Block.dwReserved, 24);
HALDE_ASSERT_OFFSET(PROCESS_HEAP_ENTRY, Region.dwCommittedSize, 16);
HALDE_ASSERT_OFFSET(PROCESS_HEAP_ENTRY, Region.dwUnCommittedSize, 20);
HALDE_ASSERT_OFFSET(PROCESS_HEAP_ENTRY, Region.lpFirstBlock, 24);
HALDE_ASSERT_OFFSET(PROCESS_HEAP_ENTRY, Region.lpLastBlock, 32);
#endif

#endif
