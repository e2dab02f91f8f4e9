// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Heaps as a whole, for the other files of this layer.
 */
#ifndef WIN32_HEAP_H
#define WIN32_HEAP_H

#include "base/compiler.h"
#include "engine/engine.h"
#include "halde-win32/windows.h"

/// Creates a heap and stores its flags. Takes every HEAP_* creation flag, the debug checks
/// included; sizes as for HeapCreate(). Leaves the last error alone.
enum halde_status heap_create(
    DWORD flags, SIZE_T initial_size, SIZE_T reserve_size, SIZE_T maximum_size, halde_heap **heap);
/// HeapValidate().
bool heap_validate(HANDLE heap, DWORD flags, const void *block);

#endif
