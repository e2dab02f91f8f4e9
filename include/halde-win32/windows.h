// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * @file windows.h
 * Drop-in <windows.h>: the Win32 heap manager, Global and Local memory, and what goes with them.
 *
 * It declares only what this library implements.  <tchar.h>, <tlhelp32.h>, <intsafe.h> and
 * <winternl.h> are included by themselves, as on Windows.  The exception handler is in
 * <halde/win32.h>.
 */
#ifndef HALDE_WIN32_WINDOWS_H
#define HALDE_WIN32_WINDOWS_H

#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0A00
#endif
#ifndef WINVER
#define WINVER _WIN32_WINNT
#endif

#include <stdarg.h>

#include "basetsd.h"
#include "errhandlingapi.h"
#include "handleapi.h"
#include "heapapi.h"
#include "minwinbase.h"
#include "minwindef.h"
#include "processthreadsapi.h"
#include "sysinfoapi.h"
#include "winbase.h"
#include "windef.h"
#include "winerror.h"
#include "winnt.h"

// The program asked for Microsoft's printf throughout.
#if defined(HALDE_MSVC_PRINTF) && HALDE_MSVC_PRINTF
#include "halde_stdio.h"
#endif

#endif
