// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Modes and files of the report types, and the two channels that need no window: the file and the
 * debugger's, which is standard error unless HALDE_OPTIONS=crt_output says otherwise.
 */
#ifndef CRTDBG_REPORT_MODE_H
#define CRTDBG_REPORT_MODE_H

#include "base/compiler.h"
#include "crtdbg/report.h"

/// Writes a report to the file and the debugger's channel, as the mode of its type says; once when
/// both lead to the same place.
void report_write(enum report_type type, const char *bytes, size_t size);
/// Writes to the debugger's channel.
void report_write_to_debugger(const char *bytes, size_t size);
/// The mode of a type: _CRTDBG_MODE_... bits.
int report_mode(enum report_type type);

#endif
