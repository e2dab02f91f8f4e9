// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The fixed parts of a file as bytes: header, heads of sections, trailer.  Each carries a checksum;
 * the functions that read say whether it is right and the numbers are within the format's limits.
 */
#ifndef CAPTURE_SECTION_H
#define CAPTURE_SECTION_H

#include "snapshot/format.h"

/// CRC-32 as docs/snapshot-format.md has it.
uint32_t section_checksum(const void *bytes, size_t size);

void file_header_encode(uint8_t out[SNAPSHOT_HEADER_SIZE], uint64_t created_at);

enum file_header_state {
    FILE_HEADER_GOOD,
    FILE_HEADER_FOREIGN, ///< no snapshot
    FILE_HEADER_DAMAGED,
    FILE_HEADER_NEWER, ///< than this reader
};
/// `*version` gets the version where there is one.
enum file_header_state file_header_decode(
    const uint8_t *bytes, size_t size, unsigned *version, unsigned *minor);

void section_header_encode(
    uint8_t out[SNAPSHOT_SECTION_HEADER_SIZE], const struct snapshot_section *section);
/// Whether there is a head of a section, and every number in it is possible.
bool section_header_decode(
    const uint8_t bytes[SNAPSHOT_SECTION_HEADER_SIZE], struct snapshot_section *section);

void trailer_encode(uint8_t out[SNAPSHOT_TRAILER_SIZE], uint64_t index_offset);
bool trailer_decode(const uint8_t bytes[SNAPSHOT_TRAILER_SIZE], uint64_t *index_offset);

#endif
