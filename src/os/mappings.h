// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** What is mapped in this process, as the system says it. Nothing here allocates. */
#ifndef OS_MAPPINGS_H
#define OS_MAPPINGS_H

#include "base/compiler.h"

struct os_mapping {
    uintptr_t start;
    uintptr_t end;
    bool is_readable;
    bool is_writable;
    bool is_executable;
    bool is_shared;
    bool is_file; ///< of a file, as programs and libraries are
};

/**
 * Reads all mappings, by address.  Another thread may map and unmap meanwhile.
 *
 * @param mappings  room for `capacity` of them; more are counted only
 * @return how many there are; 0: the system does not tell
 */
size_t os_mappings_read(struct os_mapping *mappings, size_t capacity);

#endif
