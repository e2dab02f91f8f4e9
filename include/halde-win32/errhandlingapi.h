// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * @file errhandlingapi.h
 * Drop-in <errhandlingapi.h>: the last error, one value per thread, 0 at first, independent of
 * `errno`.
 */
#ifndef HALDE_WIN32_ERRHANDLINGAPI_H
#define HALDE_WIN32_ERRHANDLINGAPI_H

#include "minwindef.h"

HALDE_EXTERN_C_BEGIN

/** Returns the calling thread's last error. Source: GetLastError. */
WINBASEAPI DWORD WINAPI GetLastError(VOID);

/** Sets the calling thread's last error to any value. Source: SetLastError. */
WINBASEAPI VOID WINAPI SetLastError(DWORD dwErrCode);

HALDE_EXTERN_C_END

#endif
