// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * @file processthreadsapi.h
 * Drop-in <processthreadsapi.h>: who is calling.
 */
#ifndef HALDE_WIN32_PROCESSTHREADSAPI_H
#define HALDE_WIN32_PROCESSTHREADSAPI_H

#include "minwindef.h"

HALDE_EXTERN_C_BEGIN

/** Returns the pseudo handle of this process, (HANDLE)-1; it needs no closing. Source:
 * GetCurrentProcess. */
WINBASEAPI HANDLE WINAPI GetCurrentProcess(VOID);

/** Returns the process id. Source: GetCurrentProcessId. */
WINBASEAPI DWORD WINAPI GetCurrentProcessId(VOID);

/** Returns the kernel's id of the calling thread. Source: GetCurrentThreadId. */
WINBASEAPI DWORD WINAPI GetCurrentThreadId(VOID);

HALDE_EXTERN_C_END

#endif
