// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The debug heap's part of the checked memory and string functions (base/access.h): where a block
 * ends, and what is said about an access beyond.
 *
 * The library itself uses the same functions on blocks that are half made, on gaps and on what was
 * freed: in sections that is understood; elsewhere it pauses the checks of its thread.
 */
#ifndef CRTDBG_BOUNDS_H
#define CRTDBG_BOUNDS_H

#include "base/compiler.h"

/// Makes the link, where the process has checked functions. The debug heap is on.
void bounds_init(void);

/// Between the two the calling thread may touch all of a block. Nests.
void bounds_pause(void);
void bounds_resume(void);

#endif
