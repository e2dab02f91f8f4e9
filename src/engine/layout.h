// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** The engine's part of what a process says about its heaps: base/layout.h. */
#ifndef ENGINE_LAYOUT_H
#define ENGINE_LAYOUT_H

#include "base/layout.h"

/// Fills in everything. Called once, under the list's lock, before there is a heap.
void layout_init(void);

#endif
