// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The thirty behaviours of win32-heap.md 14, number 30: format strings.

#include "conformance.h"

#include <tchar.h>

static void expect_format(const TCHAR *expected, int length, const TCHAR *output, const char *name)
{
    EXPECT("14.30", length == (int)_tcslen(expected) && _tcscmp(output, expected) == 0, "%s", name);
}

int main(void)
{
    case_begin("14.30 (1.4)", "format strings of the _tprintf family");
    TCHAR output[100];
    // Through variables: compilers have ideas of their own about these formats.
    const TCHAR *pointer = _T("%p");
    const TCHAR *prefixed = _T("%#p");
    const TCHAR *size = _T("%Iu");
    const TCHAR *wide = _T("%I64d");
    const TCHAR *word = _T("%lu");
    int length = _sntprintf(output, 100, pointer, (void *)(uintptr_t)0x53a000);
    expect_format(_T("000000000053A000"), length, output, "%p: 16 capital digits, no prefix");
    length = _sntprintf(output, 100, prefixed, (void *)(uintptr_t)0x53a000);
    expect_format(_T("0X000000000053A000"), length, output, "%#p: 0X and 16 capital digits");
    length = _sntprintf(output, 100, size, (SIZE_T)0x1234567890u);
    expect_format(_T("78187493520"), length, output, "%Iu: the upper half is not dropped");
    length = _sntprintf(output, 100, wide, (LONGLONG)0x1234567890);
    expect_format(_T("78187493520"), length, output, "%I64d: no field of 64 columns");
    length = _sntprintf(output, 100, word, (DWORD)0xFFFFFFFFu);
    expect_format(_T("4294967295"), length, output, "%lu: 32 bits");
    length = _tprintf(_T(" a line of _tprintf: %d\n"), 30);
    EXPECT("14.30", length == 24, "_tprintf returns the number of characters");
    EXPECT(
        "14.30", printf(" a line of printf: %d\n", 30) == 22, "plain printf still works after it");
    return conformance_finish();
}
