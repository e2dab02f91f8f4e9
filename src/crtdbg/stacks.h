// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Call stacks of debug blocks: where each was allocated, when HALDE_OPTIONS=crt_stacks=N asks for N
 * frames.  Equal stacks are kept once.  They are printed below the classic lines, as module and
 * offset; a tool finds the source lines.
 */
#ifndef CRTDBG_STACKS_H
#define CRTDBG_STACKS_H

#include "crtdbg/report.h"

/// Sets how many frames are kept; 0: none. Called once, early.
void stacks_init(size_t frame_count);

/// The number of the calling thread's stack, from the frame that returns to `caller` on (NULL: the
/// calling function's).  0: none is kept.
uint32_t stacks_capture(const void *caller);

/// Reports a stack, a line for each frame. Nothing for 0.
void stacks_report(uint32_t stack, enum report_type type);

#endif
