/* SPDX-FileCopyrightText: 2026 The Halde authors */
/* SPDX-License-Identifier: MIT */

/**
 * @file stdlib.h
 * The system's <stdlib.h> and what Microsoft's has besides, as far as this library provides it.
 *
 * Threads: any function from any thread; the settings are the process's unless a name says thread.
 */
/* #include_next is an extension of gcc and clang. */
#pragma GCC system_header

#include_next <stdlib.h>

#ifndef HALDE_WIN32_STDLIB_H
#define HALDE_WIN32_STDLIB_H

#include "halde_crt_malloc.h"
#include "halde_crt_strings.h"

HALDE_EXTERN_C_BEGIN

// ---- Where messages about errors go -----------------------------------------------------------

#define _OUT_TO_DEFAULT 0
#define _OUT_TO_STDERR 1
#define _OUT_TO_MSGBOX 2
#define _REPORT_ERRMODE 3

/**
 * Sets where assert() writes: standard error (also the default), or a window.
 * @return the mode before; -1 for a bad one, an invalid parameter.  Source: _set_error_mode.
 */
HALDE_CRTAPI int __cdecl _set_error_mode(int mode);

#define _WRITE_ABORT_MSG 0x1
#define _CALL_REPORTFAULT 0x2

/**
 * Sets what halde_crt_abort() does: _WRITE_ABORT_MSG, a report of type _CRT_ERROR;
 * _CALL_REPORTFAULT, an end by SIGABRT rather than with exit code 3.
 * @param mask  which of the two to set
 * @return both as they were.  Source: _set_abort_behavior.
 */
HALDE_CRTAPI unsigned __cdecl _set_abort_behavior(unsigned flags, unsigned mask);

/**
 * What Microsoft's abort() does: the message, a handler of SIGABRT, then the end, without atexit()
 * functions.  The system's abort() is left alone; define HALDE_CRT_ABORT to 1 before this header to
 * have calls of abort() redirected here.
 */
HALDE_CRTAPI __attribute__((__noreturn__)) void __cdecl halde_crt_abort(void);

// ---- Invalid parameters -----------------------------------------------------------------------

/**
 * Called when a function gets a parameter that it documents as invalid; if it returns, the function
 * fails. Without a handler the process ends.  Outside of debug programs the strings are NULL.
 */
typedef void(__cdecl *_invalid_parameter_handler)(const wchar_t *expression,
    const wchar_t *function, const wchar_t *file, unsigned line, uintptr_t reserved);

/** Sets a handler, NULL for none; returns the one before. That of the thread goes first. Source:
 * _set_invalid_parameter_handler, _set_thread_local_invalid_parameter_handler. */
HALDE_CRTAPI _invalid_parameter_handler __cdecl _set_invalid_parameter_handler(
    _invalid_parameter_handler handler);
HALDE_CRTAPI _invalid_parameter_handler __cdecl _get_invalid_parameter_handler(void);
HALDE_CRTAPI _invalid_parameter_handler __cdecl _set_thread_local_invalid_parameter_handler(
    _invalid_parameter_handler handler);
HALDE_CRTAPI _invalid_parameter_handler __cdecl _get_thread_local_invalid_parameter_handler(void);

/** Calls the handler as a function with a bad parameter does. */
HALDE_CRTAPI void __cdecl _invalid_parameter_noinfo(void);
HALDE_CRTAPI __attribute__((__noreturn__)) void __cdecl _invalid_parameter_noinfo_noreturn(void);

HALDE_EXTERN_C_END

#if defined(HALDE_CRT_ABORT) && HALDE_CRT_ABORT
#ifdef __cplusplus
#include <cstdlib>
namespace std
{
using ::halde_crt_abort;
} // namespace std
#endif
#undef abort
#define abort() halde_crt_abort()
#endif

#endif
