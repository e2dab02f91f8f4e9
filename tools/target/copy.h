// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * A copy of a process's memory that may change, taken while it stands still, so that it can go on
 * before anybody has looked at the contents.
 *
 * Copied is what is resident, or swapped out, of private writable memory; what was never touched
 * reads as zero.  The memory for it is made ready before the process is stopped: that takes longer
 * than the copying, which does 4 to 8 GB/s (bulk.h).
 *
 * A mapping whose pages nobody knows (image/resident.h) is not copied.
 */
#ifndef TARGET_COPY_H
#define TARGET_COPY_H

#include "target/target.h"
#include "view/view.h"

struct copy;

/// Makes room for about `size` bytes. NULL: there is no memory.
struct copy *copy_create(uint64_t size);
/// NULL is allowed.
void copy_destroy(struct copy *copy);

/// What to copy, and how.
struct copy_order {
    pid_t pid;
    const struct target_mapping *mappings;
    size_t mapping_count;
    const struct view_range *ranges; ///< of these mappings only what lies there, by address
    size_t range_count;              ///< no two overlap
    uint64_t limit;                  ///< bytes at most
    view_reader read;                ///< where the system call does not do
    void *context;
};
/// Copies from a stopped process. False: it would be more than the limit, or no memory is left.
bool copy_take(struct copy *copy, const struct copy_order *order);

/// Bytes that were copied.
uint64_t copy_size(const struct copy *copy);
/// Whether an address lies in what was copied; then copy_read() has the last word on it.
bool copy_has(const struct copy *copy, uint64_t address);
/// Where the next piece that was copied begins behind an address that was not; UINT64_MAX: nowhere.
uint64_t copy_next(const struct copy *copy, uint64_t address);
/// Reads from the copy, up to the end of what lies there. Returns how many bytes.
size_t copy_read(const struct copy *copy, uint64_t address, void *buffer, size_t size);
/// The bytes at an address that was copied; `*size`: how many follow one another.
const void *copy_hold(const struct copy *copy, uint64_t address, size_t *size);
/// The first pages from `address` on that may hold anything but zeros, up to where what was copied
/// ends: then `*start` and `*end` are that end.
void copy_find(const struct copy *copy, uint64_t address, uint64_t *start, uint64_t *end);

#endif
