// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// EXPECT-SIGNAL: SIGABRT
// EXPECT-STDERR: ^halde: .*heap @heap@
// EXPECT-STDERR: block @block@
// EXPECT-STDERR: no heap

// An address of the stack.
#include "death.h"

#include <windows.h>

int main(void)
{
    HeapSetInformation(NULL, HeapEnableTerminationOnCorruption, NULL, 0);
    HANDLE heap = GetProcessHeap();
    int local = 0;
    death_fact("heap", heap);
    death_fact("block", &local);
    HeapFree(heap, 0, &local);
    return 0;
}
