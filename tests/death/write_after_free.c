// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=heap_flags=htc,hfc
// EXPECT-EXIT: 0
// EXPECT-STDERR: ^halde: .*heap @heap@
// EXPECT-STDERR: @wrong@
// EXPECT-STDERR: 0x77

// Validation says which byte of a freed block was written, returns FALSE, and does not end the
// process.
#include "death.h"

#include <windows.h>

int main(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    char *block = HeapAlloc(heap, 0, 300);
    void *keeper = HeapAlloc(heap, 0, 300);
    HeapFree(heap, 0, block);
    death_fact("heap", heap);
    death_fact("wrong", block + 40);
    char kept = block[40];
    block[40] = 0x77;
    if (HeapValidate(heap, 0, NULL)) {
        return 1;
    }
    block[40] = kept;
    return HeapValidate(heap, 0, NULL) && HeapFree(heap, 0, keeper) ? 0 : 1;
}
