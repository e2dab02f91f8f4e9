// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "capture/section.h"

#include "snapshot/columns.h"

#include <string.h>
#include <zlib.h>

uint32_t section_checksum(const void *bytes, size_t size)
{
    return (uint32_t)crc32_z(0, bytes, size);
}

void file_header_encode(uint8_t out[SNAPSHOT_HEADER_SIZE], uint64_t created_at)
{
    memset(out, 0, SNAPSHOT_HEADER_SIZE);
    memcpy(out, SNAPSHOT_MAGIC, SNAPSHOT_MAGIC_SIZE);
    snapshot_put_u16(out + 8, SNAPSHOT_VERSION);
    snapshot_put_u16(out + 10, SNAPSHOT_MINOR_VERSION);
    snapshot_put_u64(out + 16, created_at);
    snapshot_put_u32(out + 28, section_checksum(out, 28));
}

enum file_header_state file_header_decode(
    const uint8_t *bytes, size_t size, unsigned *version, unsigned *minor)
{
    if (size < SNAPSHOT_MAGIC_SIZE || memcmp(bytes, SNAPSHOT_MAGIC, SNAPSHOT_MAGIC_SIZE) != 0) {
        return FILE_HEADER_FOREIGN;
    }
    if (size < SNAPSHOT_HEADER_SIZE) {
        return FILE_HEADER_DAMAGED;
    }
    // The version stays at its place for ever; what else a newer header has, nobody knows.
    *version = snapshot_get_u16(bytes + 8);
    *minor = snapshot_get_u16(bytes + 10);
    if (*version > SNAPSHOT_VERSION) {
        return FILE_HEADER_NEWER;
    }
    if (*version == 0 || snapshot_get_u32(bytes + 28) != section_checksum(bytes, 28)) {
        return FILE_HEADER_DAMAGED;
    }
    return FILE_HEADER_GOOD;
}

void section_header_encode(
    uint8_t out[SNAPSHOT_SECTION_HEADER_SIZE], const struct snapshot_section *section)
{
    snapshot_put_u32(out, SNAPSHOT_SECTION_MAGIC);
    snapshot_put_u32(out + 4, section->type);
    snapshot_put_u32(out + 8, section->flags);
    snapshot_put_u32(out + 12, section->image);
    snapshot_put_u64(out + 16, section->count);
    snapshot_put_u64(out + 24, section->stored_size);
    snapshot_put_u64(out + 32, section->raw_size);
    snapshot_put_u32(out + 40, section->checksum);
    snapshot_put_u32(out + 44, section_checksum(out, 44));
}

static bool is_possible(const struct snapshot_section *section)
{
    if (section->count > SNAPSHOT_ROWS_MAX || section->raw_size > SNAPSHOT_RAW_SIZE_MAX) {
        return false;
    }
    if (!(section->flags & SNAPSHOT_COMPRESSED)) {
        return section->stored_size == section->raw_size;
    }
    // zstd adds a few bytes to what it cannot make smaller.
    return section->stored_size <= section->raw_size + section->raw_size / 128 + 1024;
}

bool section_header_decode(
    const uint8_t bytes[SNAPSHOT_SECTION_HEADER_SIZE], struct snapshot_section *section)
{
    if (snapshot_get_u32(bytes) != SNAPSHOT_SECTION_MAGIC ||
        snapshot_get_u32(bytes + 44) != section_checksum(bytes, 44)) {
        return false;
    }
    section->type = snapshot_get_u32(bytes + 4);
    section->flags = snapshot_get_u32(bytes + 8);
    section->image = snapshot_get_u32(bytes + 12);
    section->count = snapshot_get_u64(bytes + 16);
    section->stored_size = snapshot_get_u64(bytes + 24);
    section->raw_size = snapshot_get_u64(bytes + 32);
    section->checksum = snapshot_get_u32(bytes + 40);
    return is_possible(section);
}

void trailer_encode(uint8_t out[SNAPSHOT_TRAILER_SIZE], uint64_t index_offset)
{
    snapshot_put_u64(out, index_offset);
    snapshot_put_u32(out + 8, section_checksum(out, 8));
    snapshot_put_u32(out + 12, 0);
    memcpy(out + 16, SNAPSHOT_TRAILER_MAGIC, SNAPSHOT_MAGIC_SIZE);
}

bool trailer_decode(const uint8_t bytes[SNAPSHOT_TRAILER_SIZE], uint64_t *index_offset)
{
    *index_offset = snapshot_get_u64(bytes);
    return memcmp(bytes + 16, SNAPSHOT_TRAILER_MAGIC, SNAPSHOT_MAGIC_SIZE) == 0 &&
           snapshot_get_u32(bytes + 8) == section_checksum(bytes, 8);
}
