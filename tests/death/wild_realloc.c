// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// EXPECT-SIGNAL: SIGABRT
// EXPECT-STDERR: ^halde: .*heap @heap@
// EXPECT-STDERR: block 0xdeadbeefdeadbee0
// EXPECT-STDERR: no heap

// A non-canonical address must not be touched.
#include "death.h"

#include <windows.h>

int main(void)
{
    HeapSetInformation(NULL, HeapEnableTerminationOnCorruption, NULL, 0);
    HANDLE heap = HeapCreate(0, 0, 0);
    death_fact("heap", heap);
    void *wild = (void *)(ULONG_PTR)0xdeadbeefdeadbee0;
    void *moved = HeapReAlloc(heap, 0, wild, 100);
    return moved != NULL;
}
