// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=membarrier=1:colour=red
// EXPECT-EXIT: 0
// EXPECT-STDERR: ^halde: .*HALDE_OPTIONS.*colour
// EXPECT-STDERR: membarrier
// EXPECT-STDERR: heap_flags
// EXPECT-STDERR: terminate_on_corruption

// One line that names the unknown key and the accepted ones; the program runs on.
#include <windows.h>

int main(void)
{
    void *block = HeapAlloc(GetProcessHeap(), 0, 10);
    return block && HeapFree(GetProcessHeap(), 0, block) ? 0 : 1;
}
