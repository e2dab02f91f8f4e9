// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "image/resident.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    ENTRIES = 8192, // of the page map, read at a time
    RANGES = 512,   // of a scan, at a time
};
static const uint64_t ENTRY_IS_PRESENT = (uint64_t)1 << 63;
static const uint64_t ENTRY_IS_SWAPPED = (uint64_t)1 << 62;

// ---- Scan -------------------------------------------------------------------------------------
// Names and numbers of linux/fs.h, Linux 6.7.

struct page_region {
    uint64_t start, end, categories;
};
struct scan_argument {
    uint64_t size, flags;
    uint64_t start, end;
    uint64_t walk_end; // out: where it stopped
    uint64_t vector, vector_count;
    uint64_t max_pages;
    uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
static_assert(sizeof(struct scan_argument) == 96, "as the kernel has it");
#define SCAN_REQUEST _IOWR('f', 16, struct scan_argument)
static const uint64_t CATEGORY_PRESENT = 1 << 3;
static const uint64_t CATEGORY_SWAPPED = 1 << 4;
static const uint64_t CATEGORY_ZERO = 1 << 5; // the one page of zeros that all share

// One call. Negative: the kernel does not know it; else how many ranges were found.
static int scan_once(const struct resident *resident, struct scan_argument *argument,
    struct page_region ranges[RANGES], enum resident_kind kind)
{
    memset(ranges, 0, RANGES * sizeof(ranges[0]));
    argument->size = sizeof(*argument);
    argument->vector = (uint64_t)(uintptr_t)ranges;
    argument->vector_count = RANGES;
    argument->category_anyof_mask =
        CATEGORY_PRESENT | (kind == RESIDENT_FILLED ? CATEGORY_SWAPPED : 0);
    argument->return_mask = CATEGORY_PRESENT;
    if (kind == RESIDENT_FILLED) {
        argument->category_inverted = CATEGORY_ZERO;
        argument->category_mask = CATEGORY_ZERO;
    }
    return ioctl(resident->descriptor, SCAN_REQUEST, argument);
}

static bool scan(const struct resident *resident, uint64_t start, uint64_t end,
    enum resident_kind kind, bool (*visit)(void *context, uint64_t start, uint64_t end),
    void *context)
{
    struct page_region ranges[RANGES];
    while (start < end) {
        struct scan_argument argument = {.start = start, .end = end};
        int count = scan_once(resident, &argument, ranges, kind);
        if (count < 0 || argument.walk_end <= start) {
            return false;
        }
        for (int i = 0; i < count; i++) {
            if (!visit(context, ranges[i].start, ranges[i].end)) {
                return true;
            }
        }
        start = argument.walk_end;
    }
    return true;
}

// ---- Entry by entry ---------------------------------------------------------------------------

static bool look_through(const struct resident *resident, uint64_t start, uint64_t end,
    enum resident_kind kind, bool (*visit)(void *context, uint64_t start, uint64_t end),
    void *context)
{
    uint64_t entries[ENTRIES];
    uint64_t page = resident->page_size, run = end; // `run`: start of the present run
    uint64_t wanted = ENTRY_IS_PRESENT | (kind == RESIDENT_FILLED ? ENTRY_IS_SWAPPED : 0);
    if (end - start > RESIDENT_SPAN_MAX) {
        return false;
    }
    for (uint64_t at = start; at < end;) {
        uint64_t left = (end - at) / page;
        size_t size = (size_t)(left < ENTRIES ? left : ENTRIES) * sizeof(entries[0]);
        ssize_t got =
            pread(resident->descriptor, entries, size, (off_t)(at / page * sizeof(entries[0])));
        if (got < (ssize_t)sizeof(entries[0])) {
            return false;
        }
        for (size_t i = 0; i < (size_t)got / sizeof(entries[0]); i++, at += page) {
            bool is_filled = (entries[i] & wanted) != 0;
            if (is_filled && run == end) {
                run = at;
            } else if (!is_filled && run != end) {
                if (!visit(context, run, at)) {
                    return true;
                }
                run = end;
            }
        }
    }
    if (run != end) {
        visit(context, run, end);
    }
    return true;
}

// -----------------------------------------------------------------------------------------------

void resident_open(struct resident *resident, uint32_t process_id)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%u/pagemap", process_id);
    long page_size = sysconf(_SC_PAGESIZE);
    resident->page_size = page_size > 0 ? (uint64_t)page_size : 4096;
    resident->descriptor = open(path, O_RDONLY | O_CLOEXEC);
    struct page_region ranges[RANGES];
    struct scan_argument nothing = {.start = 0, .end = 0};
    resident->can_scan =
        resident->descriptor >= 0 && scan_once(resident, &nothing, ranges, RESIDENT_IN_MEMORY) >= 0;
}

void resident_close(struct resident *resident)
{
    if (resident->descriptor >= 0) {
        close(resident->descriptor);
    }
    resident->descriptor = -1;
}

bool resident_find(const struct resident *resident, uint64_t start, uint64_t end,
    enum resident_kind kind, bool (*visit)(void *context, uint64_t start, uint64_t end),
    void *context)
{
    uint64_t mask = resident->page_size - 1;
    start &= ~mask;
    end = (end + mask) & ~mask;
    if (resident->descriptor < 0 || start > end) {
        return false;
    }
    return resident->can_scan ? scan(resident, start, end, kind, visit, context)
                              : look_through(resident, start, end, kind, visit, context);
}

static bool add_run(void *context, uint64_t start, uint64_t end)
{
    uint64_t *size = context;
    *size += end - start;
    return true;
}

bool resident_add(const struct resident *resident, uint64_t start, uint64_t end, uint64_t *size)
{
    return resident_find(resident, start, end, RESIDENT_IN_MEMORY, add_run, size);
}
