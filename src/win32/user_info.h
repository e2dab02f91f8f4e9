// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * User values and flags, which the native functions attach to blocks.
 *
 * They are kept in the engine's user info: its flags are the HEAP_SETTABLE_USER_* bits of the call
 * that allocated the block.  The value is the program's only if HEAP_SETTABLE_USER_VALUE is among
 * them.
 */
#ifndef WIN32_USER_INFO_H
#define WIN32_USER_INFO_H

#include "engine/engine.h"
#include "halde-win32/windows.h"

enum {
    USER_INFO_MASK = 0x00000F00 ///< HEAP_SETTABLE_USER_VALUE and the three flags
};

/// Adds the user bits of `flags` to a block's user info; the value starts as NULL.
enum halde_status user_info_add(HANDLE heap, void *block, DWORD flags);

#endif
