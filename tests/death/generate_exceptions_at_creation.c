// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// EXPECT-SIGNAL: SIGABRT
// EXPECT-STDERR: ^halde: .*([cC]0000017|STATUS_NO_MEMORY)
// EXPECT-STDERR: @heap@

// The flag of HeapCreate covers every later call, reallocation too.
#include "death.h"

#include <windows.h>

int main(void)
{
    HANDLE heap = HeapCreate(HEAP_GENERATE_EXCEPTIONS, 0, 64 * 1024);
    void *block = HeapAlloc(heap, 0, 1000);
    death_fact("heap", heap);
    block = HeapReAlloc(heap, 0, block, (SIZE_T)-8);
    return block == NULL ? 3 : 4;
}
