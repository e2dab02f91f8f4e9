// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/// What part a function plays in a stack, by its names.
#ifndef SYMBOLS_ROLES_H
#define SYMBOLS_ROLES_H

#include "symbols/symbols.h"

/// Sets is_allocator, is_system and is_start of a frame whose names are there.
void roles_set(struct symbol_frame *frame);

/// Whether a function's name, as in the source or as the linker knows it, is one that allocates.
bool roles_allocates(const char *function);

/// Whether it is one of the system's that run before main(), or start a thread.
bool roles_starts(const char *function, const char *module);

#endif
