// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The last error: one value per thread, independent of errno.
 *
 * Inside the library it is set through here and never through SetLastError(), which another library
 * of the process may also define.
 */
#ifndef WIN32_LAST_ERROR_H
#define WIN32_LAST_ERROR_H

#include "base/compiler.h"
#include "halde-win32/windows.h"

extern THREAD_LOCAL DWORD win32_last_error HIDDEN;

ALWAYS_INLINE void last_error_set(DWORD error)
{
    win32_last_error = error;
}

#endif
