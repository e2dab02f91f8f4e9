// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** What heaps.c and check.c share. */
#ifndef IMAGE_HEAPS_INTERNAL_H
#define IMAGE_HEAPS_INTERNAL_H

#include "image/heaps.h"
#include "image/numbers.h"
#include "view/view.h"

struct heaps {
    struct image *image;
    struct view *view;
    struct numbers stacks;  ///< depot's number -> image's
    struct numbers files;   ///< address of a name -> string
    struct numbers threads; ///< address of a thread record -> thread id
    uint64_t fetched_ns;    ///< CLOCK_MONOTONIC when it was read
    uint64_t newest_ns;     ///< latest time among the blocks
    bool is_quiet;          ///< nobody was inside when it was read
    bool is_out_of_memory;
    int flags; ///< HEAPS_*
};

/// Adds a damage with a sentence.
void heaps_add_damage(struct heaps *heaps, uint64_t heap, uint64_t block, uint64_t address,
    const char *format, ...) __attribute__((format(printf, 5, 6)));

/// What a heap's elements are compared with while they are walked.
struct check {
    struct heaps *heaps;
    struct view_heap heap;
    uint32_t span; ///< first slice of the last span that was looked at
    uint64_t mixed_free_granules;
    uint64_t flagged_count; ///< blocks with user info
    uint64_t alone_slices;  ///< of large blocks outside of regions
    uint32_t last_large;
    uint32_t finding_count; ///< of this heap
    bool has_contents;      ///< blocks' bytes may be read
};

/// Begins with the heap itself.
void check_begin(struct check *check, struct heaps *heaps, const struct view_heap *heap);
/// Looks at one element of the walk. `debug`: of a debug block, else NULL.
void check_element(
    struct check *check, const struct view_element *element, const struct view_debug_block *debug);
/// Compares the sums, at the end of the walk.
void check_end(struct check *check, const struct view_walk *walk);

#endif
