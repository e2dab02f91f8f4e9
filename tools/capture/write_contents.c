// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Bytes of memory: busy blocks, and everything from where a block may be pointed at.

#include "capture/writer.h"

#include "cli/memory.h"
#include "leaks/roots.h"

#include <stdlib.h>
#include <string.h>

enum {
    PAGE = 4096,
    PIECE_SIZE = 256 << 10, ///< bytes of a section: what is decompressed to read one byte of it
    RED_ZONE = 128,         ///< bytes below the stack pointer that a function may use
};

struct range {
    uint64_t start;
    uint64_t end;
};

struct range_list {
    struct range *items;
    size_t count;
    size_t capacity;
};

static uint64_t page_floor(uint64_t address)
{
    return address & ~(uint64_t)(PAGE - 1);
}

static uint64_t page_ceiling(uint64_t address)
{
    return address > UINT64_MAX - (PAGE - 1) ? page_floor(address) : page_floor(address + PAGE - 1);
}

// Adds whole pages. Ranges that come in order are joined at once.
static void add_range(struct range_list *list, uint64_t start, uint64_t end)
{
    start = page_floor(start);
    end = page_ceiling(end);
    if (start >= end) {
        return;
    }
    struct range *last = list->count ? &list->items[list->count - 1] : NULL;
    if (last && last->start <= start && start <= last->end) {
        last->end = last->end > end ? last->end : end;
        return;
    }
    list->items = must_grow(list->items, list->count, &list->capacity, sizeof(*list->items));
    list->items[list->count++] = (struct range){start, end};
}

static void add_busy_blocks(struct range_list *list, const struct image *image)
{
    for (size_t index = 0; index < image->block_count; index++) {
        const struct image_block *block = &image->blocks[index];
        bool is_wanted = block->kind == IMAGE_BUSY || block->kind == IMAGE_DEBUG_FREED;
        uint64_t end = block->address + block->size;
        if (is_wanted && end >= block->address) {
            add_range(list, block->address - image_detail(image, block)->gap, end + block->slack);
        }
    }
}

// Where the used part of a mapping begins: at the stack pointer if a thread's stack lies in it.
static uint64_t used_start(const struct image *image, const struct image_mapping *mapping)
{
    uint64_t start = mapping->end;
    for (size_t index = 0; index < image->thread_count; index++) {
        uint64_t pointer = image->threads[index].stack_pointer;
        if (pointer >= mapping->start + RED_ZONE && pointer < mapping->end &&
            pointer - RED_ZONE < start) {
            start = pointer - RED_ZONE;
        }
    }
    return start == mapping->end ? mapping->start : start;
}

// Memory that a program shares with its children only holds pointers like its own.
static bool is_shared_anonymous(const struct image *image, const struct image_mapping *mapping)
{
    return strcmp(image_string(image, mapping->path), "/dev/zero (deleted)") == 0;
}

// Adds what is not the library's own: heaps, bookkeeping, recorded stacks.
static void add_foreign(struct range_list *list, uint64_t start, uint64_t end,
    const struct reach_range *own, size_t own_count)
{
    for (size_t index = 0; index < own_count; index++) {
        if (own[index].end <= start || own[index].start >= end) {
            continue;
        }
        if (own[index].start > start) {
            add_range(list, start, own[index].start);
        }
        start = own[index].end;
    }
    if (start < end) {
        add_range(list, start, end);
    }
}

static int compare_own(const void *left, const void *right)
{
    const struct reach_range *a = left;
    const struct reach_range *b = right;
    return (a->start > b->start) - (a->start < b->start);
}

// Whether a mapping that cannot be written is data of the module whose writable data follows: what
// the loader has protected after relocation, tables of virtual functions among it.
static bool is_protected_data(const struct image *image, size_t index)
{
    const struct image_mapping *mapping = &image->mappings[index];
    if (index + 1 == image->mapping_count || mapping->path == 0 || mapping->is_executable) {
        return false;
    }
    const struct image_mapping *next = &image->mappings[index + 1];
    return next->is_writable && next->path == mapping->path && next->start == mapping->end;
}

