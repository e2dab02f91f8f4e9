// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Sections of a file: where they are, and what is in them.

#include "capture/reader.h"

#include "capture/section.h"
#include "cli/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    DAMAGES_TOLD = 3, ///< damaged sections that are named
    NOTES_TOLD = 8,
    SEARCH_SIZE = 1 << 12,
};

const char *section_type_name(uint32_t type)
{
    static const struct {
        uint32_t type;
        const char *name;
    } names[] = {
        {SNAPSHOT_STRINGS, "strings"},
        {SNAPSHOT_FRAMES, "frames"},
        {SNAPSHOT_STACKS, "stacks"},
        {SNAPSHOT_MODULES, "modules"},
        {SNAPSHOT_PROCESS, "process"},
        {SNAPSHOT_INTERVALS, "intervals"},
        {SNAPSHOT_CHANGES, "changes"},
        {SNAPSHOT_SIZES, "sizes"},
        {SNAPSHOT_IMAGE, "image"},
        {SNAPSHOT_HEAPS, "heaps"},
        {SNAPSHOT_REGIONS, "regions"},
        {SNAPSHOT_BLOCKS, "blocks"},
        {SNAPSHOT_DAMAGES, "damages"},
        {SNAPSHOT_MAPPINGS, "mappings"},
        {SNAPSHOT_THREADS, "threads"},
        {SNAPSHOT_IMAGE_MODULES, "modules of the image"},
        {SNAPSHOT_CONTENTS, "contents"},
        {SNAPSHOT_IMAGE_END, "end of the image"},
        {SNAPSHOT_LEADERS, "leaders"},
        {SNAPSHOT_INDEX, "index"},
    };
    for (size_t index = 0; index < sizeof(names) / sizeof(names[0]); index++) {
        if (names[index].type == type) {
            return names[index].name;
        }
    }
    return "unknown";
}

// ---- Notes and memory ----

void reader_note(struct reader *reader, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = NULL;
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0) {
        out_of_memory();
    }
    // A hostile file has no end of troubles.
    if (++reader->note_count > NOTES_TOLD) {
        free(text);
        return;
    }
    char *all = reader->notes ? must_format("%s; %s", reader->notes, text) : must_copy_text(text);
    free(text);
    free(reader->notes);
    reader->notes = all;
}

void reader_note_damage(struct reader *reader, const struct placed_section *section)
{
    // Without memory everything seems damaged; that has been said.
    if (!reader->is_out_of_memory && ++reader->damaged_count <= DAMAGES_TOLD) {
        reader_note(reader,
            "the section \"%s\" at byte %" PRIu64 " is damaged: what it held is missing",
            section_type_name(section->section.type), section->offset);
    }
}

bool reader_charge(struct reader *reader, uint64_t count, uint64_t size)
{
    uint64_t bytes;
    if (reader->is_out_of_memory) {
        return false;
    }
    if (__builtin_mul_overflow(count, size, &bytes) ||
        bytes > reader->memory_limit - reader->memory_used) {
        reader->is_out_of_memory = true;
        reader_note(reader, "more than %" PRIu64 " MiB of memory would be needed to read all of it",
            reader->memory_limit >> 20);
        return false;
    }
    reader->memory_used += bytes;
    return true;
}

// ---- Payloads ----

