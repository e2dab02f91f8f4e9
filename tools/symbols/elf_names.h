// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The symbols of a module by address: those of the file, of its separate debug file and of
 * .gnu_debugdata, as libdwfl joins them.
 */
#ifndef SYMBOLS_ELF_NAMES_H
#define SYMBOLS_ELF_NAMES_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_name {
    uint64_t address; ///< in the module's own terms
    uint64_t size;    ///< bytes; 0: not said
    const char *name; ///< lives as long as the Dwfl
    bool is_function;
};

struct elf_names {
    struct elf_name *items; ///< by address; of several at one address the better names come first
    size_t count;
    size_t capacity;
};

/// @param bias  address of libdwfl - address in the module's own terms
void elf_names_init(struct elf_names *names, Dwfl_Module *module, uint64_t bias);
void elf_names_release(struct elf_names *names);
/// The symbol that contains an address; NULL: none does. Functions only, or variables too.
const struct elf_name *elf_names_find(
    const struct elf_names *names, uint64_t address, bool is_function);

#endif