static void add_mappings(struct range_list *list, const struct image *image)
{
    struct reach_range own[OWN_RANGES_MAX];
    size_t own_count = own_memory_find(image, own);
    qsort(own, own_count, sizeof(own[0]), compare_own);
    for (size_t index = 0; index < image->mapping_count; index++) {
        const struct image_mapping *mapping = &image->mappings[index];
        bool is_own = !mapping->is_shared || is_shared_anonymous(image, mapping);
        bool is_wanted = mapping->is_readable && is_own &&
                         (mapping->is_writable || is_protected_data(image, index));
        if (is_wanted) {
            add_foreign(list, used_start(image, mapping), mapping->end, own, own_count);
        }
    }
}

static int compare_ranges(const void *left, const void *right)
{
    const struct range *a = left;
    const struct range *b = right;
    return (a->start > b->start) - (a->start < b->start);
}

// In order, without overlaps.
static void join_ranges(struct range_list *list)
{
    if (list->count == 0) {
        return;
    }
    qsort(list->items, list->count, sizeof(*list->items), compare_ranges);
    size_t last = 0;
    for (size_t index = 1; index < list->count; index++) {
        struct range *range = &list->items[index];
        if (range->start <= list->items[last].end) {
            uint64_t end = list->items[last].end;
            list->items[last].end = range->end > end ? range->end : end;
        } else {
            list->items[++last] = *range;
        }
    }
    list->count = last + 1;
}

// ---- Pieces ----

/// A section in the making. Several ranges share one.
struct piece {
    struct capture_writer *writer;
    uint32_t image_number;
    struct content_row rows[PIECE_SIZE / PAGE];
    size_t row_count;
    size_t size; ///< of what rows cover
    uint8_t stored[PIECE_SIZE];
    size_t stored_size;
};

static void put_piece(struct piece *piece)
{
    if (piece->row_count == 0) {
        return;
    }
    struct capture_writer *writer = piece->writer;
    writer_encode(writer,
        &(struct snapshot_rows){
            content_fields, piece->rows, sizeof(piece->rows[0]), piece->row_count},
        NULL);
    uint8_t *out =
        byte_buffer_reserve(&writer->raw, SNAPSHOT_COLUMN_HEADER_SIZE + piece->stored_size);
    writer->raw.size +=
        snapshot_bytes_encode(CONTENTS_BYTES, piece->stored, piece->stored_size, out);
    writer_put_section(writer, SNAPSHOT_CONTENTS, piece->image_number, piece->row_count);
    piece->row_count = 0;
    piece->size = 0;
    piece->stored_size = 0;
}

static bool is_zero_page(const uint8_t *page)
{
    return page[0] == 0 && memcmp(page, page + 1, PAGE - 1) == 0;
}

static void add_page(struct piece *piece, uint64_t address, const uint8_t *page)
{
    uint8_t kind = is_zero_page(page) ? CONTENTS_ZERO : CONTENTS_STORED;
    struct content_row *last = piece->row_count ? &piece->rows[piece->row_count - 1] : NULL;
    if (last && last->address + last->size == address && last->kind == kind) {
        last->size += PAGE;
    } else {
        piece->rows[piece->row_count++] = (struct content_row){address, PAGE, kind};
    }
    if (kind == CONTENTS_STORED) {
        memcpy(piece->stored + piece->stored_size, page, PAGE);
        piece->stored_size += PAGE;
    }
    piece->size += PAGE;
    if (piece->size == PIECE_SIZE) {
        put_piece(piece);
    }
}

// What cannot be read is left out: page by page, as a hole may be in the middle.
static void add_contents(struct piece *piece, const struct image *image, struct range range)
{
    static uint8_t buffer[PIECE_SIZE];
    while (range.start < range.end && piece->writer->error == 0) {
        uint64_t left = range.end - range.start;
        size_t wanted = left < PIECE_SIZE ? (size_t)left : PIECE_SIZE;
        size_t size = page_floor(image_read(image, range.start, buffer, wanted));
        for (size_t offset = 0; offset < size; offset += PAGE) {
            add_page(piece, range.start + offset, buffer + offset);
        }
        range.start += size < wanted ? size + PAGE : size;
    }
}

void writer_put_contents(
    struct capture_writer *writer, const struct image *image, uint32_t image_number)
{
    struct range_list list = {0};
    add_busy_blocks(&list, image);
    add_mappings(&list, image);
    join_ranges(&list);
    struct piece *piece = must_allocate(1, sizeof(*piece));
    piece->writer = writer;
    piece->image_number = image_number;
    for (size_t index = 0; index < list.count; index++) {
        add_contents(piece, image, list.items[index]);
    }
    put_piece(piece);
    free(piece);
    free(list.items);
}
