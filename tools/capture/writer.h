// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** The writer's own: sections go out whole, each with what it refers to before it. */
#ifndef CAPTURE_WRITER_H
#define CAPTURE_WRITER_H

#include "capture/numbers.h"
#include "capture/tables.h"

#include <zstd.h>

enum {
    WRITER_ROWS = 1 << 16, ///< of a section; what is lost when a file is cut
};

struct byte_buffer {
    uint8_t *bytes;
    size_t size;
    size_t capacity;
};

/// A module that frames may lie in.
struct known_module {
    uint64_t start;
    uint64_t end;
    uint32_t path;   ///< number of the file
    uint32_t number; ///< row of the modules
};

struct capture_writer {
    int fd;
    int error;     ///< errno of the first failure; 0: none
    char *path;    ///< for messages
    uint64_t size; ///< bytes of the file
    bool has_ended;
    bool is_plain_file; ///< made by capture_writer_open()
    ZSTD_CCtx *zstd;
    struct byte_buffer raw;    ///< the payload that is being made
    struct byte_buffer spare;  ///< keeps `raw` while numbers are written
    struct byte_buffer stored; ///< the section that goes out
    struct index_row *index;
    size_t index_count;
    size_t index_capacity;

    struct text_numbers strings;
    uint32_t written_strings;
    struct stack_numbers stacks;
    uint32_t written_nodes;
    uint32_t written_stacks;

    struct known_module *modules; ///< by start; no two overlap
    size_t module_count;
    size_t module_capacity;
    uint32_t module_numbers; ///< rows of the modules so far

    uint32_t image_count;
    uint32_t interval_count;
};

/// Room for `size` more bytes; returns where they begin.
uint8_t *byte_buffer_reserve(struct byte_buffer *buffer, size_t size);

/// Encodes rows into `raw`, which is emptied first.
void writer_encode(struct capture_writer *writer, const struct snapshot_rows *rows,
    const struct snapshot_translator *translator);
/// Writes `raw` as a section of `count` rows. `image` 0: of no image.
void writer_put_section(
    struct capture_writer *writer, uint32_t type, uint32_t image, uint64_t count);
/// Writes the strings, frames and stacks that are new. `raw` is kept.
void writer_put_new_numbers(struct capture_writer *writer);
/// Rows of any number as sections; what they refer to before them. Without rows: nothing.
void writer_put_rows(struct capture_writer *writer, uint32_t type, uint32_t image,
    const struct snapshot_rows *rows, const struct snapshot_translator *translator);

/// Writes bytes of memory of an image. See capture_write_image().
void writer_put_contents(
    struct capture_writer *writer, const struct image *image, uint32_t image_number);

/// Strings and stacks of the rows are numbers of the file already.
struct snapshot_translator writer_own_numbers(struct capture_writer *writer);

#endif
