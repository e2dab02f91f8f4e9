// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/// The string functions of include/halde-win32/tchar.h, for char and for wchar_t.
#include "halde-win32/tchar.h"

#include <errno.h>

#include "base/compiler.h"

#define RADIX_MAX_DIGITS 65 ///< 64 bits in radix 2, and a sign

#define CHARACTER char
#define NAME(narrow, wide) narrow
#define LOWER(character) tolower((unsigned char)(character))
#define UPPER(character) toupper((unsigned char)(character))
#include "win32/tchar_string_template.h"
#undef CHARACTER
#undef NAME
#undef LOWER
#undef UPPER

#define CHARACTER wchar_t
#define NAME(narrow, wide) wide
#define LOWER(character) towlower((wint_t)(character))
#define UPPER(character) towupper((wint_t)(character))
#include "win32/tchar_string_template.h"
