// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The snapshot format, as docs/snapshot-format.md specifies it: sizes, numbers, limits.
 *
 *     +--------+---------+---------+- - -+---------+---------------+---------+
 *     | header | section | section |     | section | index section | trailer |
 *     +--------+---------+---------+- - -+---------+---------------+---------+
 *
 * A writer only appends.  A file that ends anywhere is good up to its last whole section; index and
 * trailer only make opening quick.  A section holds a table by columns, each a list of integers, so
 * that readers take the columns that they know and skip the others.
 *
 * All integers are little-endian.  Nothing here allocates.
 */
#ifndef SNAPSHOT_FORMAT_H
#define SNAPSHOT_FORMAT_H

#include "base/compiler.h"

/// The byte that is no text and the two line ends show what spoilt a file on its way.
#define SNAPSHOT_MAGIC "\x89HALDE\r\n"
#define SNAPSHOT_TRAILER_MAGIC "HALDEEND"

enum {
    SNAPSHOT_MAGIC_SIZE = 8,
    SNAPSHOT_VERSION = 1,       ///< a reader refuses what is newer
    SNAPSHOT_MINOR_VERSION = 0, ///< a reader of an older one misses nothing it knew
    SNAPSHOT_HEADER_SIZE = 32,
    SNAPSHOT_SECTION_HEADER_SIZE = 48,
    SNAPSHOT_TRAILER_SIZE = 24,
    SNAPSHOT_COLUMN_HEADER_SIZE = 16,
    SNAPSHOT_SECTION_MAGIC = 0x54434553, ///< "SECT"
    SNAPSHOT_BUILD_ID_SIZE = 20,

    // Limits of a section.  A writer cuts its tables so that they hold.
    SNAPSHOT_RAW_SIZE_MAX = 64 << 20, ///< bytes of a payload when it is decompressed
    SNAPSHOT_ROWS_MAX = 1 << 20,
    SNAPSHOT_COLUMNS_MAX = 256,
    SNAPSHOT_FRAMES_MAX = 4096, ///< of a stack
};

enum snapshot_section_flags {
    SNAPSHOT_COMPRESSED = 1 << 0, ///< the payload is one zstd frame
    SNAPSHOT_CRITICAL = 1 << 1,   ///< who does not know its type must not use the file
};

enum snapshot_section_type {
    SNAPSHOT_STRINGS = 1,
    SNAPSHOT_FRAMES = 2,
    SNAPSHOT_STACKS = 3,
    SNAPSHOT_MODULES = 4, ///< known while stacks were written: frames name them
    SNAPSHOT_PROCESS = 5,
    SNAPSHOT_INTERVALS = 6,
    SNAPSHOT_CHANGES = 7,
    SNAPSHOT_SIZES = 8,

    // Parts of an image: their headers carry its number.
    SNAPSHOT_IMAGE = 16,
    SNAPSHOT_HEAPS = 17,
    SNAPSHOT_REGIONS = 18,
    SNAPSHOT_BLOCKS = 19,
    SNAPSHOT_DAMAGES = 20,
    SNAPSHOT_MAPPINGS = 21,
    SNAPSHOT_THREADS = 22,
    SNAPSHOT_IMAGE_MODULES = 23,
    SNAPSHOT_CONTENTS = 24,
    SNAPSHOT_IMAGE_END = 25,
    SNAPSHOT_LEADERS = 26,

    SNAPSHOT_INDEX = 0x7fffffff,
};

enum snapshot_encoding {
    SNAPSHOT_CONSTANT = 0, ///< one varint: the value of every row
    SNAPSHOT_VARINT = 1,   ///< a varint a row
    SNAPSHOT_DELTA = 2,    ///< a varint a row: zigzag of the difference to the row before
    SNAPSHOT_BYTES = 3,    ///< bytes; how many and what they mean, the column says
};

/// The decoded header of a section.
struct snapshot_section {
    uint32_t type;
    uint32_t flags;
    uint32_t image;       ///< number of the image it is a part of, from 1 on; 0: of none
    uint64_t count;       ///< rows
    uint64_t stored_size; ///< bytes that follow the header
    uint64_t raw_size;    ///< the same when decompressed
    uint32_t checksum;    ///< CRC-32 of the stored bytes
};

#endif
