// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "target/identity.h"

#include "target/arch.h"

#include <string.h>
#include <unistd.h>

enum {
    NOTES_SIZE_MAX = 16 << 10,
    NAME_SIZE_MAX = 64,
};

static const uint64_t EXTENT_MAX = 1ULL << 40; // of one module: more is no module
static const uint64_t IN_PAGE_MASK = 4095;

static uint64_t sum_bytes(uint64_t sum, const void *data, size_t size)
{
    const unsigned char *bytes = data;
    for (size_t i = 0; i < size; i++) {
        sum = (sum ^ bytes[i]) * 0x100000001b3;
    }
    return sum;
}

static uint64_t align4(uint64_t value)
{
    return (value + 3) & ~(uint64_t)3;
}

// Looks for the build-id among notes. True: found, or given up for good.
static void find_build_id(struct identity *identity, const unsigned char *notes, size_t size)
{
    size_t at = 0;
    while (size - at >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr note;
        memcpy(&note, notes + at, sizeof(note));
        at += sizeof(note);
        uint64_t name_size = align4(note.n_namesz), data_size = align4(note.n_descsz);
        if (name_size > size - at || data_size > size - at - name_size) {
            return;
        }
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
            memcmp(notes + at, "GNU", 4) == 0 && note.n_descsz > 0 &&
            note.n_descsz <= IDENTITY_BUILD_ID_MAX) {
            memcpy(identity->build_id, notes + at + name_size, note.n_descsz);
            identity->build_id_size = (uint8_t)note.n_descsz;
            return;
        }
        at += name_size + data_size;
    }
}

static bool is_ours(const Elf64_Ehdr *header)
{
    return memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
           header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_ident[EI_DATA] == ELFDATA2LSB &&
           header->e_machine == ARCH_ELF_MACHINE &&
           (header->e_type == ET_EXEC || header->e_type == ET_DYN) &&
           header->e_phentsize == sizeof(Elf64_Phdr) && header->e_phnum > 0 &&
           header->e_phnum <= IDENTITY_SEGMENTS_MAX;
}

// Extent and segments in the file's own numbers. False: nothing is loaded.
static bool take_segments(struct identity *identity, const Elf64_Phdr *headers, size_t count)
{
    uint64_t low = UINT64_MAX, high = 0;
    for (size_t i = 0; i < count; i++) {
        const Elf64_Phdr *header = &headers[i];
        identity->has_interpreter |= header->p_type == PT_INTERP;
        if (header->p_type != PT_LOAD) {
            continue;
        }
        if (header->p_memsz > EXTENT_MAX ||
            header->p_vaddr > UINT64_MAX - EXTENT_MAX - IN_PAGE_MASK) {
            return false;
        }
        uint64_t end = header->p_vaddr + header->p_memsz;
        low = header->p_vaddr < low ? header->p_vaddr : low;
        high = end > high ? end : high;
        if ((header->p_flags & PF_X) != 0 && identity->code == 0) {
            identity->code = header->p_vaddr;
        }
        identity->segments[identity->segment_count].address = header->p_vaddr;
        identity->segments[identity->segment_count].offset = header->p_offset;
        identity->segments[identity->segment_count].file_size = header->p_filesz;
        identity->segment_count++;
    }
    identity->start = low & ~IN_PAGE_MASK;
    identity->end = (high + IN_PAGE_MASK) & ~IN_PAGE_MASK;
    return high > low && high - low <= EXTENT_MAX;
}

static void read_notes(struct identity *identity, const Elf64_Phdr *headers, size_t count,
    identity_reader read, void *context, bool is_file)
{
    unsigned char notes[NOTES_SIZE_MAX];
    for (size_t i = 0; i < count && identity->build_id_size == 0; i++) {
        const Elf64_Phdr *header = &headers[i];
        if (header->p_type != PT_NOTE || header->p_filesz > sizeof(notes)) {
            continue;
        }
        uint64_t position = is_file ? header->p_offset : identity->bias + header->p_vaddr;
        if (read(context, position, notes, header->p_filesz)) {
            find_build_id(identity, notes, header->p_filesz);
        }
    }
}

// The segment that holds the start of the file says where in memory it belongs.
static uint64_t address_of_offset_0(const struct identity *identity)
{
    for (size_t i = 0; i < identity->segment_count; i++) {
        if (identity->segments[i].offset <= IN_PAGE_MASK) {
            return identity->segments[i].address - identity->segments[i].offset;
        }
    }
    return identity->start;
}

static bool identify(
    struct identity *identity, identity_reader read, void *context, uint64_t start, bool is_file)
{
    *identity = (struct identity){.header_sum = 0xcbf29ce484222325};
    Elf64_Ehdr header;
    Elf64_Phdr headers[IDENTITY_SEGMENTS_MAX];
    if (!read(context, start, &header, sizeof(header)) || !is_ours(&header)) {
        return false;
    }
    size_t size = header.e_phnum * sizeof(headers[0]);
    if (header.e_phoff > UINT64_MAX - start - size ||
        !read(context, start + header.e_phoff, headers, size) ||
        !take_segments(identity, headers, header.e_phnum)) {
        return false;
    }
    identity->file_type = header.e_type;
    identity->header_sum = sum_bytes(identity->header_sum, &header, sizeof(header));
    identity->header_sum = sum_bytes(identity->header_sum, headers, size);
    identity->bias = is_file ? 0 : start - address_of_offset_0(identity);
    identity->start += identity->bias;
    identity->end += identity->bias;
    identity->code += identity->code != 0 ? identity->bias : 0;
    read_notes(identity, headers, header.e_phnum, read, context, is_file);
    return identity->end > identity->start;
}

bool identity_of_memory(
    struct identity *identity, identity_reader read, void *context, uint64_t start)
{
    return identify(identity, read, context, start, false);
}

bool identity_of_file(struct identity *identity, identity_reader read, void *context)
{
    return identify(identity, read, context, 0, true);
}

static bool read_descriptor(void *context, uint64_t position, void *buffer, size_t size)
{
    const int *fd = context;
    return position <= INT64_MAX && pread(*fd, buffer, size, (off_t)position) == (ssize_t)size;
}

bool identity_of_descriptor(struct identity *identity, int fd)
{
    return identity_of_file(identity, read_descriptor, &fd);
}

bool identity_is_same(const struct identity *left, const struct identity *right)
{
    if (left->build_id_size != right->build_id_size) {
        return false;
    }
    if (left->build_id_size > 0) {
        return memcmp(left->build_id, right->build_id, left->build_id_size) == 0;
    }
    return left->header_sum == right->header_sum;
}