static bool read_at(int fd, void *buffer, size_t size, uint64_t offset)
{
    uint8_t *next = buffer;
    while (size > 0) {
        ssize_t got = pread(fd, next, size, (off_t)offset);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        next += got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return true;
}

static uint8_t *room_for(uint8_t **buffer, size_t *capacity, size_t size)
{
    if (size > *capacity || !*buffer) {
        free(*buffer);
        *buffer = must_allocate(size + 1, 1);
        *capacity = size;
    }
    return *buffer;
}

void section_source_release(struct section_source *source)
{
    ZSTD_freeDCtx(source->zstd);
    free(source->stored);
    if (source->fd >= 0) {
        close(source->fd);
    }
    *source = (struct section_source){.fd = -1};
}

bool section_source_read(
    struct section_source *source, const struct placed_section *placed, uint8_t *payload)
{
    const struct snapshot_section *section = &placed->section;
    uint64_t offset = placed->offset + SNAPSHOT_SECTION_HEADER_SIZE;
    bool is_compressed = section->flags & SNAPSHOT_COMPRESSED;
    uint8_t *stored = payload;
    if (is_compressed) {
        stored = room_for(&source->stored, &source->stored_capacity, section->stored_size);
    }
    if (!read_at(source->fd, stored, section->stored_size, offset) ||
        section_checksum(stored, section->stored_size) != section->checksum) {
        return false;
    }
    if (!is_compressed) {
        return true;
    }
    size_t size =
        ZSTD_decompressDCtx(source->zstd, payload, section->raw_size, stored, section->stored_size);
    return size == section->raw_size;
}

bool reader_load(struct reader *reader, const struct placed_section *section)
{
    room_for(&reader->payload, &reader->payload_capacity, section->section.raw_size);
    return section_source_read(&reader->source, section, reader->payload);
}

void *reader_load_rows(struct reader *reader, const struct placed_section *section,
    const struct snapshot_field *fields, size_t stride)
{
    size_t count = section->section.count;
    // The rows are freed soon; the limit has to allow them all the same.
    if (!reader_charge(reader, count + 1, stride)) {
        return NULL;
    }
    reader->memory_used -= (count + 1) * stride;
    if (!reader_load(reader, section)) {
        reader_note_damage(reader, section);
        return NULL;
    }
    void *rows = must_allocate(count + 1, stride);
    struct snapshot_translator translator = reader_translator(reader);
    if (!snapshot_columns_decode(&(struct snapshot_rows){fields, rows, stride, count}, &translator,
            reader->payload, section->section.raw_size)) {
        reader_note_damage(reader, section);
        free(rows);
        return NULL;
    }
    return rows;
}

// ---- Where the sections are ----

static bool read_section_header(
    struct reader *reader, uint64_t offset, struct snapshot_section *section)
{
    uint8_t bytes[SNAPSHOT_SECTION_HEADER_SIZE];
    return offset <= reader->file_size && reader->file_size - offset >= sizeof(bytes) &&
           read_at(reader->source.fd, bytes, sizeof(bytes), offset) &&
           section_header_decode(bytes, section);
}

static void add_section(struct reader *reader, const struct placed_section *section)
{
    reader->sections = must_grow(reader->sections, reader->section_count, &reader->section_capacity,
        sizeof(*reader->sections));
    reader->sections[reader->section_count++] = *section;
}

// Whether the sections of an index follow one another up to its own place, and are possible.
static bool is_index_sound(const struct index_row *rows, size_t count, uint64_t end)
{
    uint64_t next = SNAPSHOT_HEADER_SIZE;
    for (size_t index = 0; index < count; index++) {
        const struct snapshot_section *section = &rows[index].section;
        uint8_t bytes[SNAPSHOT_SECTION_HEADER_SIZE];
        struct snapshot_section checked;
        section_header_encode(bytes, section);
        if (rows[index].offset != next || !section_header_decode(bytes, &checked)) {
            return false;
        }
        next += SNAPSHOT_SECTION_HEADER_SIZE + section->stored_size;
        if (next > end) {
            return false;
        }
    }
    return next == end;
}

static bool read_index(struct reader *reader)
{
    uint8_t bytes[SNAPSHOT_TRAILER_SIZE];
    struct placed_section index = {0};
    uint64_t end = reader->file_size - SNAPSHOT_TRAILER_SIZE;
    if (reader->file_size < SNAPSHOT_HEADER_SIZE + SNAPSHOT_TRAILER_SIZE ||
        !read_at(reader->source.fd, bytes, sizeof(bytes), end) ||
        !trailer_decode(bytes, &index.offset) ||
        !read_section_header(reader, index.offset, &index.section) ||
        index.section.type != SNAPSHOT_INDEX ||
        index.offset + SNAPSHOT_SECTION_HEADER_SIZE + index.section.stored_size != end) {
        return false;
    }
    struct index_row *rows = reader_load_rows(reader, &index, index_fields, sizeof(*rows));
    bool is_sound = rows && is_index_sound(rows, index.section.count, index.offset);
    for (size_t row = 0; is_sound && row < index.section.count; row++) {
        add_section(reader, &(struct placed_section){rows[row].offset, rows[row].section});
    }
    free(rows);
    return is_sound;
}

// The first head of a section in a piece of the file; `size`: there is none.
static size_t find_header(const uint8_t *piece, size_t size)
{
    static const char magic[] = "SECT";
    struct snapshot_section section;
    size_t place = 0;
    while (size - place >= SNAPSHOT_SECTION_HEADER_SIZE) {
        const uint8_t *found = memmem(piece + place, size - place, magic, sizeof(magic) - 1);
        if (!found || (size_t)(piece + size - found) < SNAPSHOT_SECTION_HEADER_SIZE) {
            break;
        }
        if (section_header_decode(found, &section)) {
            return (size_t)(found - piece);
        }
        place = (size_t)(found - piece) + 1;
    }
    return size;
}

// Goes on behind a header that is none. Returns where the next good one is, or the file's size.
static uint64_t skip_damage(struct reader *reader, uint64_t offset)
{
    uint8_t piece[SEARCH_SIZE];
    for (offset++; offset < reader->file_size;
         offset += sizeof(piece) - SNAPSHOT_SECTION_HEADER_SIZE + 1) {
        uint64_t left = reader->file_size - offset;
        size_t size = left < sizeof(piece) ? (size_t)left : sizeof(piece);
        if (size < SNAPSHOT_SECTION_HEADER_SIZE ||
            !read_at(reader->source.fd, piece, size, offset)) {
            break;
        }
        size_t found = find_header(piece, size);
        if (found < size) {
            return offset + found;
        }
    }
    return reader->file_size;
}

// A trailer, whole or cut, ends the file as it should, or nearly so.
static bool is_trailer(struct reader *reader, uint64_t offset)
{
    return reader->has_index && reader->file_size - offset <= SNAPSHOT_TRAILER_SIZE;
}

// Says that there is no section between two places.
static void note_gap(struct reader *reader, uint64_t offset, uint64_t next)
{
    if (next < reader->file_size) {
        reader_note(reader, "bytes %" PRIu64 " to %" PRIu64 " are damaged", offset, next - 1);
    } else if (is_trailer(reader, offset)) {
        return;
    } else if (reader->file_size - offset < SNAPSHOT_SECTION_HEADER_SIZE) {
        reader_note(reader, "the file is cut off at byte %" PRIu64, offset);
    } else {
        reader_note(reader, "what follows byte %" PRIu64 " of the file is of no use", offset);
    }
}

// Takes the section at `offset`. Returns where the next one begins; the file's size: there is none.
static uint64_t scan_section(struct reader *reader, uint64_t offset)
{
    struct placed_section placed = {.offset = offset};
    if (!read_section_header(reader, offset, &placed.section)) {
        uint64_t next = skip_damage(reader, offset);
        note_gap(reader, offset, next);
        return next;
    }
    uint64_t left = reader->file_size - offset - SNAPSHOT_SECTION_HEADER_SIZE;
    if (placed.section.stored_size > left) {
        reader_note(reader, "the file is cut off in its section \"%s\" at byte %" PRIu64,
            section_type_name(placed.section.type), offset);
        return reader->file_size;
    }
    if (placed.section.type == SNAPSHOT_INDEX) {
        reader->has_index = true;
    } else {
        add_section(reader, &placed);
    }
    return offset + SNAPSHOT_SECTION_HEADER_SIZE + placed.section.stored_size;
}

static void scan_sections(struct reader *reader)
{
    for (uint64_t offset = SNAPSHOT_HEADER_SIZE; offset < reader->file_size;) {
        offset = scan_section(reader, offset);
    }
    if (!reader->has_index && !reader->notes) {
        reader_note(
            reader, "the file has no end: it is still being written, or its writer was killed");
    }
}

void reader_find_sections(struct reader *reader)
{
    if (read_index(reader)) {
        reader->has_index = true;
        return;
    }
    free(reader->notes);
    reader->notes = NULL;
    reader->damaged_count = 0;
    reader->note_count = 0;
    reader->is_out_of_memory = false;
    reader->section_count = 0;
    scan_sections(reader);
}
