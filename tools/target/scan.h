// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Which processes carry a Halde heap, and which allocator others have: cheaply, without stopping
 * them.
 */
#ifndef TARGET_SCAN_H
#define TARGET_SCAN_H

#include "target/target.h"

enum scan_answer {
    SCAN_NO,      ///< no Halde heap
    SCAN_LIBRARY, ///< libhalde is mapped
    SCAN_STATIC,  ///< it is linked into the program or a library of it
    SCAN_HIDDEN,  ///< it may not be looked at
};
/// Whether a process carries the library.
enum scan_answer scan_process(pid_t pid);

/// Ids of all processes, ascending; to be freed.
pid_t *scan_processes(size_t *count);

/// Name of the malloc that a program uses: "jemalloc", "the C library's".
const char *scan_allocator(const struct target_mapping *mappings, size_t count);

/// Whether a file is an ELF program without an interpreter: nothing can be preloaded into it.
bool scan_is_static(const char *path);
/// Whether a program's file has marks of an allocator or run-time of its own that malloc calls do
/// not leave: "jemalloc", "tcmalloc", "mimalloc", "Go", "AddressSanitizer" ...; NULL: none found.
const char *scan_bundled(const char *path);

#endif
