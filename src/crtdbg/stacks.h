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

/// Sets how many frames are kept, 0: none; and how many bytes all stacks may take, 0: the usual.
/// Called once, early.
void stacks_init(size_t frame_count, size_t memory_size);

/// The number of the calling thread's stack, from the frame that returns to `caller` on (NULL: the
/// calling function's).  0: none is kept.
uint32_t stacks_capture(const void *caller);

/// Reports who called: the whole stack where stacks are kept, otherwise what the call returns to.
/// Nothing for NULL.
void stacks_report_caller(const void *caller, enum report_type type);

/// Reports a stack, a line for each frame. Nothing for 0.
void stacks_report(uint32_t stack, enum report_type type);

/// Reports the place of one address of code, as a frame.
void stacks_report_address(const void *address, enum report_type type);

#endif
