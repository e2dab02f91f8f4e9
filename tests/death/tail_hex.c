// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=heap_flags=0x10:terminate_on_corruption=1
// EXPECT-SIGNAL: SIGABRT
// EXPECT-STDERR: block @block@ of 0 bytes|block @block@
// EXPECT-STDERR: @wrong@

// The flags as a number; a block of no bytes has a tail, too.
#include "death.h"

#include <windows.h>

int main(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    char *block = HeapAlloc(heap, 0, 0);
    death_fact("block", block);
    death_fact("wrong", block);
    block[0] = 1;
    HeapFree(heap, 0, block);
    return 0;
}
