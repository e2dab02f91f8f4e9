// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "image/resident.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum {
    ENTRIES = 4096 // of the page map, read at a time
};
static const uint64_t IS_PRESENT = (uint64_t)1 << 63;

void resident_open(struct resident *resident, uint32_t process_id)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%u/pagemap", process_id);
    long page_size = sysconf(_SC_PAGESIZE);
    resident->page_size = page_size > 0 ? (uint64_t)page_size : 4096;
    resident->descriptor = open(path, O_RDONLY | O_CLOEXEC);
}

void resident_close(struct resident *resident)
{
    if (resident->descriptor >= 0) {
        close(resident->descriptor);
    }
    resident->descriptor = -1;
}

bool resident_add(const struct resident *resident, uint64_t start, uint64_t end, uint64_t *size)
{
    uint64_t entries[ENTRIES];
    uint64_t page = start / resident->page_size;
    uint64_t last = (end + resident->page_size - 1) / resident->page_size;
    while (resident->descriptor >= 0 && page < last) {
        size_t count = last - page < ENTRIES ? (size_t)(last - page) : ENTRIES;
        off_t offset = (off_t)(page * sizeof(entries[0]));
        ssize_t got = pread(resident->descriptor, entries, count * sizeof(entries[0]), offset);
        if (got < (ssize_t)sizeof(entries[0])) {
            return false;
        }
        count = (size_t)got / sizeof(entries[0]);
        for (size_t i = 0; i < count; i++) {
            *size += (entries[i] & IS_PRESENT) != 0 ? resident->page_size : 0;
        }
        page += count;
    }
    return resident->descriptor >= 0;
}
