// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The public header as the library itself needs it: with every declaration, but without the mark by
 * which a program asks for the debug heap, and without macros over malloc().
 */
#ifndef CRTDBG_API_H
#define CRTDBG_API_H

#define HALDE_BUILDS_CRTDBG 1
#ifndef _DEBUG
#define _DEBUG 1
#endif
#undef _CRTDBG_MAP_ALLOC

#include "halde-win32/crtdbg.h"
#include "halde-win32/new.h"

#endif
