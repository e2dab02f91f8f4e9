// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Which members of which structs are which columns: docs/snapshot-format.md section 4 as tables,
 * for writing and reading alike.
 */
#ifndef CAPTURE_TABLES_H
#define CAPTURE_TABLES_H

#include "capture/capture.h"
#include "snapshot/columns.h"

// `first` is the number of the first row of the section, the same in each.

/// A row of the strings, but for their texts.
struct string_row {
    uint32_t length;
    uint32_t first;
};

/// A row of the frames.
struct frame_row {
    uint32_t parent;
    uint32_t module;
    uint64_t address;
    uint32_t first;
};

/// A row of the stacks.
struct stack_row {
    uint32_t frame;
    uint32_t first;
};

/// A row of the modules that frames name.
struct module_row {
    struct image_module module;
    uint32_t first;
};

struct interval_row {
    struct capture_interval interval;
    uint32_t first;
};

struct region_row {
    uint32_t heap;
    struct image_region region;
};

struct block_row {
    struct image_block block;
    struct image_detail detail;
};

struct image_row {
    struct image image; ///< its scalar members
    uint8_t source;
    uint8_t has_contents;
};

struct image_end_row {
    uint64_t heap_count;
    uint64_t block_count;
};

struct leader_row {
    uint32_t block;
    uint32_t leader;
};

struct content_row {
    uint64_t address;
    uint64_t size;
    uint8_t kind;
};

struct index_row {
    uint64_t offset;
    struct snapshot_section section;
};

enum {
    STRINGS_TEXT = 2,    ///< column of the strings
    FIRST_NUMBER = 16,   ///< column of what is numbered over the whole file
    CONTENTS_BYTES = 4,  ///< column of the contents
    CONTENTS_STORED = 0, ///< kinds
    CONTENTS_ZERO = 1,
};

extern const struct snapshot_field string_fields[];
extern const struct snapshot_field frame_fields[];
extern const struct snapshot_field stack_fields[];
extern const struct snapshot_field module_fields[];
extern const struct snapshot_field image_module_fields[];
extern const struct snapshot_field process_fields[];
extern const struct snapshot_field interval_fields[];
extern const struct snapshot_field change_fields[];
extern const struct snapshot_field size_fields[];
extern const struct snapshot_field image_fields[]; ///< of struct image_row
extern const struct snapshot_field heap_fields[];
extern const struct snapshot_field region_fields[];
extern const struct snapshot_field block_fields[]; ///< of struct block_row
extern const struct snapshot_field damage_fields[];
extern const struct snapshot_field mapping_fields[];
extern const struct snapshot_field thread_fields[];
extern const struct snapshot_field image_end_fields[];
extern const struct snapshot_field leader_fields[];
extern const struct snapshot_field content_fields[];
extern const struct snapshot_field index_fields[];

#endif
