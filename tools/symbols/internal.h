// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/// struct symbols, shared by the files of this folder.
#ifndef SYMBOLS_INTERNAL_H
#define SYMBOLS_INTERNAL_H

#include "symbols/module_file.h"

/// An address that was looked up.
struct symbol_lookup {
    uint64_t key; ///< address * 2 + is_return, rotated where that does not fit; 0: empty
    uint32_t count;
    const struct symbol_frame *frames;
};

struct symbols {
    const struct image *image;
    struct symbols_options options;
    struct module_places places;
    struct module_file *files; ///< by index of the image's module
    size_t file_count;
    struct symbol_lookup *lookups; ///< hash table, a power of two of them
    size_t lookup_capacity;
    size_t lookup_count;
    const struct symbol_stack **stacks; ///< by number; NULL: not asked for yet
    size_t stack_capacity;
    char *directory; ///< where we are; NULL: nowhere
    struct text_pool pool;
};

/// As symbols_find(), not kept: frames get into memory of the pool.
size_t symbols_look_up(
    struct symbols *symbols, uint64_t address, bool is_return, const struct symbol_frame **frames);

#endif
