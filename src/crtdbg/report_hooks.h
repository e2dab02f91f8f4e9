// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Report hooks: a list of narrow ones, a list of wide ones, and a single narrow one.
 *
 * A hook is called without a lock held.  It may install and remove hooks: one that is installed
 * while a report is under way does not see that report; one that is removed and not yet called
 * neither.
 */
#ifndef CRTDBG_REPORT_HOOKS_H
#define CRTDBG_REPORT_HOOKS_H

#include <wchar.h>

#include "base/compiler.h"
#include "crtdbg/report_buffer.h"

/// Calls the hooks with the report in `buffer`, both widths of which hold it, and which they may
/// change: the other width follows.  Returns whether a hook claimed it; `result` is that hook's.
bool report_hooks_call(int type, struct report_buffer *buffer, int *result);

#endif
