// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Reachability: which blocks of a process can still be reached from its roots, and which are lost.
 *
 * The input says what blocks there are, which memory counts as roots (writable data of modules,
 * stacks, thread-local storage, other mappings that are no heap), and how to read memory.  Every
 * aligned word of a root is taken for a pointer if it leads into a block; so is every aligned word
 * of a block that was found.  The classes are those of Valgrind's memcheck:
 *
 *     reachable   a chain of pointers to the first bytes of blocks leads there from a root
 *     possible    only chains do in which some pointer leads to the inside of a block
 *     definite    nothing leads there, or only blocks of the same cycle do: it is lost
 *     indirect    only lost blocks lead there: it is lost with them
 *
 *     root --> [ A ] --> [ B ]        [ D ] --> [ E ] <--> [ F ]        [ G ] <--> [ H ]
 *       \                              definite  indirect  indirect     one definite, one indirect
 *        `------> inside of [ C ]      C: possible, and all that only C leads to
 *
 * (LeakSanitizer takes a pointer to the inside for one to the start.)  Some pointers to the inside
 * are ordinary in C++ or in a library, and count as pointers to the start: `heuristics` says which.
 *
 * Of each group of lost blocks that no other lost block leads to, exactly one is definite: of a
 * cycle the one at the lowest address that a search in order of addresses meets first.
 *
 * The blocks are a list or, where that would be too large or cannot be made, a map (block_map.h).
 *
 * Memory comes from the system, never from malloc(): of a list some 13 bytes for each block, of a
 * map 1/21 of the addresses that hold blocks; a bounded copy of what is not here yet; and for each
 * lost block 4 bytes, 29 more with a map, and 16 if it lies on the longest chain.  Nothing
 * recurses; every block is read at most once, lost ones twice more.  A block's word is trusted for
 * nothing but a look-up, so damaged memory gives wrong classes at worst.
 *
 * Threads: a search uses only what it is given.  Order of the pages that it reads is any.
 */
#ifndef REACH_REACH_H
#define REACH_REACH_H

#include "base/compiler.h"
#include "reach/block_map.h"

#include <string.h>

enum reach_class {
    REACH_NOT_SEARCHED,
    REACH_REACHABLE,
    REACH_POSSIBLE,
    REACH_INDIRECT,
    REACH_DEFINITE,
    REACH_CLASS_COUNT,
};

/// [start, start + size). A block of size 0 has one byte here, so that it can be pointed at.
struct reach_block {
    uint64_t start;
    uint64_t size;
};

/// [start, end). Aligned to words, inwards, by the search.
struct reach_range {
    uint64_t start;
    uint64_t end;
};

/// Copies memory; returns how many bytes could be read, from the start on.
typedef size_t (*reach_reader)(void *context, uint64_t address, void *buffer, size_t size);
/// Memory that is here already: the bytes at an address, which stay as long as the search. `*size`:
/// how many follow one another. NULL: it is not here, and has to be read.
typedef const void *(*reach_holder)(void *context, uint64_t address, size_t *size);
/// Describes the block of a map that starts in the granule at an address. False: it is no more.
typedef bool (*reach_describer)(void *context, uint64_t granule, struct reach_block *block);

/// Pointers to the inside of a block that count as pointers to its start.
enum reach_heuristics {
    REACH_STRING = 1 << 0,   ///< to the characters of a counted std::string: length, capacity,
                             ///< count, characters
    REACH_LENGTH = 1 << 1,   ///< 8 bytes behind the start, where the size of the rest stands
    REACH_ARRAY = 1 << 2,    ///< 8 bytes behind the start of a new[], where the count stands
    REACH_BASES = 1 << 3,    ///< to a base class with virtual functions, at an offset
    REACH_INTERIOR = 1 << 4, ///< any: as LeakSanitizer does
    REACH_SDS = 1 << 5,      ///< to the characters of a string of Redis: length, room, kind,
                             ///< characters; 1 to 17 bytes behind the start
    /// What memcheck does unless it is told otherwise, and what it does not know.
    REACH_USUAL = REACH_STRING | REACH_LENGTH | REACH_ARRAY | REACH_BASES | REACH_SDS,
};

enum {
    REACH_BLOCKS_MAX = 0xFFFFFFF0, ///< in one search
};
#define REACH_NO_BLOCK UINT32_MAX

struct reach_input {
    const struct reach_block *blocks; ///< by address; no two overlap
    size_t block_count;               ///< at most REACH_BLOCKS_MAX
    size_t block_stride;              ///< bytes from one block to the next; 0: nothing lies between
    struct block_map *map;            ///< in place of `blocks`, finished; it receives the classes
    reach_describer describe;         ///< with a map only
    const struct reach_range *roots;
    size_t root_count;
    const uint64_t *words; ///< registers and the like: roots, too
    size_t word_count;
    /// Constant data of modules, where tables of virtual functions lie; by address. For
    /// REACH_BASES.
    const struct reach_range *constants;
    size_t constant_count;
    reach_reader read;
    reach_holder hold;         ///< asked before anything is read; NULL: nothing is here
    void *context;             ///< of all of them
    struct reach_range direct; ///< of this process: readable as it is, whatever `hold` says
    uint32_t heuristics;       ///< enum reach_heuristics
    bool has_referrers;  ///< note for each block from where it was reached first; not of a map
    size_t memory_limit; ///< bytes of copies of blocks; 0: 256 MiB
};

/// Where the pointer stands by which a block was reached first. From there on outwards each block
/// has a referrer of its own, up to a root: the shortest way.
struct reach_referrer {
    uint64_t address; ///< of the pointer; of a word of `words`: its index
    uint32_t block;   ///< that holds it; REACH_NO_BLOCK: a root does
    uint32_t root;    ///< index of the range in `roots`; root_count: a word of `words`
};

struct reach {
    // Results: an item for each block of the input, in its order; with a map for each lost one.
    const struct reach_block *lost; ///< with a map: the lost blocks, by address
    size_t lost_count;
    uint8_t *classes;  ///< enum reach_class
    uint32_t *leaders; ///< of an indirect block: the definite one that leads to it; else its own
                       ///< index
    struct reach_referrer *referrers; ///< of reachable and possible blocks; NULL: not asked for
    uint64_t read_size;               ///< bytes that were read
    uint64_t unreadable_size;         ///< bytes of roots that could not be
    bool is_cut; ///< gave up, because gigabytes could not be read: classes mean nothing

    // Own.
    void *memory;
    size_t memory_size;
    size_t lost_size;
};

/// Classes all blocks. False: no memory for it. `reach` is released by reach_release() if true.
bool reach_search(const struct reach_input *input, struct reach *reach);
void reach_release(struct reach *reach);

/// The class of a block of a map, after the search; REACH_NOT_SEARCHED: it is lost.
ALWAYS_INLINE enum reach_class reach_class_in_map(const struct block_map *map, uint64_t start)
{
    const struct map_cell *cell = block_map_cell(map, start);
    const uint64_t bit = block_map_bit(start);
    const enum reach_class others =
        (cell->possible & bit) != 0 ? REACH_POSSIBLE : REACH_NOT_SEARCHED;
    return (cell->reached & bit) != 0 ? REACH_REACHABLE : others;
}

/// A word that leads into a range that was asked for.
struct reach_pointer {
    uint64_t address; ///< of the word; of a word of `words`: its index
    uint64_t value;
    uint32_t block; ///< that holds it; REACH_NO_BLOCK: a root does
    uint32_t root;  ///< index of the range in `roots`; root_count: a word of `words`
};

/// Visits each word of the roots and of all blocks that leads into `target`: roots first. `visit`
/// returns whether to go on. Returns false without memory.
bool reach_find_pointers(const struct reach_input *input, struct reach_range target,
    bool (*visit)(const struct reach_pointer *pointer, void *context), void *context);

/// A block by its number.
ALWAYS_INLINE struct reach_block reach_block_of(const struct reach_input *input, size_t number)
{
    const size_t stride = input->block_stride != 0 ? input->block_stride : sizeof(*input->blocks);
    struct reach_block block;
    memcpy(&block, (const char *)input->blocks + number * stride, sizeof(block));
    return block;
}

/// The block that an address lies in, or REACH_NO_BLOCK.
uint32_t reach_block_at(const struct reach_input *input, uint64_t address);

#endif
