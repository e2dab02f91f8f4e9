// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** What is told when a recorded process has ended, and what that means for the exit code. */
#ifndef RUN_OUTCOME_H
#define RUN_OUTCOME_H

#include "run/session.h"

/// Reports on a process. Returns whether a condition of --fail-on, --max-live or --max-blocks
/// applies.
/// @param stream  where reports go
/// @param sarif   the log about all processes that is written there; NULL: another form
bool outcome_report(const struct session *session, FILE *stream, struct sarif_log *sarif);

#endif
