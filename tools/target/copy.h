// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * A copy of a process's memory that may change, taken while it stands still, so that it can go on
 * before anybody has looked at the contents.
 *
 * Copied is what is resident, or swapped out, of private writable memory; what was never touched
 * reads as zero.  The memory for it is made ready before the process is stopped: that takes longer
 * than the copying.
 */
#ifndef TARGET_COPY_H
#define TARGET_COPY_H

#include "target/target.h"

struct copy;

/// Makes room for about `size` bytes. NULL: there is no memory.
struct copy *copy_create(uint64_t size);
/// NULL is allowed.
void copy_destroy(struct copy *copy);

/// Copies from a stopped process. False: it would be more than `limit` bytes, or no memory is left.
bool copy_take(struct copy *copy, pid_t pid, const struct target_mapping *mappings, size_t count,
    uint64_t limit, bool (*read)(void *context, uint64_t address, void *buffer, size_t size),
    void *context);

/// Whether an address lies in what was copied; then copy_read() has the last word on it.
bool copy_has(const struct copy *copy, uint64_t address);
/// Reads from the copy, up to the end of what lies there. Returns how many bytes.
size_t copy_read(const struct copy *copy, uint64_t address, void *buffer, size_t size);

#endif
