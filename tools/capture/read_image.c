// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The image of a file: which one counts, and its parts.

#include "capture/contents.h"
#include "capture/reader.h"

#include "cli/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/// Heaps while their regions come in.
struct heap_list {
    struct image_heap *heaps;
    size_t count;
    size_t *capacities; ///< of each one's regions
};

// ---- Which image ----

// The number of the last whole image, else of the last one; 0: there is none.
static uint32_t choose_image(const struct reader *reader, bool *is_whole)
{
    uint32_t begun = 0;
    uint32_t whole = 0;
    for (size_t index = 0; index < reader->section_count; index++) {
        const struct snapshot_section *section = &reader->sections[index].section;
        if (section->type == SNAPSHOT_IMAGE) {
            begun = section->image;
        } else if (section->type == SNAPSHOT_IMAGE_END && section->image == begun) {
            whole = begun;
        }
    }
    *is_whole = whole != 0;
    return whole ? whole : begun;
}

// ---- Heaps and regions ----

static void read_heaps(
    struct reader *reader, struct heap_list *list, const struct placed_section *section)
{
    size_t count = section->section.count;
    size_t row_size = sizeof(*list->heaps) + sizeof(*list->capacities);
    if (!reader_charge(reader, count, 2 * row_size)) {
        return;
    }
    struct image_heap *rows = reader_load_rows(reader, section, heap_fields, sizeof(*rows));
    list->heaps = must_resize(list->heaps, list->count + count + 1, sizeof(*list->heaps));
    list->capacities =
        must_resize(list->capacities, list->count + count + 1, sizeof(*list->capacities));
    for (size_t row = 0; row < count; row++) {
        // Heaps that are lost keep their places: blocks name them by number.
        list->heaps[list->count] = rows ? rows[row] : (struct image_heap){0};
        list->capacities[list->count++] = 0;
    }
    free(rows);
}

static void read_regions(
    struct reader *reader, struct heap_list *list, const struct placed_section *section)
{
    size_t count = section->section.count;
    struct region_row *rows = reader_load_rows(reader, section, region_fields, sizeof(*rows));
    // Twice: here and in the image.
    if (!rows || !reader_charge(reader, count, 2 * sizeof(rows->region))) {
        free(rows);
        return;
    }
    for (size_t row = 0; row < count; row++) {
        struct image_heap *heap = &list->heaps[rows[row].heap];
        heap->regions = must_grow(heap->regions, heap->region_count,
            &list->capacities[rows[row].heap], sizeof(*heap->regions));
        heap->regions[heap->region_count++] = rows[row].region;
    }
    free(rows);
}

static void add_heaps(struct reader *reader, struct heap_list *list)
{
    for (size_t index = 0; index < list->count; index++) {
        if (!image_add_heap(reader->image, &list->heaps[index])) {
            out_of_memory();
        }
        free(list->heaps[index].regions);
    }
    free(list->heaps);
    free(list->capacities);
}

static void read_heap_sections(struct reader *reader, uint32_t number)
{
    struct heap_list list = {0};
    for (size_t index = 0; index < reader->section_count; index++) {
        const struct placed_section *section = &reader->sections[index];
        if (section->section.image == number && section->section.type == SNAPSHOT_HEAPS) {
            read_heaps(reader, &list, section);
        }
    }
    // The translator asks how many heaps the image has.
    reader->image->heap_count = list.count;
    for (size_t index = 0; index < reader->section_count && list.count; index++) {
        const struct placed_section *section = &reader->sections[index];
        if (section->section.image == number && section->section.type == SNAPSHOT_REGIONS) {
            read_regions(reader, &list, section);
        }
    }
    reader->image->heap_count = 0;
    add_heaps(reader, &list);
}

// ---- Rows of the image's arrays ----

#define DEFINE_READ(name, type, fields, add)                                                       \
    static void read_##name(struct reader *reader, const struct placed_section *section)           \
    {                                                                                              \
        struct type *rows = reader_load_rows(reader, section, fields, sizeof(*rows));              \
        bool is_good = rows && reader_charge(reader, section->section.count, 2 * sizeof(*rows));   \
        for (size_t row = 0; is_good && row < section->section.count; row++) {                     \
            if (!add(reader->image, &rows[row])) {                                                 \
                out_of_memory();                                                                   \
            }                                                                                      \
        }                                                                                          \
        free(rows);                                                                                \
    }

static bool add_block(struct image *image, const struct block_row *row)
{
    return image_add_block(image, &row->block, &row->detail);
}

DEFINE_READ(blocks, block_row, block_fields, add_block)
DEFINE_READ(damages, image_damage, damage_fields, image_add_damage)
DEFINE_READ(mappings, image_mapping, mapping_fields, image_add_mapping)
DEFINE_READ(threads, image_thread, thread_fields, image_add_thread)
DEFINE_READ(image_modules, image_module, image_module_fields, image_add_module)

