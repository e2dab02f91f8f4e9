// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Which executable or library a piece of memory, or a file, is: its ELF header, program headers and
 * build-id.  Both are hostile input.
 */
#ifndef TARGET_IDENTITY_H
#define TARGET_IDENTITY_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Reads all of `size` bytes at a position, or says false.
typedef bool (*identity_reader)(void *context, uint64_t position, void *buffer, size_t size);

enum {
    IDENTITY_SEGMENTS_MAX = 128, ///< program headers that are looked at
    IDENTITY_BUILD_ID_MAX = 20,
};

struct identity {
    uint64_t bias;        ///< address in memory - address in the file
    uint64_t start;       ///< of the memory it takes, page multiple
    uint64_t end;         ///< first address past it
    uint64_t code;        ///< address of its first executable segment; 0: none
    uint16_t file_type;   ///< ET_EXEC or ET_DYN
    bool has_interpreter; ///< dynamically linked
    uint8_t build_id[IDENTITY_BUILD_ID_MAX];
    uint8_t build_id_size; ///< 0: it has none, or it could not be read
    uint64_t header_sum;   ///< equal for equal ELF and program headers
    size_t segment_count;  ///< segments that are loaded
    struct {
        uint64_t address; ///< in the file's numbers
        uint64_t offset;
        uint64_t file_size;
    } segments[IDENTITY_SEGMENTS_MAX];
};

/// What is loaded where offset 0 of its file lies at `start`. False: no 64-bit ELF file of this
/// machine.
bool identity_of_memory(
    struct identity *identity, identity_reader read, void *context, uint64_t start);
/// The same of a file: bias 0, positions are offsets.
bool identity_of_file(struct identity *identity, identity_reader read, void *context);
/// The same of an open file.
bool identity_of_descriptor(struct identity *identity, int fd);

/// Whether they are the same file: by build-id, or by headers if neither has one.
bool identity_is_same(const struct identity *left, const struct identity *right);

#endif
