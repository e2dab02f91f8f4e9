// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Starts at _tmain(), which is main or wmain: compiled with and without _UNICODE. As C++ too,
// without any extern "C": ported programs have none.
#include <windows.h>

#include <tchar.h>

int _tmain(int argc, TCHAR **argv)
{
    if (argc != 2 || _tcscmp(argv[1], _T("argument")) != 0) {
        return 1;
    }
    _tprintf(_T("halde\n"));
    return 0;
}
