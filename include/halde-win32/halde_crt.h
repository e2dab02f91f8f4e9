/* SPDX-FileCopyrightText: 2026 The Halde authors */
/* SPDX-License-Identifier: MIT */

/**
 * @file halde_crt.h
 * The few words that Microsoft's run-time headers bring along, for the drop-in headers that plain
 * Linux programs include too: <crtdbg.h>, <malloc.h>, <stdlib.h> and their kin.
 *
 * It is valid C89 and C++98, down to its comments: so are the headers that crtdbg.h includes.
 *
 * Only reserved names and those with the word HALDE are defined here, so that it disturbs nobody;
 * halde_decorations.h, which <windows.h> brings, has the rest.
 */
#ifndef HALDE_WIN32_CRT_H
#define HALDE_WIN32_CRT_H

#include "sal.h"

#include <stddef.h>

#ifndef HALDE_API
#define HALDE_API __attribute__((visibility("default")))
#endif

/* The one mark of exported names; everything else in the library is hidden. */
#define HALDE_CRTAPI HALDE_API

#ifdef __cplusplus
#define HALDE_EXTERN_C_BEGIN extern "C" {
#define HALDE_EXTERN_C_END }
#else
#define HALDE_EXTERN_C_BEGIN
#define HALDE_EXTERN_C_END
#endif

#if defined(__cplusplus) && __cplusplus < 201103L
#define HALDE_NOEXCEPT throw()
#elif defined(__cplusplus)
#define HALDE_NOEXCEPT noexcept
#endif

/* Calling conventions. */
#ifndef __cdecl
#define __cdecl
#endif
#ifndef _cdecl
#define _cdecl
#endif
#ifndef __CRTDECL
#define __CRTDECL
#endif
#ifndef __stdcall
#define __stdcall
#endif

/** A string literal, or a macro that is one, as a wide literal. */
#define HALDE_CRT_WIDE(literal) L##literal
#ifndef _CRT_WIDE
#define _CRT_WIDE(literal) HALDE_CRT_WIDE(literal)
#endif
#ifndef __FILEW__
#define __FILEW__ _CRT_WIDE(__FILE__)
#endif

#ifndef _countof
#define _countof(array) (sizeof(array) / sizeof((array)[0]))
#endif

/* C11 and C++ let a type be named so twice: halde_stdio.h does, too. */
typedef int errno_t;

#endif
