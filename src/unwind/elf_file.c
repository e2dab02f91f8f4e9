// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "unwind/elf_file.h"

#include "base/bits.h"
#include "os/file.h"
#include "os/os.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

enum {
    BATCH = 8, // headers that are read at once: they lie on the stack of a signal handler, perhaps
    NAME_SIZE = 16,
};

// ---- In memory --------------------------------------------------------------------------------

const ElfW(Phdr) * elf_program_headers(uintptr_t file, size_t *count)
{
    const ElfW(Ehdr) *header = (const ElfW(Ehdr) *)file;
    *count = 0;
    if (file == 0 || file % os_page_size() != 0) {
        return NULL;
    }
    if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
        header->e_phentsize != sizeof(ElfW(Phdr)) || header->e_phoff > os_page_size() ||
        header->e_phnum > (os_page_size() - header->e_phoff) / sizeof(ElfW(Phdr))) {
        return NULL;
    }
    *count = header->e_phnum;
    return (const ElfW(Phdr) *)(file + header->e_phoff);
}

// Where the file that holds this code begins in memory, by the linker's word.
extern const char own_file[] __asm__("__ehdr_start") HIDDEN __attribute__((weak));

uintptr_t elf_file_of(uintptr_t start)
{
    size_t count;
    return elf_program_headers(start, &count) != NULL ? start : (uintptr_t)own_file;
}

const ElfW(Phdr) * elf_segment_of(const ElfW(Phdr) * headers, size_t count, uintptr_t bias,
                       uintptr_t address, size_t size)
{
    for (size_t i = 0; i < count; i++) {
        uintptr_t offset = address - (bias + headers[i].p_vaddr);
        if (headers[i].p_type == PT_LOAD && (headers[i].p_flags & PF_R) != 0 &&
            offset < headers[i].p_filesz && size <= headers[i].p_filesz - offset) {
            return &headers[i];
        }
    }
    return NULL;
}

// ---- In the file ------------------------------------------------------------------------------

// A file that is open, and what lies of it in memory.
struct opened {
    int descriptor;
    uintptr_t bias;
    const ElfW(Ehdr) * header; // in memory, as all of this
    const ElfW(Phdr) * segments;
    size_t segment_count;
};

static bool is_loaded_at(const struct opened *opened, uintptr_t file)
{
    const ElfW(Phdr) *first = elf_segment_of(
        opened->segments, opened->segment_count, opened->bias, file, sizeof(ElfW(Ehdr)));
    return first != NULL && first->p_offset == 0 && opened->bias + first->p_vaddr == file;
}

// Whether the file has the headers that lie in memory.
static bool has_same_headers(const struct opened *opened)
{
    ElfW(Ehdr) header;
    if (!os_file_read(opened->descriptor, 0, &header, sizeof(header)) ||
        memcmp(&header, opened->header, sizeof(header)) != 0) {
        return false;
    }
    ElfW(Phdr) segments[BATCH];
    for (size_t i = 0; i < opened->segment_count; i += BATCH) {
        size_t size = size_min(opened->segment_count - i, BATCH) * sizeof(segments[0]);
        if (!os_file_read(
                opened->descriptor, header.e_phoff + i * sizeof(segments[0]), segments, size) ||
            memcmp(segments, &opened->segments[i], size) != 0) {
            return false;
        }
    }
    return true;
}

// Section headers [first, first + count).
static bool read_sections(
    const struct opened *opened, size_t first, size_t count, ElfW(Shdr) * sections)
{
    return os_file_read(opened->descriptor, opened->header->e_shoff + first * sizeof(ElfW(Shdr)),
        sections, count * sizeof(ElfW(Shdr)));
}

static bool has_name(const struct opened *opened, const ElfW(Shdr) * names,
    const ElfW(Shdr) * section, const char *name)
{
    char found[NAME_SIZE];
    size_t size = strlen(name) + 1;
    return size <= NAME_SIZE && section->sh_name < names->sh_size &&
           size <= names->sh_size - section->sh_name &&
           os_file_read(opened->descriptor, names->sh_offset + section->sh_name, found, size) &&
           memcmp(found, name, size) == 0;
}

// A section counts if it has been loaded from where the file says that it is.
static bool is_in_memory(const struct opened *opened, const ElfW(Shdr) * section)
{
    uintptr_t start = opened->bias + section->sh_addr;
    if ((section->sh_flags & SHF_ALLOC) == 0 || section->sh_type == SHT_NOBITS ||
        section->sh_size == 0) {
        return false;
    }
    const ElfW(Phdr) *segment = elf_segment_of(
        opened->segments, opened->segment_count, opened->bias, start, section->sh_size);
    return segment != NULL &&
           section->sh_addr - segment->p_vaddr == section->sh_offset - segment->p_offset;
}

static bool find_section(const struct opened *opened, const char *name, struct elf_section *found)
{
    const ElfW(Ehdr) *header = opened->header;
    ElfW(Shdr) names;
    if (header->e_shoff == 0 || header->e_shentsize != sizeof(ElfW(Shdr)) ||
        header->e_shstrndx >= header->e_shnum ||
        !read_sections(opened, header->e_shstrndx, 1, &names)) {
        return false;
    }
    ElfW(Shdr) sections[BATCH];
    for (size_t i = 0; i < header->e_shnum; i += BATCH) {
        size_t count = size_min(header->e_shnum - i, BATCH);
        if (!read_sections(opened, i, count, sections)) {
            return false;
        }
        for (size_t j = 0; j < count; j++) {
            if (is_in_memory(opened, &sections[j]) &&
                has_name(opened, &names, &sections[j], name)) {
                found->start = opened->bias + sections[j].sh_addr;
                found->size = sections[j].sh_size;
                return true;
            }
        }
    }
    return false;
}

enum elf_answer elf_find_section(
    const char *path, uintptr_t file, uintptr_t bias, const char *name, struct elf_section *section)
{
    struct opened opened = {.bias = bias, .header = (const ElfW(Ehdr) *)file};
    opened.segments = elf_program_headers(file, &opened.segment_count);
    if (opened.segments == NULL || !is_loaded_at(&opened, file)) {
        return ELF_MISSING;
    }
    opened.descriptor = os_file_open(path[0] == '\0' ? "/proc/self/exe" : path);
    if (opened.descriptor < 0) {
        bool is_for_now = opened.descriptor == -EMFILE || opened.descriptor == -ENFILE ||
                          opened.descriptor == -ENOMEM;
        return is_for_now ? ELF_LATER : ELF_MISSING;
    }
    bool is_found = has_same_headers(&opened) && find_section(&opened, name, section);
    os_file_close(opened.descriptor);
    return is_found && os_is_readable((const void *)section->start, section->size) ? ELF_FOUND
                                                                                   : ELF_MISSING;
}
