// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=terminate_on_corruption=maybe
// EXPECT-EXIT: 0
// EXPECT-STDERR: ^halde: .*terminate_on_corruption.*maybe
// EXPECT-STDERR: 0.*1

#include <windows.h>

int main(void)
{
    void *block = HeapAlloc(GetProcessHeap(), 0, 10);
    return block && HeapFree(GetProcessHeap(), 0, block) ? 0 : 1;
}
