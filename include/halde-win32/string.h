/* SPDX-FileCopyrightText: 2026 The Halde authors */
/* SPDX-License-Identifier: MIT */

/**
 * @file string.h
 * The system's <string.h>, _strdup() and _wcsdup(). <tchar.h> has more.
 */
/* #include_next is an extension of gcc and clang. */
#pragma GCC system_header

#include_next <string.h>

#include "halde_crt_strings.h"
