// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The view: reads the heaps of a process from outside, by what the process says about them
 * (base/layout.h), through a function that reads its memory.
 *
 * Depends on libc only and never calls malloc(): the library uses it (ToolHelp on another process)
 * as well as the tool.  Trusts nothing: every number that it reads may be anything; every loop has
 * a bound that does not come from there, or is charged against one.
 *
 * Threads: a view belongs to one thread.
 */
#ifndef VIEW_VIEW_H
#define VIEW_VIEW_H

#include "base/layout.h"

/// Reads `size` bytes at `address`; returns whether all of them could be read.
typedef bool (*view_reader)(void *context, uint64_t address, void *buffer, size_t size);

#endif
