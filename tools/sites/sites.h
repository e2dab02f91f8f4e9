// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Sites: the blocks of an image, grouped by who allocated them.
 *
 * A site is known by its hash, over names of functions and modules (symbol_stack.hash): the same
 * after a restart and, mostly, after a rebuild.  Grouped exactly, two calls in one function are two
 * sites with the same hash.  Blocks without a stack are grouped by the source file and line that
 * the debug heap recorded, else by their heap.
 */
#ifndef SITES_SITES_H
#define SITES_SITES_H

#include "reach/reach.h"
#include "symbols/symbols.h"

enum {
    SITE_CLASS_COUNT = 8, ///< enough for every enum reach_class
    SITE_HASH_SIZE = 17,  ///< of a hash as text, with its final 0
    SITE_HASH_DIGITS = 6, ///< of it at least
};

struct site_sum {
    uint64_t count;
    uint64_t bytes;
};

struct site {
    char hash[SITE_HASH_SIZE]; ///< as shown: as long as it takes to be unique among the sites
    uint64_t full_hash;
    uint32_t stack; ///< of the representative; 0: none was recorded
    uint32_t file;  ///< source file of the representative, as recorded; 0: none
    int32_t line;
    uint32_t thread_id;    ///< of all of its blocks; 0: several, or unknown
    uint32_t thread_count; ///< 2 stands for more, too
    struct site_sum sum;
    struct site_sum by_class[SITE_CLASS_COUNT]; ///< by image_block.class_
    struct site_sum estimate;                   ///< what its blocks stand for: site_estimate()
    uint64_t oldest_ns;                         ///< least time_ns; 0: none known
    uint64_t newest_ns;
    uint64_t largest;      ///< bytes
    uint32_t worst_class;  ///< the worst that it has: enum reach_class
    size_t representative; ///< index of a block of the worst class, the oldest of these
    size_t first_block;    ///< index into sites.blocks; sum.count of them, by address
};

enum site_grouping {
    SITES_EXACT,   ///< by the calls of the stack
    SITES_BY_HASH, ///< by its hash
};

enum site_order {
    SITES_BY_BYTES,
    SITES_BY_COUNT,
    SITES_BY_ESTIMATE,
    SITES_BY_CLASS, ///< worst class first, then by bytes of it
    SITES_BY_AGE,   ///< oldest first
};

/// Whether only samples of the blocks of the recorded heaps have stacks, threads and times.
bool site_is_sampled(const struct image *image);
/// What a busy block stands for where blocks are told by stack, thread or time: itself; if it was
/// sampled more; if others were sampled in its place nothing.
struct site_sum site_estimate(const struct image *image, const struct image_block *block);

struct sites_options {
    enum site_grouping grouping;
    size_t depth; ///< frames that are compared, from the innermost shown one on; 0: all
    /// Which blocks; NULL: all busy ones.
    bool (*is_wanted)(void *context, const struct image *image, size_t block);
    void *context;
};

struct sites {
    struct site *items;
    size_t count;
    uint32_t *blocks; ///< indexes of the image's blocks, those of a site one behind the other
    size_t block_count;
    struct site_sum sum;
    struct site_sum by_class[SITE_CLASS_COUNT];
};

/// @param options  NULL: exactly, all busy blocks
/// By bytes, largest first.
struct sites *sites_create(
    const struct image *image, struct symbols *symbols, const struct sites_options *options);
/// NULL is allowed.
void sites_destroy(struct sites *sites);
/// Orders that tie are decided by hash and address, so that results repeat.
void sites_sort(struct sites *sites, enum site_order order);
/// Sets site.hash of all, as short as it can be told apart; sites_create() has done it.
void sites_set_hashes(struct sites *sites);
/// Whether a site has that hash, or one that begins so; a '#' before it is passed over.
bool site_has_hash(const struct site *site, const char *hash);
/// A full hash as text of so many digits.
char *site_format_hash(uint64_t hash, size_t digits, char buffer[SITE_HASH_SIZE]);

#endif
