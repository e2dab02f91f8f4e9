// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** What happens at the end of the process: the leaks, when the program wants them, and a check of
 * every block that is left. */
#ifndef CRTDBG_EXIT_DUMP_H
#define CRTDBG_EXIT_DUMP_H

#include "base/compiler.h"

/// Dumps the blocks above a request number, if some of them leak. 1, or 0 when nothing leaks.
int debug_dump_leaks(uint64_t since);
/// Checks every block above a request number. Returns whether all are sound.
bool debug_check_since(uint64_t since);

#endif
