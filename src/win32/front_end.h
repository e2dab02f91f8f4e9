// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The low-fragmentation front end, as far as programs can see it.
 *
 * Here it is a policy of the engine: a size class gets spans of its own as soon as that pays.  What
 * shows is the compatibility value, and that its blocks are never resized in place.
 */
#ifndef WIN32_FRONT_END_H
#define WIN32_FRONT_END_H

#include "base/compiler.h"
#include "halde-win32/windows.h"

/// Whether a heap is of a kind that can have a front end: serialised, growable, without debug
/// checks.
bool front_end_is_possible(HANDLE heap);
/// Whether a block's size is served by the heap's front end. False for anything that is no block.
bool front_end_serves(HANDLE heap, const void *block);

#endif
