// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Numbers of a walk that Windows keeps in fewer bits than the engine: they stop at their largest
 * value and never wrap, so that 64 in a region index always means a large block.
 */
#ifndef WIN32_WALK_H
#define WIN32_WALK_H

#include "base/compiler.h"
#include "engine/engine.h"
#include "halde-win32/windows.h"

enum {
    WALK_LAST_REGION = 63, ///< all regions from this number on share it
    WALK_LARGE_REGION = 64,
};

DWORD walk_size(size_t size);
BYTE walk_overhead(size_t overhead);
BYTE walk_region(uint32_t region_index);

/// The handle if `entry` is the data of a movable Global or Local object of the process heap, else
/// NULL.
HANDLE walk_movable_handle(HANDLE heap, const struct halde_entry *entry);

#endif
