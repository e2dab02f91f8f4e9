// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Which pages of a process hold something, as the kernel tells it without the process's help.
 *
 * Since Linux 6.7 it can be asked for ranges of pages (PAGEMAP_SCAN), and skips what was never
 * touched: terabytes cost nothing.  Before, each page has an entry in /proc/PID/pagemap, 4 ns of
 * work each; where there are more than RESIDENT_SPAN_MAX bytes of them the answer is that nobody
 * knows.  Only sanitizers and the like have such mappings.
 */
#ifndef IMAGE_RESIDENT_H
#define IMAGE_RESIDENT_H

#include <stdbool.h>
#include <stdint.h>

/// What is looked through page by page: half a second's work.
static const uint64_t RESIDENT_SPAN_MAX = (uint64_t)1 << 39;

struct resident {
    int descriptor; ///< of the page map; -1: the system does not let us
    bool can_scan;  ///< PAGEMAP_SCAN may be tried
    uint64_t page_size;
};

void resident_open(struct resident *resident, uint32_t process_id);
void resident_close(struct resident *resident);

enum resident_kind {
    RESIDENT_IN_MEMORY, ///< takes physical memory of its own or a file's
    RESIDENT_FILLED,    ///< in memory or swapped out: may hold other bytes than 0, if no file's
};
/// Visits runs of pages within [start, end), by address. `visit` returns whether to go on.
/// False: the kernel does not tell; some may have been visited.
bool resident_find(const struct resident *resident, uint64_t start, uint64_t end,
    enum resident_kind kind, bool (*visit)(void *context, uint64_t start, uint64_t end),
    void *context);

/// Adds the bytes of the range's pages that are in memory. False: nobody knows.
bool resident_add(const struct resident *resident, uint64_t start, uint64_t end, uint64_t *size);

#endif
