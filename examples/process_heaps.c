// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Lists the heaps of the process: asks how many there are, makes room, asks again.
//
// This is the program that the documentation of GetProcessHeaps describes.  Between the two calls
// other threads may create heaps, so the second answer is compared with the room that was made for
// the first.

#include <windows.h>

#include <intsafe.h>
#include <tchar.h>

// The array comes from the process heap; the caller frees it. NULL when it cannot be had.
static PHANDLE AllocateHandles(DWORD count)
{
    SIZE_T bytes;
    if (SIZETMult(count, sizeof(HANDLE), &bytes) != S_OK) {
        _tprintf(TEXT("%lu handles need more bytes than a SIZE_T can say\n"), count);
        return NULL;
    }
    PHANDLE handles = (PHANDLE)HeapAlloc(GetProcessHeap(), 0, bytes);
    if (handles == NULL) {
        _tprintf(TEXT("HeapAlloc of %Iu bytes failed: %lu\n"), bytes, GetLastError());
    }
    return handles;
}

static BOOL PrintHeaps(PHANDLE handles, DWORD capacity)
{
    DWORD count = GetProcessHeaps(capacity, handles);
    if (count == 0) {
        _tprintf(TEXT("GetProcessHeaps failed: %lu\n"), GetLastError());
        return FALSE;
    }
    if (count > capacity) {
        _tprintf(TEXT("There are %lu heaps by now; try again\n"), count);
        return FALSE;
    }
    _tprintf(TEXT("This process has %lu heaps:\n"), count);
    for (DWORD i = 0; i < count; i++) {
        _tprintf(TEXT("  %2lu  %#p%s\n"), i, handles[i],
            handles[i] == GetProcessHeap() ? TEXT("  (process heap)") : TEXT(""));
    }
    return TRUE;
}

static BOOL ListHeaps(void)
{
    DWORD count = GetProcessHeaps(0, NULL);
    if (count == 0) {
        _tprintf(TEXT("GetProcessHeaps failed: %lu\n"), GetLastError());
        return FALSE;
    }
    PHANDLE handles = AllocateHandles(count);
    if (handles == NULL) {
        return FALSE;
    }
    BOOL isListed = PrintHeaps(handles, count);
    if (!HeapFree(GetProcessHeap(), 0, handles)) {
        _tprintf(TEXT("HeapFree failed: %lu\n"), GetLastError());
        return FALSE;
    }
    return isListed;
}

int __cdecl _tmain(void)
{
    // Two heaps of our own, so that there is something to see: a growable one and one of at most
    // 256 KiB.
    HANDLE growable = HeapCreate(0, 0, 0);
    HANDLE fixed = HeapCreate(HEAP_NO_SERIALIZE, 0, 0x40000);
    if (growable == NULL || fixed == NULL) {
        _tprintf(TEXT("HeapCreate failed: %lu\n"), GetLastError());
        return 1;
    }
    BOOL isListed = ListHeaps();
    HeapDestroy(fixed);
    HeapDestroy(growable);
    return isListed ? 0 : 1;
}
