// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=heap_flags=htc:terminate_on_corruption=1
// EXPECT-SIGNAL: SIGABRT
// EXPECT-STDERR: ^halde: .*heap @heap@
// EXPECT-STDERR: block @block@
// EXPECT-STDERR: of 1000 bytes
// EXPECT-STDERR: @wrong@

// An overrun of the process heap, noticed when the block is to grow.
#include "death.h"

#include <windows.h>

int main(void)
{
    HANDLE heap = GetProcessHeap();
    char *block = HeapAlloc(heap, 0, 1000);
    death_fact("heap", heap);
    death_fact("block", block);
    death_fact("wrong", block + 1007);
    block[1007] = 1;
    void *moved = HeapReAlloc(heap, 0, block, 2000);
    return moved != NULL;
}
