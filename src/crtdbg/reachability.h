// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** Reports leaks by class and place, where HALDE_OPTIONS=crt_reachability=1 asks for it below the
 * classic dump, and crt_leak_list=0 in its place. */
#ifndef CRTDBG_REACHABILITY_H
#define CRTDBG_REACHABILITY_H

#include "crtdbg/leak_search.h"

/// Whether it is told in place of the list of blocks.
bool reachability_replaces_list(void);
/// Whether an option asks for it.
bool reachability_is_wanted(void);
/// Searches and reports. `is_told` as for leak_search().
void reachability_report(
    bool (*is_told)(const struct debug_block *block, void *context), void *context);
/// Reports what a search found.
void reachability_report_result(const struct leak_result *result);

#endif
