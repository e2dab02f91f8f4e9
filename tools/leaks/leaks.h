// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Leak search in an image: which memory of the process counts as roots, and the class of each busy
 * block.
 *
 * reach/roots.h says what counts as roots; blocks that the program told the debug heap to ignore
 * count as reached.  Among the blocks of a search are the handles of movable Global and Local
 * objects, which are no blocks of the image: leaks/roots.h says why.
 */
#ifndef LEAKS_LEAKS_H
#define LEAKS_LEAKS_H

#include "image/image.h"
#include "reach/roots.h"

/// What a root is: for each range of the input, and behind them for each word.
struct leaks_root {
    enum reach_root_kind kind;
    uint32_t thread; ///< index of the image's thread; UINT32_MAX: none
    uint32_t module; ///< index of the image's module; UINT32_MAX: none
};

#define LEAKS_HANDLE UINT32_MAX ///< no block of the image, but a movable object's handle

struct leaks_search {
    struct reach_input input; ///< owns what it points to
    struct leaks_root *roots; ///< root_count + word_count of them
    uint32_t *block_of;       ///< see leaks_block_of(); NULL: all blocks of the image are searched
};

/// Sets the class of all busy blocks of an image by reachability, and image->leaders.
/// @return false: contents, mappings or threads are missing, or there is no memory; classes are
/// REACH_NOT_SEARCHED then, and `leaks_trouble()` says why
bool leaks_classify(struct image *image);
/// The same with other pointers to the inside that count as pointers to the start: enum
/// reach_heuristics; leaks_classify() takes REACH_USUAL.
bool leaks_classify_by(struct image *image, uint32_t heuristics);
/// "string,sds", "none", "usual", "interior" ... False: there is no such name.
bool leaks_parse_heuristics(const char *names, uint32_t *heuristics);
/// One sentence without a full stop, for the last leaks_classify() that returned false.
const char *leaks_trouble(void);

/// Gathers the input of a search. False as above; otherwise leaks_search_release() ends it.
bool leaks_search_init(struct leaks_search *search, const struct image *image);
/// Searches. As reach_search(), but what a lost handle leads to stands for it.
bool leaks_search_run(const struct leaks_search *search, struct reach *reach);
/// The index of the image's block that a block of the input is, or LEAKS_HANDLE.
static inline uint32_t leaks_block_of(const struct leaks_search *search, uint32_t block)
{
    return search->block_of == NULL ? block : search->block_of[block];
}
void leaks_search_release(struct leaks_search *search);

#endif
