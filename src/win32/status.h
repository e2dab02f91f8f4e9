// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Status codes: what the engine found, as a native status, as a last error, as a name.
 */
#ifndef WIN32_STATUS_H
#define WIN32_STATUS_H

#include "engine/engine.h"
#include "halde-win32/windows.h"

/// The native status of an engine status; the two that are no failure become STATUS_SUCCESS and
/// STATUS_NO_MORE_ENTRIES.
NTSTATUS status_from_engine(enum halde_status status);
/// The last error that stands for a native status; 317 for one it does not know.
DWORD status_to_error(NTSTATUS status);
/// The last error of an engine status.
DWORD status_error_from_engine(enum halde_status status);
/// "STATUS_NO_MEMORY", or "unknown status".
const char *status_name(NTSTATUS status);

#endif
