// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// EXPECT-EXIT: 0
// EXPECT-STDERR: ^halde: .*heap @heap@
// EXPECT-STDERR: block @block@
// EXPECT-STDERR: already free|double free

// Without termination on corruption: the same sentence, FALSE, and the program goes on.
#include "death.h"

#include <windows.h>

int main(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    void *block = HeapAlloc(heap, 0, 100);
    death_fact("heap", heap);
    death_fact("block", block);
    HeapFree(heap, 0, block);
    SetLastError(0);
    if (HeapFree(heap, 0, block) || GetLastError() != ERROR_INVALID_PARAMETER) {
        return 1;
    }
    void *another = HeapAlloc(heap, HEAP_ZERO_MEMORY, 100);
    return another && HeapFree(heap, 0, another) && HeapValidate(heap, 0, NULL) ? 0 : 1;
}
