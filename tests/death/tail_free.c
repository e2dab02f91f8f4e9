// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=heap_flags=htc:terminate_on_corruption=1
// EXPECT-SIGNAL: SIGABRT
// EXPECT-STDERR: ^halde: .*heap @heap@
// EXPECT-STDERR: block @block@
// EXPECT-STDERR: of 24 bytes
// EXPECT-STDERR: @wrong@
// EXPECT-STDERR: 0x00.*0x[aA][bB]|0x[aA][bB].*0x00

// One byte too many: the terminating zero of a string.
#include "death.h"

#include <string.h>
#include <windows.h>

int main(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    char *block = HeapAlloc(heap, 0, 24);
    death_fact("heap", heap);
    death_fact("block", block);
    death_fact("wrong", block + 24);
    memcpy(block, "twenty-four characters..", 24 + 1);
    HeapFree(heap, 0, block);
    return 0;
}
