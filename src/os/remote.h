// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Another process: its memory and where its data lies.  It is neither stopped nor changed, and may
 * end at any moment.  Nothing here allocates, and every function keeps `errno`.
 */
#ifndef OS_REMOTE_H
#define OS_REMOTE_H

#include "base/compiler.h"

/**
 * Copies bytes of another process.
 *
 * @return 0; EFAULT: not all of them can be read; EPERM: the system does not allow it; ESRCH: there
 * is no such process (any more); or another errno value
 */
int os_remote_read(uint32_t process_id, uint64_t address, void *buffer, size_t size);

struct os_remote_range {
    uint64_t start;
    uint64_t end; ///< first address past it
};

/**
 * Private writable mappings of files: where the programs' and libraries' initialised data is.
 *
 * @param ranges  receives up to `capacity` of them
 * @param count   receives how many were stored
 * @return as os_remote_read()
 */
int os_remote_data(
    uint32_t process_id, struct os_remote_range *ranges, size_t capacity, size_t *count);

#endif
