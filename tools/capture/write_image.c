// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// An image as sections.

#include "capture/writer.h"

#include "cli/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/// From the numbers of an image to those of the file.
struct from_image {
    struct capture_writer *writer;
    const struct image *image;
    uint32_t *stacks; ///< of the file, by the image's number; 0: not asked for yet
};

static uint32_t file_stack(struct from_image *from, uint64_t number)
{
    if (number >= from->image->stack_count) {
        return 0;
    }
    if (from->stacks[number] == 0) {
        size_t count = 0;
        const uint64_t *frames = image_frames(from->image, (uint32_t)number, &count);
        from->stacks[number] = capture_writer_stack(from->writer, frames, count);
    }
    return from->stacks[number];
}

static bool to_file(void *context, unsigned reference, uint64_t *value)
{
    struct from_image *from = context;
    if (reference == SNAPSHOT_STRING) {
        *value = *value > UINT32_MAX ? 0
                                     : capture_writer_string(from->writer,
                                           image_string(from->image, (uint32_t)*value));
    } else if (reference == SNAPSHOT_STACK) {
        *value = file_stack(from, *value);
    } else if (reference == SNAPSHOT_HEAP) {
        return *value < from->image->heap_count;
    }
    return true;
}

// Rows of one of the image's arrays. They are only read; rows are not const for decoding's sake.
static void put_array(struct from_image *from, uint32_t type, uint32_t number,
    const struct snapshot_field *fields, void *first, size_t stride, size_t count)
{
    struct snapshot_translator translator = {to_file, from};
    struct snapshot_rows rows = {fields, first, stride, count};
    writer_put_rows(from->writer, type, number, &rows, &translator);
}

static void put_image_row(struct from_image *from, uint32_t number, bool has_contents)
{
    struct image_row *row = must_allocate(1, sizeof(*row));
    row->image = *from->image;
    row->source = (uint8_t)from->image->source;
    row->has_contents = has_contents;
    put_array(from, SNAPSHOT_IMAGE, number, image_fields, row, sizeof(*row), 1);
    free(row);
}

// Modules as the whole file knows them, so that the frames of stacks can be told by them.
static void tell_modules(struct from_image *from)
{
    const struct image *image = from->image;
    for (size_t index = 0; index < image->module_count; index++) {
        struct image_module module = image->modules[index];
        module.path = capture_writer_string(from->writer, image_string(image, module.path));
        capture_write_modules(from->writer, &module, 1);
    }
}

static void put_regions(struct from_image *from, uint32_t number)
{
    const struct image *image = from->image;
    size_t count = 0;
    for (size_t heap = 0; heap < image->heap_count; heap++) {
        count += image->heaps[heap].region_count;
    }
    struct region_row *rows = must_allocate(count + 1, sizeof(*rows));
    struct region_row *next = rows;
    for (size_t heap = 0; heap < image->heap_count; heap++) {
        for (uint32_t region = 0; region < image->heaps[heap].region_count; region++) {
            *next++ = (struct region_row){(uint32_t)heap, image->heaps[heap].regions[region]};
        }
    }
    put_array(from, SNAPSHOT_REGIONS, number, region_fields, rows, sizeof(*rows), count);
    free(rows);
}

// Which definite leak leads to an indirect one: only where it is not the block itself.
static void put_leaders(struct from_image *from, uint32_t number)
{
    const struct image *image = from->image;
    if (!image->leaders) {
        return;
    }
    struct leader_row *rows = must_allocate(WRITER_ROWS, sizeof(*rows));
    size_t count = 0;
    for (size_t block = 0; block < image->block_count && block <= UINT32_MAX; block++) {
        if (image->leaders[block] != block) {
            rows[count++] = (struct leader_row){(uint32_t)block, image->leaders[block]};
        }
        if (count == WRITER_ROWS) {
            put_array(from, SNAPSHOT_LEADERS, number, leader_fields, rows, sizeof(*rows), count);
            count = 0;
        }
    }
    // One section at least says that there was a search.
    struct snapshot_rows rest = {leader_fields, rows, sizeof(*rows), count};
    writer_encode(from->writer, &rest, NULL);
    writer_put_section(from->writer, SNAPSHOT_LEADERS, number, count);
    free(rows);
}

static void put_image_end(struct from_image *from, uint32_t number)
{
    struct image_end_row row = {from->image->heap_count, from->image->block_count};
    put_array(from, SNAPSHOT_IMAGE_END, number, image_end_fields, &row, sizeof(row), 1);
}

// Rows are made a section at a time: all of them would be as large as the image.
static void put_blocks(struct from_image *from, uint32_t number)
{
    const struct image *image = from->image;
    struct block_row *rows = must_allocate(WRITER_ROWS, sizeof(*rows));
    size_t count;
    for (size_t first = 0; first < image->block_count; first += count) {
        size_t left = image->block_count - first;
        count = left < WRITER_ROWS ? left : WRITER_ROWS;
        for (size_t i = 0; i < count; i++) {
            const struct image_block *block = &image->blocks[first + i];
            rows[i] = (struct block_row){*block, *image_detail(image, block)};
        }
        put_array(from, SNAPSHOT_BLOCKS, number, block_fields, rows, sizeof(*rows), count);
    }
    free(rows);
}

static void put_arrays(struct from_image *from, uint32_t number)
{
    const struct image *image = from->image;
    put_array(from, SNAPSHOT_HEAPS, number, heap_fields, image->heaps, sizeof(*image->heaps),
        image->heap_count);
    put_regions(from, number);
    put_array(from, SNAPSHOT_IMAGE_MODULES, number, image_module_fields, image->modules,
        sizeof(*image->modules), image->module_count);
    put_array(from, SNAPSHOT_MAPPINGS, number, mapping_fields, image->mappings,
        sizeof(*image->mappings), image->mapping_count);
    put_array(from, SNAPSHOT_THREADS, number, thread_fields, image->threads,
        sizeof(*image->threads), image->thread_count);
    put_array(from, SNAPSHOT_DAMAGES, number, damage_fields, image->damages,
        sizeof(*image->damages), image->damage_count);
    put_blocks(from, number);
}

void capture_write_image(struct capture_writer *writer, const struct image *image, int flags)
{
    struct from_image from = {
        .writer = writer,
        .image = image,
        .stacks = must_allocate(image->stack_count + 1, sizeof(*from.stacks)),
    };
    uint32_t number = ++writer->image_count;
    bool has_contents = (flags & CAPTURE_CONTENTS) && image->read;
    if (has_contents && writer->is_plain_file) {
        // What a process held is nobody else's business, as with core files.
        fchmod(writer->fd, S_IRUSR | S_IWUSR);
    }
    tell_modules(&from);
    put_image_row(&from, number, has_contents);
    put_arrays(&from, number);
    put_leaders(&from, number);
    if (has_contents) {
        writer_put_contents(writer, image, number);
    }
    put_image_end(&from, number);
    free(from.stacks);
}
