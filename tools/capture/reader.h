// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The reader's own.  First the list of sections is made (by the index, or going through the file),
 * then strings, modules and stacks are read, then the course, then one image.
 *
 * Nothing from the file is believed before it is checked; all memory that depends on it is counted
 * against a limit.  What is damaged is noted and left out.
 */
#ifndef CAPTURE_READER_H
#define CAPTURE_READER_H

#include "capture/tables.h"

#include <zstd.h>

/// A section and where its header is.
struct placed_section {
    uint64_t offset;
    struct snapshot_section section;
};

/// Section payloads of a file.
struct section_source {
    int fd;
    ZSTD_DCtx *zstd;
    uint8_t *stored;
    size_t stored_capacity;
};

/// Frame of the file, by number - 1.
struct read_frame {
    uint64_t address;
    uint32_t parent;
    uint32_t depth; ///< with its parents; 0: it is lost
};

struct reader {
    struct section_source source;
    uint64_t file_size;
    struct placed_section *sections; ///< by offset; the index itself is not among them
    size_t section_count;
    size_t section_capacity;
    bool has_index;

    uint64_t memory_used;
    uint64_t memory_limit;
    bool is_out_of_memory; ///< the limit was reached

    uint8_t *payload; ///< of the section that is being read
    size_t payload_capacity;

    struct image *image;
    struct capture *capture;
    uint32_t *strings; ///< of the image, by number of the file; 0: lost
    uint32_t string_count;
    struct image_module *modules; ///< by number - 1
    uint32_t module_count;
    struct read_frame *frames; ///< by number - 1
    uint32_t frame_count;
    uint32_t *stacks; ///< of the image, by number of the file; 0: lost
    uint32_t stack_count;
    uint32_t *intervals; ///< number of the file, by index
    size_t interval_capacity;
    size_t change_capacity;

    unsigned damaged_count;
    unsigned note_count;
    char *notes; ///< sentences; NULL: none
};

/// Makes the list of sections.
void reader_find_sections(struct reader *reader);

/// Takes that much memory from the limit. False: the limit is reached, which is noted.
bool reader_charge(struct reader *reader, uint64_t count, uint64_t size);
/// Adds a sentence to the notes.
void reader_note(struct reader *reader, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/// Notes that a section is damaged.
void reader_note_damage(struct reader *reader, const struct placed_section *section);
const char *section_type_name(uint32_t type);

void section_source_release(struct section_source *source);
/**
 * Reads a section's payload, decompressed.
 *
 * @param payload  has room for section.raw_size bytes
 * @return whether it is what was written
 */
bool section_source_read(
    struct section_source *source, const struct placed_section *section, uint8_t *payload);

/// Reads a section into reader->payload. False: it is damaged, or there is no memory.
bool reader_load(struct reader *reader, const struct placed_section *section);
/// Loads a section of rows and decodes them: to be freed. NULL: it is damaged, which is noted.
void *reader_load_rows(struct reader *reader, const struct placed_section *section,
    const struct snapshot_field *fields, size_t stride);
/// The translator of strings, stacks, heaps and intervals of the file.
struct snapshot_translator reader_translator(struct reader *reader);

void reader_read_names(struct reader *reader);
void reader_read_course(struct reader *reader);
/// Reads the image that counts, if there is one.
void reader_read_image(struct reader *reader);
/// Gives the image a reader of contents. The source goes to the image.
void reader_attach_contents(struct reader *reader, uint32_t image_number);

#endif
