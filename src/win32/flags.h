// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Flags: the process's global flags, and what a heap was created with.
 *
 * Global flags come from HALDE_OPTIONS heap_flags=... and never change.  A heap's flags and its
 * compatibility value live in the engine's word of the heap (engine_heap_word()): bits 0..31 the
 * stored flags, 32..33 the compatibility value.  The word is set before the handle is handed out;
 * only the compatibility value changes later.
 */
#ifndef WIN32_FLAGS_H
#define WIN32_FLAGS_H

#include "base/compiler.h"
#include "halde-win32/windows.h"

// Internal heap flags that global flags switch on.
enum {
    HEAP_FLAG_PAGE_ALLOCS = 0x01000000, ///< guard-page heap: remembered, not yet made
    HEAP_FLAG_SHARED = 0x04000000, ///< creation: the heap becomes growable. Stored: tagging is on
    HEAP_FLAG_VALIDATE_ALL = 0x20000000,
    HEAP_FLAG_VALIDATE_PARAMS = 0x40000000,
};

// HEAP_INFORMATION_CLASS 0.
enum {
    HEAP_COMPATIBILITY_STANDARD = 0,
    HEAP_COMPATIBILITY_FRONT_END = 2,
};

/// FLG_* of this process.
DWORD flags_global(void);
/// Parses "0x70" or "htc,hfc"; false, and *flags unchanged, when any part is wrong.
bool flags_parse(const char *value, DWORD *flags);
/// Heap flags that a set of global flags switches on.
DWORD flags_of_global(DWORD global);
/// HALDE_CHECK_* for heap flags.
uint32_t flags_to_checks(DWORD heap_flags);

/// Stores the flags of a heap that was just created.
void flags_store(HANDLE heap, DWORD heap_flags);
/// The stored flags of a heap, 0 when it is no live heap.
DWORD flags_stored(HANDLE heap);
/// Creation flags that act on every later call: exceptions, zeroing, in place.
DWORD flags_inherited(HANDLE heap);

/// The compatibility value that was set, or HEAP_COMPATIBILITY_STANDARD.
DWORD flags_compatibility(HANDLE heap);
void flags_set_compatibility(HANDLE heap, DWORD value);

#endif
