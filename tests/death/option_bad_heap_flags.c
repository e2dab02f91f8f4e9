// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=heap_flags=htc,xyz
// EXPECT-EXIT: 0
// EXPECT-STDERR: ^halde: .*heap_flags.*xyz
// EXPECT-STDERR: htc

#include <windows.h>

int main(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    void *block = HeapAlloc(heap, 0, 10);
    return block && HeapFree(heap, 0, block) && HeapDestroy(heap) ? 0 : 1;
}
