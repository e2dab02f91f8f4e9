// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// A ported program with a main() of its own. Compiled as C11 and as C++17.
#include <windows.h>

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc != 2 || strcmp(argv[1], "argument") != 0) {
        return 1;
    }
    HANDLE heap = HeapCreate(0, 0, 0);
    if (!heap) {
        return 2;
    }
    char *text = (char *)HeapAlloc(heap, HEAP_ZERO_MEMORY, 6);
    if (!text || HeapSize(heap, 0, text) != 6) {
        return 3;
    }
    memcpy(text, "halde", 5);
    if (!HeapValidate(heap, 0, NULL) || !HeapLock(heap)) {
        return 4;
    }
    PROCESS_HEAP_ENTRY entry;
    memset(&entry, 0, sizeof(entry));
    int busy = 0;
    while (HeapWalk(heap, &entry)) {
        busy += (entry.wFlags & PROCESS_HEAP_ENTRY_BUSY) != 0;
    }
    if (GetLastError() != ERROR_NO_MORE_ITEMS || busy != 1 || !HeapUnlock(heap)) {
        return 5;
    }
    puts(text);
    if (!HeapFree(heap, 0, text) || !HeapDestroy(heap)) {
        return 6;
    }
    return 0;
}