static void read_scalars(struct reader *reader, const struct placed_section *section)
{
    struct image_row *row = reader_load_rows(reader, section, image_fields, sizeof(*row));
    if (row && section->section.count != 0) {
        struct image *image = reader->image;
        const struct image *read = &row->image;
        image->process_id = read->process_id;
        image->name = read->name;
        image->command_line = read->command_line;
        image->mode = read->mode;
        image->library_version = read->library_version;
        image->taken_at = read->taken_at;
        image->time_ns = read->time_ns;
        image->pause_ns = read->pause_ns;
        image->read_size = read->read_size;
        image->resident_size = read->resident_size;
        image->sample_interval = read->sample_interval;
        image->has_free_blocks = read->has_free_blocks;
    }
    free(row);
}

// Whether blocks are as many as there were, so that numbers of blocks are theirs.
static bool read_end(struct reader *reader, const struct placed_section *section)
{
    struct image_end_row *row = reader_load_rows(reader, section, image_end_fields, sizeof(*row));
    bool has_all =
        row && section->section.count != 0 && row->block_count == reader->image->block_count;
    if (row && !has_all && !reader->is_out_of_memory) {
        reader_note(reader, "only %zu of %" PRIu64 " blocks could be read",
            reader->image->block_count, row->block_count);
    }
    free(row);
    return has_all;
}

static void read_part(struct reader *reader, const struct placed_section *section)
{
    switch (section->section.type) {
    case SNAPSHOT_IMAGE:
        read_scalars(reader, section);
        break;
    case SNAPSHOT_BLOCKS:
        read_blocks(reader, section);
        break;
    case SNAPSHOT_DAMAGES:
        read_damages(reader, section);
        break;
    case SNAPSHOT_MAPPINGS:
        read_mappings(reader, section);
        break;
    case SNAPSHOT_THREADS:
        read_threads(reader, section);
        break;
    case SNAPSHOT_IMAGE_MODULES:
        read_image_modules(reader, section);
        break;
    default:
        break;
    }
}

// ---- Leaders ----

static bool make_leaders(struct reader *reader)
{
    struct image *image = reader->image;
    if (image->leaders) {
        return true;
    }
    if (!reader_charge(reader, image->block_count, sizeof(*image->leaders))) {
        return false;
    }
    image->leaders = must_allocate(image->block_count + 1, sizeof(*image->leaders));
    for (size_t block = 0; block < image->block_count; block++) {
        image->leaders[block] = (uint32_t)block;
    }
    return true;
}

static void read_leaders(struct reader *reader, const struct placed_section *section)
{
    struct leader_row *rows = reader_load_rows(reader, section, leader_fields, sizeof(*rows));
    size_t count = rows && make_leaders(reader) ? section->section.count : 0;
    for (size_t row = 0; row < count; row++) {
        size_t block_count = reader->image->block_count;
        if (rows[row].block >= block_count || rows[row].leader >= block_count) {
            reader_note_damage(reader, section);
            break;
        }
        reader->image->leaders[rows[row].block] = rows[row].leader;
    }
    free(rows);
}

static bool are_blocks_sorted(const struct image *image)
{
    for (size_t block = 1; block < image->block_count; block++) {
        if (image->blocks[block].address < image->blocks[block - 1].address) {
            return false;
        }
    }
    return true;
}

// Numbers of blocks mean something only if all blocks are there, in the order of the file.
static void read_block_numbers(struct reader *reader, uint32_t number)
{
    bool has_all = false;
    for (size_t index = 0; index < reader->section_count && !reader->is_out_of_memory; index++) {
        const struct placed_section *section = &reader->sections[index];
        if (section->section.image == number && section->section.type == SNAPSHOT_IMAGE_END) {
            has_all = read_end(reader, section) && are_blocks_sorted(reader->image) &&
                      reader->image->block_count <= UINT32_MAX;
        }
    }
    for (size_t index = 0; index < reader->section_count && has_all; index++) {
        const struct placed_section *section = &reader->sections[index];
        if (section->section.image == number && section->section.type == SNAPSHOT_LEADERS) {
            read_leaders(reader, section);
        }
    }
}

// ---- All ----

void reader_attach_contents(struct reader *reader, uint32_t image_number)
{
    struct placed_section *sections = must_allocate(reader->section_count + 1, sizeof(*sections));
    size_t count = 0;
    for (size_t index = 0; index < reader->section_count; index++) {
        const struct snapshot_section *section = &reader->sections[index].section;
        if (section->image == image_number && section->type == SNAPSHOT_CONTENTS) {
            sections[count++] = reader->sections[index];
        }
    }
    if (count != 0) {
        struct image *image = reader->image;
        image->reader = contents_create(reader->source, sections, count);
        image->read = contents_read;
        image->release_reader = contents_destroy;
        reader->source = (struct section_source){.fd = -1};
        reader->capture->has_contents = true;
    }
    free(sections);
}

void reader_read_image(struct reader *reader)
{
    bool is_whole;
    uint32_t number = choose_image(reader, &is_whole);
    if (number == 0) {
        return;
    }
    reader->capture->has_image = true;
    read_heap_sections(reader, number);
    for (size_t index = 0; index < reader->section_count && !reader->is_out_of_memory; index++) {
        if (reader->sections[index].section.image == number) {
            read_part(reader, &reader->sections[index]);
        }
    }
    if (is_whole) {
        read_block_numbers(reader, number);
    } else {
        reader_note(reader, "the image of the heaps is not whole");
    }
    image_sort(reader->image);
    reader_attach_contents(reader, number);
}
