// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * What kind of program this is.
 */
#ifndef CRTDBG_PROGRAM_H
#define CRTDBG_PROGRAM_H

#include "base/compiler.h"

/// Whether the program asks for the debug heap: it has a unit that was compiled with _DEBUG and
/// <crtdbg.h>, or HALDE_OPTIONS has mode=crt.  The same from start to end.
bool program_is_debug(void);

#endif
