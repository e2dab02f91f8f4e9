// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=terminate_on_corruption=1
// EXPECT-SIGNAL: SIGABRT
// EXPECT-STDERR: ^halde: .*heap @heap@
// EXPECT-STDERR: block @block@
// EXPECT-STDERR: already free|double free

// The option does what the program does not.
#include "death.h"

#include <windows.h>

int main(void)
{
    HANDLE heap = GetProcessHeap();
    void *neighbours[40];
    for (int i = 0; i < 40; i++) {
        neighbours[i] = HeapAlloc(heap, 0, 64); // spans of one size class by now
    }
    death_fact("heap", heap);
    death_fact("block", neighbours[30]);
    HeapFree(heap, 0, neighbours[30]);
    HeapFree(heap, 0, neighbours[30]);
    return 0;
}
