// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Failures of calls that asked for an exception (halde/win32.h has the contract).
 */
#ifndef WIN32_EXCEPTION_H
#define WIN32_EXCEPTION_H

#include "halde-win32/windows.h"

/// Calls the thread's handler, else the process's; if that returns or is missing, says so and
/// aborts. No lock is held by the caller: a handler may leave by longjmp() or a C++ exception.
DECLSPEC_NORETURN void exception_raise(NTSTATUS status, HANDLE heap, SIZE_T bytes);

#endif
