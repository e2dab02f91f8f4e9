// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The one policy for wrong pointers and damaged blocks: say it in one sentence, then end the
 * process if termination on corruption is enabled, else let the caller fail.
 */
#ifndef WIN32_CORRUPTION_H
#define WIN32_CORRUPTION_H

#include "engine/engine.h"
#include "halde-win32/windows.h"

/// Reports what the engine found about `block` when it was to be freed or resized.  Returns only
/// when termination is off.  The caller holds no heap lock.
void corruption_found(HANDLE heap, const void *block, enum halde_status status);

/// Says what a validation found, if a debug flag of the process is on. Never ends the process.
void corruption_note(HANDLE heap, const struct halde_damage *damage);

/// From now on corruption ends the process. Cannot be taken back.
void corruption_enable_termination(void);

#endif
