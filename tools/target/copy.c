// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "target/copy.h"

#include "cli/memory.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 // Linux 5.14
#endif

enum {
    PAGE_ENTRIES = 8192, // entries of pagemap that are read at once
    HUGE_PAGE = 2 << 20,
    CALL_SIZE_MAX = 64 << 20, // bytes a single call is asked for
};

#define PAGE_IS_PRESENT (1ULL << 63)
#define PAGE_IS_SWAPPED (1ULL << 62)

// A mapping that is copied.
struct area {
    uint64_t start;
    uint64_t end;
    size_t first_run; // index into runs
    size_t run_count;
};

// Pages that hold something, one after the other.
struct run {
    uint64_t start;
    uint64_t end;
    uint64_t place; // in the buffer
};

struct copy {
    char *buffer;
    uint64_t capacity;
    uint64_t used;
    struct area *areas; // by address
    size_t area_count, area_capacity;
    struct run *runs; // by address
    size_t run_count, run_capacity;
    uint64_t page_size;
};

static char *map_buffer(uint64_t size)
{
    void *buffer = mmap(
        NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (buffer == MAP_FAILED) {
        return NULL;
    }
    madvise(buffer, size, MADV_HUGEPAGE);
    madvise(buffer, size, MADV_POPULATE_WRITE); // a wish: without it pages come when written to
    return buffer;
}

struct copy *copy_create(uint64_t size)
{
    struct copy *copy = must_allocate(1, sizeof(*copy));
    copy->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
    copy->capacity = (size + size / 16 + 2 * HUGE_PAGE) & ~(uint64_t)(HUGE_PAGE - 1);
    copy->buffer = map_buffer(copy->capacity);
    if (copy->buffer == NULL) {
        free(copy);
        return NULL;
    }
    return copy;
}

void copy_destroy(struct copy *copy)
{
    if (copy == NULL) {
        return;
    }
    munmap(copy->buffer, copy->capacity);
    free(copy->areas);
    free(copy->runs);
    free(copy);
}

// ---- What there is to copy ----------------------------------------------------------------------

static bool is_wanted(const struct target_mapping *mapping)
{
    return mapping->is_readable && mapping->is_writable && !mapping->is_shared;
}

static void add_pages(struct copy *copy, uint64_t start, uint64_t end)
{
    struct area *area = &copy->areas[copy->area_count - 1];
    if (area->run_count > 0 && copy->runs[copy->run_count - 1].end == start) {
        copy->runs[copy->run_count - 1].end = end;
    } else {
        copy->runs =
            must_grow(copy->runs, copy->run_count, &copy->run_capacity, sizeof(*copy->runs));
        copy->runs[copy->run_count++] = (struct run){start, end, copy->used};
        area->run_count++;
    }
    copy->used += end - start;
}

// The pages of an anonymous mapping that hold something. False: the kernel does not tell.
static bool find_pages(struct copy *copy, int pagemap, const struct target_mapping *mapping)
{
    uint64_t entries[PAGE_ENTRIES];
    uint64_t page = copy->page_size;
    for (uint64_t at = mapping->start; at < mapping->end;) {
        uint64_t left = (mapping->end - at) / page;
        size_t size = (left < PAGE_ENTRIES ? left : PAGE_ENTRIES) * sizeof(entries[0]);
        ssize_t got = pread(pagemap, entries, size, (off_t)(at / page * sizeof(entries[0])));
        if (got < (ssize_t)sizeof(entries[0])) {
            return false;
        }
        for (size_t i = 0; i < (size_t)got / sizeof(entries[0]); i++, at += page) {
            if ((entries[i] & (PAGE_IS_PRESENT | PAGE_IS_SWAPPED)) != 0) {
                add_pages(copy, at, at + page);
            }
        }
    }
    return true;
}

static void add_area(struct copy *copy, int pagemap, const struct target_mapping *mapping)
{
    copy->areas =
        must_grow(copy->areas, copy->area_count, &copy->area_capacity, sizeof(*copy->areas));
    struct area area = {mapping->start, mapping->end, copy->run_count, 0};
    copy->areas[copy->area_count++] = area;
    // What has not been touched of a file is not zero, so all of it is taken.
    if (!mapping->is_file && pagemap >= 0) {
        uint64_t used = copy->used;
        if (find_pages(copy, pagemap, mapping)) {
            return;
        }
        copy->used = used;
        copy->run_count = area.first_run;
        copy->areas[copy->area_count - 1].run_count = 0;
    }
    add_pages(copy, mapping->start, mapping->end);
}

static void find_areas(
    struct copy *copy, pid_t pid, const struct target_mapping *mappings, size_t count)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/pagemap", (int)pid);
    int pagemap = open(path, O_RDONLY | O_CLOEXEC);
    for (size_t i = 0; i < count; i++) {
        if (is_wanted(&mappings[i])) {
            add_area(copy, pagemap, &mappings[i]);
        }
    }
    if (pagemap >= 0) {
        close(pagemap);
    }
}

