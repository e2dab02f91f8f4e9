// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=:::membarrier=0:
// EXPECT-EXIT: 0

// Empty items are nothing to complain about.
#include <windows.h>

int main(void)
{
    void *block = HeapAlloc(GetProcessHeap(), 0, 10);
    return block && HeapFree(GetProcessHeap(), 0, block) ? 0 : 1;
}
