// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** How much of a range of addresses of a live process is in memory, by /proc/PID/pagemap. */
#ifndef IMAGE_RESIDENT_H
#define IMAGE_RESIDENT_H

#include <stdbool.h>
#include <stdint.h>

struct resident {
    int descriptor; ///< -1: the system does not tell
    uint64_t page_size;
};

/// Opens it; if that fails, all answers are "unknown".
void resident_open(struct resident *resident, uint32_t process_id);
void resident_close(struct resident *resident);
/// Adds the bytes of a range that are in memory. False: unknown.
bool resident_add(const struct resident *resident, uint64_t start, uint64_t end, uint64_t *size);

#endif
