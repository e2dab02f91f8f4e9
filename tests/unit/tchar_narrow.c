// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/// Generic text without _UNICODE: see tchar_generic.h.
#undef UNICODE
#undef _UNICODE
#include "tchar_generic.h"
