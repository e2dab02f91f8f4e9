// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The new handler and the new mode: see <new.h>.
 */
#ifndef CRTDBG_NEW_HANDLER_H
#define CRTDBG_NEW_HANDLER_H

#include "base/compiler.h"

/// Whether malloc() and its kin call the handler when memory is short: _query_new_mode().
bool new_mode_is_on(void);
/// _callnewh(): whether to try again. Calls the program's handler; no lock may be held.
bool new_handler_call(size_t size);

#endif
