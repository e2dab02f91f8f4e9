// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Text that is longer than the terminal, through a pager.
 *
 * What a verb prints is collected first and shown when the verb is done: until then a process may
 * be stopped, and must not wait for somebody who reads.
 */
#ifndef CLI_PAGER_H
#define CLI_PAGER_H

#include <stdbool.h>

/// Collects standard output from here on, where it is a terminal and there is a pager:
/// HALDE_PAGER, PAGER, or less; none if that is empty or "cat".
void pager_begin(void);
/// Shows what was collected, if anything was: as it is where it fits, else by the pager; comes back
/// when the user is done.  False: it could not be collected or written.
bool pager_end(void);

#endif
