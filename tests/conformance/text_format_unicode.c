// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Generic-text functions with _UNICODE: win32-heap.md 1.3, 1.4.

#ifndef UNICODE
#define UNICODE
#endif
#ifndef _UNICODE
#define _UNICODE
#endif
#define WIDTH_NAME "wide"

#include "text_format_cases.h"
