// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// EXPECT-SIGNAL: SIGABRT
// EXPECT-STDERR: ^halde: .*([cC]0000017|STATUS_NO_MEMORY)
// EXPECT-STDERR: @heap@

// No handler is set: the default is a message and the end, never NULL.
#include "death.h"

#include <windows.h>

int main(void)
{
    HANDLE heap = HeapCreate(0, 0, 64 * 1024);
    death_fact("heap", heap);
    void *block = HeapAlloc(heap, HEAP_GENERATE_EXCEPTIONS, 128 * 1024);
    return block == NULL ? 3 : 4;
}