// ---- Copying ------------------------------------------------------------------------------------

static bool make_room(struct copy *copy)
{
    if (copy->used <= copy->capacity) {
        return true;
    }
    char *buffer = map_buffer(copy->used);
    if (buffer == NULL) {
        return false;
    }
    munmap(copy->buffer, copy->capacity);
    copy->buffer = buffer;
    copy->capacity = copy->used;
    return true;
}

// Copies runs from `first` on with one call. Returns the first one that it did not copy wholly.
static size_t copy_many(struct copy *copy, pid_t pid, size_t first)
{
    struct iovec remote[IOV_MAX] = {0};
    size_t count = 0;
    uint64_t size = 0;
    for (size_t i = first; i < copy->run_count && count < IOV_MAX && size < CALL_SIZE_MAX; i++) {
        const struct run *run = &copy->runs[i];
        remote[count++] = (struct iovec){(void *)run->start, run->end - run->start};
        size += run->end - run->start;
    }
    struct iovec local = {copy->buffer + copy->runs[first].place, size};
    ssize_t got = process_vm_readv(pid, &local, 1, remote, count, 0);
    uint64_t done = got > 0 ? (uint64_t)got : 0;
    size_t next = first;
    while (next < first + count && copy->runs[next].end - copy->runs[next].start <= done) {
        done -= copy->runs[next].end - copy->runs[next].start;
        next++;
    }
    return next;
}

// One run that could not be copied with others. What cannot be read of it is cut off.
static void copy_one(struct copy *copy, struct run *run,
    bool (*read)(void *context, uint64_t address, void *buffer, size_t size), void *context)
{
    uint64_t page = copy->page_size;
    for (uint64_t at = run->start; at < run->end; at += page) {
        if (!read(context, at, copy->buffer + run->place + (at - run->start), page)) {
            run->end = at;
        }
    }
}

bool copy_take(struct copy *copy, pid_t pid, const struct target_mapping *mappings, size_t count,
    uint64_t limit, bool (*read)(void *context, uint64_t address, void *buffer, size_t size),
    void *context)
{
    copy->used = 0;
    copy->area_count = 0;
    copy->run_count = 0;
    find_areas(copy, pid, mappings, count);
    if (copy->used > limit || !make_room(copy)) {
        copy->area_count = 0;
        return false;
    }
    for (size_t next = 0; next < copy->run_count;) {
        size_t done = copy_many(copy, pid, next);
        if (done == next) {
            copy_one(copy, &copy->runs[next], read, context);
            done++;
        }
        next = done;
    }
    return true;
}

// ---- Reading ------------------------------------------------------------------------------------

static const struct area *find_area(const struct copy *copy, uint64_t address)
{
    size_t low = 0, high = copy->area_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (copy->areas[middle].start <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low > 0 && address < copy->areas[low - 1].end ? &copy->areas[low - 1] : NULL;
}

bool copy_has(const struct copy *copy, uint64_t address)
{
    return find_area(copy, address) != NULL;
}

// The first run of an area that ends behind an address; NULL: none.
static const struct run *run_after(
    const struct copy *copy, const struct area *area, uint64_t address)
{
    size_t low = area->first_run, end = area->first_run + area->run_count, high = end;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (copy->runs[middle].end <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < end ? &copy->runs[low] : NULL;
}

size_t copy_read(const struct copy *copy, uint64_t address, void *buffer, size_t size)
{
    const struct area *area = find_area(copy, address);
    if (area == NULL) {
        return 0;
    }
    size = area->end - address < size ? area->end - address : size;
    size_t done = 0;
    while (done < size) {
        uint64_t at = address + done;
        const struct run *run = run_after(copy, area, at);
        char *to = (char *)buffer + done;
        size_t left = size - done;
        if (run == NULL || run->start > at) {
            size_t zeros = run != NULL && run->start - at < left ? run->start - at : left;
            memset(to, 0, zeros);
            done += zeros;
        } else {
            size_t here = run->end - at < left ? run->end - at : left;
            memcpy(to, copy->buffer + run->place + (at - run->start), here);
            done += here;
        }
    }
    return done;
}
