// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// EXPECT-SIGNAL: SIGABRT
// EXPECT-STDERR: ^halde: .*heap @heap@
// EXPECT-STDERR: block @inside@
// EXPECT-STDERR: not the start of a block

#include "death.h"

#include <windows.h>

int main(void)
{
    HeapSetInformation(NULL, HeapEnableTerminationOnCorruption, NULL, 0);
    HANDLE heap = HeapCreate(0, 0, 0);
    char *block = HeapAlloc(heap, 0, 5 << 20);
    death_fact("heap", heap);
    death_fact("inside", block + (2 << 20));
    void *moved = HeapReAlloc(heap, 0, block + (2 << 20), 100);
    return moved != NULL;
}
