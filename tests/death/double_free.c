// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// EXPECT-SIGNAL: SIGABRT
// EXPECT-STDERR: ^halde: .*heap @heap@
// EXPECT-STDERR: block @block@
// EXPECT-STDERR: already free|double free

#include "death.h"

#include <windows.h>

int main(void)
{
    HeapSetInformation(NULL, HeapEnableTerminationOnCorruption, NULL, 0);
    HANDLE heap = HeapCreate(0, 0, 0);
    void *block = HeapAlloc(heap, 0, 100);
    death_fact("heap", heap);
    death_fact("block", block);
    HeapFree(heap, 0, block);
    HeapFree(heap, 0, block);
    return 0;
}
