// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * From a process to the heaps of an image: the bridge between src/view and image.h.
 *
 *     heaps_open(image)       finds the heaps, by image->mappings and image->read; threads may run
 *     heaps_prepare(heaps)    makes heaps_fetch() short; threads run
 *     heaps_is_quiet(heaps)   the callback of target_stop_quietly()
 *     heaps_fetch(heaps)      copies what is needed while everything is stopped: milliseconds
 *     -- the process goes on --
 *     heaps_fill(heaps, ...)  heaps, blocks, stacks, damages of the image
 *     heaps_close(heaps)
 *
 * With HEAPS_CHECK contents of blocks are read in heaps_fill(), but only where a heap fills them
 * with a pattern: the process stays stopped until then, or heaps_checked_ranges() of it have been
 * copied.
 */
#ifndef IMAGE_HEAPS_H
#define IMAGE_HEAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "image/image.h"
#include "view/view.h"

enum {
    HEAPS_FREE_BLOCKS = 1 << 0, ///< blocks: free ones, too (as OPEN_FREE_BLOCKS)
    HEAPS_CHECK = 1 << 2,       ///< validates everything: image.damages (as OPEN_CHECK)
    HEAPS_SUMS = 1 << 3,        ///< heaps with their sums, but no blocks and no stacks
    HEAPS_RESIDENT = 1 << 4,    ///< how much of each heap is in memory (live processes)
};

struct heaps;

/// Finds the heaps of a process. `image` has its mappings and read(), and outlives the result.
/// NULL: `*status` says why.
struct heaps *heaps_open(struct image *image, enum view_status *status);
/// NULL is allowed.
void heaps_close(struct heaps *heaps);

/// While threads still run: readies memory for what heaps_fetch() is going to read.
void heaps_prepare(struct heaps *heaps);
/// Whether nobody is inside the allocator; `context` is the struct heaps. All threads are stopped.
bool heaps_is_quiet(void *context);
/// Copies everything that heaps_fill() needs. False: nothing could be read.
bool heaps_fetch(struct heaps *heaps);
/// Fills heaps, blocks, stacks and damages of the image, and sorts it. `flags`: HEAPS_*.
/// False: out of memory.
bool heaps_fill(struct heaps *heaps, int flags);

/// After heaps_prepare() or heaps_fetch(): which memory a check will read, by address, no two
/// overlap; to be freed. `*count` is 0, and the result may be NULL, when it is none.
struct view_range *heaps_checked_ranges(struct heaps *heaps, size_t *count);
/// Likewise: the memory that is not the engine's own, which heaps_fetch() copies.
void heaps_content_ranges(const struct heaps *heaps, struct view_range ranges[2]);

const struct view *heaps_view(const struct heaps *heaps);

/// All of the above for an image whose process stands still (a core file, a stopped process).
enum view_status heaps_read(struct image *image, int flags);

#endif
