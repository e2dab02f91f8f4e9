// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/// Generic text with _UNICODE: see tchar_generic.h.
#define UNICODE
#define _UNICODE
#include "tchar_generic.h"
