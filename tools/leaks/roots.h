// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The roots of an image's process (reach/roots.h), registers included, and what each of them is.
 *
 * The table of movable Global and Local objects is no root: it knows all of them, lost ones, too.
 * Each of its entries is searched like a block: who holds the handle keeps the entry, and the entry
 * keeps the object's memory.
 *
 *     root --> [ handle ] --> [ memory ]        [ handle ] --> [ memory ]   lost
 */
#ifndef LEAKS_ROOTS_H
#define LEAKS_ROOTS_H

#include "leaks/leaks.h"

/// A movable object that has memory.
struct movable {
    uint64_t handle; ///< address of the word in its entry
    uint64_t data;   ///< what that word holds: the address of its memory
};

/// Ranges and words as they are found; arrays from malloc().
struct roots {
    const struct image *image;
    struct reach_range *ranges;
    struct leaks_root *range_roots; ///< what each is
    size_t count, capacity, root_capacity;
    uint64_t *words;
    struct leaks_root *word_roots;
    size_t word_count, word_capacity, word_root_capacity;
    struct movable *movables; ///< by handle
    size_t movable_count;
};

/// Gathers all of them.
void roots_gather(struct roots *roots, const struct image *image);
void roots_release(struct roots *roots);

enum {
    OWN_RANGES_MAX = 2
};
/// The library's own memory, by address: heaps and what it knows of them, and recorded stacks; as
/// the process itself says. Returns how many ranges.
size_t own_memory_find(const struct image *image, struct reach_range own[OWN_RANGES_MAX]);

/// The same and more: what no root is. Arrays from malloc().
struct own_memory {
    struct reach_range *ranges; ///< thread-local variables and the table of handles, too
    size_t count;
    struct movable *movables; ///< by handle
    size_t movable_count;
};
void own_memory_find_all(const struct image *image, struct own_memory *own);

/// Bytes of thread-local variables of all modules, as far as they lie below the thread pointer.
uint64_t static_tls_size(const struct image *image);
/// Of one module. 0: none, or not known.
uint64_t module_tls_size(const struct image *image, const struct image_module *module);

/// A 64-bit word of the process. False: it cannot be read.
bool read_word(const struct image *image, uint64_t address, uint64_t *word);

#endif
