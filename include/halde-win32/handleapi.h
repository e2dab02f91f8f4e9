// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * @file handleapi.h
 * Drop-in <handleapi.h>: closing handles. The handles of this library are snapshots (tlhelp32.h).
 */
#ifndef HALDE_WIN32_HANDLEAPI_H
#define HALDE_WIN32_HANDLEAPI_H

#include "minwindef.h"

#define INVALID_HANDLE_VALUE ((HANDLE)(LONG_PTR)-1)

HALDE_EXTERN_C_BEGIN

/**
 * Releases a snapshot.
 *
 * @param hObject  from CreateToolhelp32Snapshot(); GetCurrentProcess() is accepted, nothing happens
 * @return nonzero, or 0 with 6 for anything else, a closed handle included
 * Source: CloseHandle.
 */
WINBASEAPI BOOL WINAPI CloseHandle(HANDLE hObject);

HALDE_EXTERN_C_END

#endif
