// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** fork() in a threaded program: all heaps are stopped before and go on in parent and child. */
#ifndef ENGINE_FORK_H
#define ENGINE_FORK_H

/// Registers the handlers. Called once, under the registry's lock.
void fork_init(void);

#endif
