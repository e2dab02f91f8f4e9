// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Enumerates a private heap, entry by entry: once fresh, once with a few blocks in it.
//
// This is the program that documentation of HeapWalk describes; nothing in it is particular to
// Linux. A fresh heap shows a region, one free block and the range that is reserved but not
// committed.

#include <windows.h>

#include <tchar.h>

static void PrintRegion(const PROCESS_HEAP_ENTRY *entry)
{
    _tprintf(TEXT("Region\n") TEXT("  committed:     %lu bytes\n")
                 TEXT("  uncommitted:   %lu bytes\n") TEXT("  first block:   %#p\n")
                     TEXT("  last block:    %#p\n"),
        entry->Region.dwCommittedSize, entry->Region.dwUnCommittedSize, entry->Region.lpFirstBlock,
        entry->Region.lpLastBlock);
}

static void PrintBusyBlock(const PROCESS_HEAP_ENTRY *entry)
{
    _tprintf(TEXT("Busy block"));
    if ((entry->wFlags & PROCESS_HEAP_ENTRY_MOVEABLE) != 0) {
        _tprintf(TEXT(", movable, handle %#p"), entry->Block.hMem);
    }
    if ((entry->wFlags & PROCESS_HEAP_ENTRY_DDESHARE) != 0) {
        _tprintf(TEXT(", DDE share"));
    }
    _tprintf(TEXT("\n"));
}

static void PrintEntry(const PROCESS_HEAP_ENTRY *entry)
{
    if ((entry->wFlags & PROCESS_HEAP_ENTRY_BUSY) != 0) {
        PrintBusyBlock(entry);
    } else if ((entry->wFlags & PROCESS_HEAP_REGION) != 0) {
        PrintRegion(entry);
    } else if ((entry->wFlags & PROCESS_HEAP_UNCOMMITTED_RANGE) != 0) {
        _tprintf(TEXT("Uncommitted range\n"));
    } else {
        _tprintf(TEXT("Free block\n"));
    }
    _tprintf(TEXT("  begins at:     %#p\n") TEXT("  size:          %lu bytes\n")
                 TEXT("  overhead:      %u bytes\n") TEXT("  region index:  %u\n\n"),
        entry->lpData, entry->cbData, entry->cbOverhead, entry->iRegionIndex);
}

// Whether every entry was seen: only ERROR_NO_MORE_ITEMS ends a walk well.
static BOOL PrintHeap(HANDLE heap)
{
    PROCESS_HEAP_ENTRY entry;
    entry.lpData = NULL;
    if (!HeapLock(heap)) {
        _tprintf(TEXT("HeapLock failed: %lu\n"), GetLastError());
        return FALSE;
    }
    while (HeapWalk(heap, &entry)) {
        PrintEntry(&entry);
    }
    DWORD error = GetLastError();
    if (error != ERROR_NO_MORE_ITEMS) {
        _tprintf(TEXT("HeapWalk failed: %lu\n"), error);
    }
    if (!HeapUnlock(heap)) {
        _tprintf(TEXT("HeapUnlock failed: %lu\n"), GetLastError());
        return FALSE;
    }
    return error == ERROR_NO_MORE_ITEMS;
}

static BOOL FillAndPrint(HANDLE heap)
{
    static const SIZE_T sizes[] = {40, 17, 1000, 2 * 1024 * 1024};
    for (SIZE_T i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        if (HeapAlloc(heap, 0, sizes[i]) == NULL) {
            _tprintf(TEXT("HeapAlloc failed: %lu\n"), GetLastError());
            return FALSE;
        }
    }
    _tprintf(TEXT("---- The same heap with blocks of 40, 17, 1000 and 2097152 bytes\n\n"));
    return PrintHeap(heap);
}

int __cdecl _tmain(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    if (heap == NULL) {
        _tprintf(TEXT("HeapCreate failed: %lu\n"), GetLastError());
        return 1;
    }
    _tprintf(TEXT("---- A fresh heap at %#p\n\n"), heap);
    BOOL isComplete = PrintHeap(heap) && FillAndPrint(heap);
    // Everything that is still allocated goes with the heap.
    if (!HeapDestroy(heap)) {
        _tprintf(TEXT("HeapDestroy failed: %lu\n"), GetLastError());
        return 1;
    }
    return isComplete ? 0 : 1;
}
