// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Generic-text functions without _UNICODE: win32-heap.md 1.3, 1.4.

#define WIDTH_NAME "narrow"

#include "text_format_cases.h"
