// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "target/copy.h"

#include "cli/memory.h"
#include "image/by_address.h"
#include "image/resident.h"
#include "target/bulk.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 // Linux 5.14
#endif

enum {
    HUGE_PAGE = 2 << 20,
};

// A mapping, or a piece of one, that is copied.
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
    // Not huge pages: where a virtual machine has to find them first, they cost ten times as much.
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

static bool add_pages(void *context, uint64_t start, uint64_t end)
{
    struct copy *copy = context;
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
    return true;
}

static void add_area(
    struct copy *copy, const struct resident *resident, uint64_t start, uint64_t end, bool is_file)
{
    copy->areas =
        must_grow(copy->areas, copy->area_count, &copy->area_capacity, sizeof(*copy->areas));
    struct area area = {start, end, copy->run_count, 0};
    copy->areas[copy->area_count++] = area;
    // What has not been touched of a file is not zero, so all of it is taken.
    if (!is_file) {
        uint64_t used = copy->used;
        if (resident_find(resident, start, end, RESIDENT_FILLED, add_pages, copy)) {
            return;
        }
        copy->used = used;
        copy->run_count = area.first_run;
        copy->areas[copy->area_count - 1].run_count = 0;
    }
    if (end - start > RESIDENT_SPAN_MAX) {
        copy->area_count--;
    } else {
        add_pages(copy, start, end);
    }
}

// Mappings and ranges are both by address.
static void find_areas(struct copy *copy, const struct copy_order *order)
{
    struct resident resident;
    resident_open(&resident, (uint32_t)order->pid);
    uint64_t mask = copy->page_size - 1;
    size_t next = 0;
    for (size_t i = 0; i < order->mapping_count; i++) {
        const struct target_mapping *mapping = &order->mappings[i];
        while (next < order->range_count && order->ranges[next].end <= mapping->start) {
            next++;
        }
        uint64_t done = mapping->start; // ranges may meet in one page
        for (size_t r = next;
             is_wanted(mapping) && r < order->range_count && order->ranges[r].start < mapping->end;
             r++) {
            uint64_t start = order->ranges[r].start & ~mask;
            uint64_t end = order->ranges[r].end < mapping->end
                               ? (order->ranges[r].end + mask) & ~mask
                               : mapping->end;
            start = start > done ? start : done;
            if (start < end) {
                add_area(copy, &resident, start, end, mapping->is_file);
                done = end;
            }
        }
    }
    resident_close(&resident);
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

static struct view_piece *cut_runs(const struct copy *copy, size_t *count)
{
    struct view_piece *pieces = NULL;
    size_t capacity = 0;
    *count = 0;
    for (size_t i = 0; i < copy->run_count; i++) {
        const struct run *run = &copy->runs[i];
        for (uint64_t at = run->start; at < run->end; at += BULK_PIECE_MAX) {
            uint64_t left = run->end - at;
            pieces = must_grow(pieces, *count, &capacity, sizeof(*pieces));
            pieces[(*count)++] = (struct view_piece){
                .address = at,
                .size = left < BULK_PIECE_MAX ? left : BULK_PIECE_MAX,
                .to = copy->buffer + run->place + (at - run->start),
            };
        }
    }
    return pieces;
}

// One that could not be copied with others. What cannot be read of it is zero.
static void copy_one(
    const struct copy *copy, const struct copy_order *order, const struct view_piece *piece)
{
    for (uint64_t at = 0; at < piece->size; at += copy->page_size) {
        if (!order->read(order->context, piece->address + at, piece->to + at, copy->page_size)) {
            memset(piece->to + at, 0, copy->page_size);
        }
    }
}

bool copy_take(struct copy *copy, const struct copy_order *order)
{
    copy->used = 0;
    copy->area_count = 0;
    copy->run_count = 0;
    find_areas(copy, order);
    if (copy->used > order->limit || !make_room(copy)) {
        copy->area_count = 0;
        return false;
    }
    size_t count;
    struct view_piece *pieces = cut_runs(copy, &count);
    bulk_read(order->pid, pieces, count);
    for (size_t i = 0; i < count; i++) {
        if (!pieces[i].is_read) {
            copy_one(copy, order, &pieces[i]);
        }
    }
    free(pieces);
    return true;
}

// ---- Reading ------------------------------------------------------------------------------------

// How many areas begin at or before an address.
static size_t areas_until(const struct copy *copy, uint64_t address)
{
    return count_until(copy->areas, copy->area_count, sizeof(*copy->areas), address);
}

static const struct area *find_area(const struct copy *copy, uint64_t address)
{
    size_t count = areas_until(copy, address);
    return count > 0 && address < copy->areas[count - 1].end ? &copy->areas[count - 1] : NULL;
}

uint64_t copy_next(const struct copy *copy, uint64_t address)
{
    size_t count = areas_until(copy, address);
    return count < copy->area_count ? copy->areas[count].start : UINT64_MAX;
}

uint64_t copy_size(const struct copy *copy)
{
    return copy->used;
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

const void *copy_hold(const struct copy *copy, uint64_t address, size_t *size)
{
    enum {
        ZEROS_SIZE = 64 << 10
    };
    static const char zeros[ZEROS_SIZE];
    const struct area *area = find_area(copy, address);
    const struct run *run = run_after(copy, area, address);
    if (run != NULL && run->start <= address) {
        *size = run->end - address;
        return copy->buffer + run->place + (address - run->start);
    }
    uint64_t left = (run != NULL ? run->start : area->end) - address;
    *size = left < ZEROS_SIZE ? left : ZEROS_SIZE;
    return zeros;
}

void copy_find(const struct copy *copy, uint64_t address, uint64_t *start, uint64_t *end)
{
    const struct area *area = find_area(copy, address);
    const struct run *run = run_after(copy, area, address);
    if (run == NULL) {
        *start = *end = area->end;
        return;
    }
    *start = run->start > address ? run->start : address;
    *end = run->end;
}
