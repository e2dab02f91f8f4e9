// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** The debug heap's part of what a process says about its heaps: base/layout.h. */
#ifndef CRTDBG_LAYOUT_H
#define CRTDBG_LAYOUT_H

/// Tells readers outside of the process how debug blocks look. Called once, when there is a heap.
void layout_register_debug_heap(void);

#endif
