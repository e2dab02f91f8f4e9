// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "os/process.h"
#include "halde-win32/windows.h"

HANDLE WINAPI GetCurrentProcess(VOID)
{
    // The pseudo handle of Windows, which programs also write as a number.
    return (HANDLE)(LONG_PTR)-1;
}

DWORD WINAPI GetCurrentProcessId(VOID)
{
    return os_process_id();
}

DWORD WINAPI GetCurrentThreadId(VOID)
{
    return os_thread_id();
}
