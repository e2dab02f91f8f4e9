// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "win32/last_error.h"

THREAD_LOCAL DWORD win32_last_error;

DWORD WINAPI GetLastError(VOID)
{
    return win32_last_error;
}

VOID WINAPI SetLastError(DWORD dwErrCode)
{
    win32_last_error = dwErrCode;
}
