// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The ELF file of a module: its program headers, which lie in memory, and its section headers,
 * which do not and are read from the file.
 *
 * A file may have been replaced since it was loaded, and its bytes may say anything.  So its
 * headers must be those in memory, and of a section it only says where to look: within what the
 * program headers in memory say is loaded, and where the system says that memory can be read.
 */
#ifndef UNWIND_ELF_FILE_H
#define UNWIND_ELF_FILE_H

#include "base/compiler.h"

#include <link.h>

/// The program headers of a file that is loaded at `file`, if they lie in its first page; or NULL.
const ElfW(Phdr) * elf_program_headers(uintptr_t file, size_t *count);

/// Where the file of the module that begins at `start` lies: there, or, as a static program's range
/// begins with its code, where the file that holds this function begins.
uintptr_t elf_file_of(uintptr_t start);

/// The segment in memory that holds [address, address + size), as bytes of the file and to be read;
/// or NULL.
const ElfW(Phdr) * elf_segment_of(const ElfW(Phdr) * headers, size_t count, uintptr_t bias,
                       uintptr_t address, size_t size);

enum elf_answer {
    ELF_FOUND,
    ELF_MISSING, ///< there is no such section, or it cannot be believed
    ELF_LATER,   ///< no descriptor can be had at the moment
};

/// A section in memory, which can be read.
struct elf_section {
    uintptr_t start;
    size_t size;
};

/**
 * Finds a section by its name.  Makes system calls.
 *
 * @param path  the file; "" is the program
 * @param file  where it is loaded, as elf_file_of() says
 * @param bias  what the loader added to the file's addresses
 * @param name  at most 15 characters
 */
enum elf_answer elf_find_section(const char *path, uintptr_t file, uintptr_t bias, const char *name,
    struct elf_section *section);

#endif
