// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** The roots of an image's process (reach/roots.h), registers included, and what each of them is.
 */
#ifndef LEAKS_ROOTS_H
#define LEAKS_ROOTS_H

#include "leaks/leaks.h"

/// Ranges and words as they are found; arrays from malloc().
struct roots {
    const struct image *image;
    struct reach_range *ranges;
    struct leaks_root *range_roots; ///< what each is
    size_t count, capacity, root_capacity;
    uint64_t *words;
    struct leaks_root *word_roots;
    size_t word_count, word_capacity, word_root_capacity;
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
/// The same, with its thread-local variables.  An array for free().
struct reach_range *own_memory_find_all(const struct image *image, size_t *count);

/// Bytes of thread-local variables of all modules, as far as they lie below the thread pointer.
uint64_t static_tls_size(const struct image *image);
/// Of one module. 0: none, or not known.
uint64_t module_tls_size(const struct image *image, const struct image_module *module);

/// A 64-bit word of the process. False: it cannot be read.
bool read_word(const struct image *image, uint64_t address, uint64_t *word);

#endif
