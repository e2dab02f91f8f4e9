// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Whose block it is, by the address that malloc() returns to: libc, the dynamic linker and the C++
 * runtime keep blocks of their own for ever, which are CRT blocks, not leaks of the program.  What
 * such a library allocates on the program's behalf, as strdup() and std::string do, is the
 * program's.
 *
 * No lock and no allocation: the dynamic linker answers from its table of modules; where it is too
 * old for that, only the modules that were loaded at start are known.
 */
#ifndef CRTDBG_CALLER_H
#define CRTDBG_CALLER_H

#include "base/compiler.h"

/// Learns the modules that are loaded. Called once, when no lock of the dynamic linker is held.
void caller_init(void);

/// Whether a call from `address` comes from the runtime and for its own use.
bool caller_is_runtime(const void *address);

/// Whether libc is in the program itself.
bool caller_libc_is_static(void);

#endif
