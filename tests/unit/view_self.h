// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** For tests of the view: a view on the test's own process, read as if it were another one. */
#ifndef UNIT_VIEW_SELF_H
#define UNIT_VIEW_SELF_H

#include "check.h"

#include "view/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    SELF_RANGES_MAX = 512
};

struct self_ranges {
    struct view_range ranges[SELF_RANGES_MAX];
    size_t count;
};

static inline bool self_read(void *context, uint64_t address, void *buffer, size_t size)
{
    (void)context;
    struct iovec local = {.iov_base = buffer, .iov_len = size};
    struct iovec remote = {.iov_base = (void *)(uintptr_t)address, .iov_len = size};
    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)size;
}

/// The private writable mappings of files.
static inline void self_find_ranges(struct self_ranges *result)
{
    FILE *maps = fopen("/proc/self/maps", "re");
    ASSERT_NOT_NULL(maps);
    char line[4096 + 256];
    result->count = 0;
    while (fgets(line, sizeof(line), maps) != NULL && result->count < SELF_RANGES_MAX) {
        char *rest;
        struct view_range range = {.start = strtoull(line, &rest, 16)};
        range.end = strtoull(rest + 1, &rest, 16); // behind it: " rw-p 00001000 08:01 42  /file"
        if (strlen(rest) > 5 && rest[2] == 'w' && rest[4] == 'p' && strchr(rest, '/') != NULL) {
            result->ranges[result->count++] = range;
        }
    }
    fclose(maps);
}

static inline struct view *self_open(bool is_frugal)
{
    static struct self_ranges ranges;
    self_find_ranges(&ranges);
    struct view *view = NULL;
    const struct view_source source = {.read = self_read,
        .ranges = ranges.ranges,
        .range_count = ranges.count,
        .is_frugal = is_frugal};
    enum view_status status = view_open(&view, &source);
    if (status != VIEW_OK) {
        test_fail(CHECK_HERE, "this process %s", view_status_text(status));
        test_stop();
    }
    return view;
}

#endif
