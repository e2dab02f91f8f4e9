// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// EXPECT-SIGNAL: SIGABRT
// EXPECT-STDERR: ^halde: .*heap @heap@
// EXPECT-STDERR: block @inside@
// EXPECT-STDERR: not the start of a block
// EXPECT-STDERR: (^|[^0-9])48 bytes into .*@block@ of 200 bytes

// A pointer that was moved forward while the program used it.
#include "death.h"

#include <windows.h>

int main(void)
{
    HeapSetInformation(NULL, HeapEnableTerminationOnCorruption, NULL, 0);
    HANDLE heap = HeapCreate(0, 0, 0);
    char *block = HeapAlloc(heap, 0, 200);
    death_fact("heap", heap);
    death_fact("block", block);
    death_fact("inside", block + 48);
    HeapFree(heap, 0, block + 48);
    return 0;
}
