/* SPDX-FileCopyrightText: 2026 The Halde authors */
/* SPDX-License-Identifier: MIT */

/**
 * @file assert.h
 * The system's <assert.h>, with Microsoft's message and end in debug programs.
 *
 * With `_DEBUG` and without NDEBUG a failed assertion goes where _set_error_mode() says, then to
 * halde_crt_abort().  Without `_DEBUG` nothing is changed: the system's message, SIGABRT.
 */
/* #include_next is an extension of gcc and clang. */
#pragma GCC system_header

// No guard: like the system's this header is read anew, and NDEBUG may have changed.
#include_next <assert.h>

#include "halde_crt.h"

HALDE_EXTERN_C_BEGIN
/** Reports a failed assertion; returns if the user wants to go on. Source: _assert, _wassert. */
HALDE_CRTAPI void __cdecl _assert(const char *expression, const char *file, unsigned line);
HALDE_CRTAPI void __cdecl _wassert(const wchar_t *expression, const wchar_t *file, unsigned line);
HALDE_EXTERN_C_END

#if defined(_DEBUG) && !defined(NDEBUG)
#undef assert
#define assert(expression)                                                                         \
    ((expression) ? (void)0 : _wassert(_CRT_WIDE(#expression), _CRT_WIDE(__FILE__), __LINE__))
#endif
