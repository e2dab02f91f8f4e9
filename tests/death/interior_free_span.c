// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// EXPECT-SIGNAL: SIGABRT
// EXPECT-STDERR: ^halde: .*heap @heap@
// EXPECT-STDERR: block @inside@
// EXPECT-STDERR: not the start of a block
// EXPECT-STDERR: (^|[^0-9])1 bytes? into .*@block@ of 30 bytes

// The same in a span of one size class, by one byte.
#include "death.h"

#include <windows.h>

int main(void)
{
    HeapSetInformation(NULL, HeapEnableTerminationOnCorruption, NULL, 0);
    HANDLE heap = HeapCreate(0, 0, 0);
    char *block = NULL;
    for (int i = 0; i < 100; i++) {
        block = HeapAlloc(heap, 0, 30);
    }
    death_fact("heap", heap);
    death_fact("block", block);
    death_fact("inside", block + 1);
    HeapFree(heap, 0, block + 1);
    return 0;
}
