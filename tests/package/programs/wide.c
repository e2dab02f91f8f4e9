// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// A ported program that starts at wmain(): main() has to come from the library.
// As C++ too, without any extern "C": ported programs have none.
#include <windows.h>

#include <stdio.h>
#include <wchar.h>

int wmain(int argc, wchar_t **argv)
{
    if (argc != 2 || wcscmp(argv[1], L"argument") != 0 || argv[2]) {
        return 1;
    }
    void *block = HeapAlloc(GetProcessHeap(), 0, 100);
    if (!block || HeapSize(GetProcessHeap(), 0, block) != 100) {
        return 2;
    }
    if (!HeapFree(GetProcessHeap(), 0, block)) {
        return 3;
    }
    puts("halde");
    return 0;
}
