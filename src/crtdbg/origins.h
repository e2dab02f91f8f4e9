// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Origins: what all blocks have in common that a program asks for at one place of its sources: the
 * pointer to the file's name as the program gave it, a copy of the name, the line; type and
 * subtype; by which functions; alignment.  A debug block's record has room for a number; what it
 * stands for is kept here once.
 *
 * Origins without a file, of the usual shape, have fixed numbers: most blocks of programs that know
 * nothing of debug heaps.  Others are found by what they say and the copy: another module may come
 * to have its own name where that of an unloaded one was.  They never change or go.
 *
 * The table grows up to ORIGINS_MAX.  When its larger part is full, or there is no memory for it,
 * a block's origin has neither file nor line; when all of it is full, a block cannot be made.
 *
 * Threads: any, in a section (section.h), so that fork finds the lock free.  Finding takes no lock;
 * adding does.
 */
#ifndef CRTDBG_ORIGINS_H
#define CRTDBG_ORIGINS_H

#include "crtdbg/record.h"

#include "base/compiler.h"

enum {
    ORIGIN_NONE = 0, ///< the number of none: no file, line 0, no type
    ORIGINS_MAX = 1 << RECORD_ORIGIN_BITS,

    ORIGIN_FAMILIES = 3,                      ///< enum allocator_family
    ORIGIN_FIXED_TYPES = 3,                   ///< _NORMAL_BLOCK, _CRT_BLOCK, _IGNORE_BLOCK
    ORIGIN_LINE_OF_IGNORED = (int)0xFEDCBABC, ///< what Microsoft's heap notes for such a block
    ORIGIN_SHIFT_MAX = 31,
};

struct origin {
    const char *file; ///< as the program gave it; perhaps of a module that is gone by now; or NULL
    const char *copy; ///< of the name, or NULL
    int32_t line;
    uint32_t next;         ///< number of an older one with the same hash, or 0
    int32_t use;           ///< type in the low half, subtype in the high half
    uint32_t inner_offset; ///< aligned block: what is aligned, from its inner data on, % alignment
    uint8_t family;        ///< enum allocator_family
    uint8_t alignment_shift; ///< log2 of the alignment: of the inner data, or of the user data
    bool is_inner;           ///< of an aligned block, whose front gap is the usual one
};

/// All of them, by number. Constant once the debug heap is on.
extern HIDDEN struct origin *origins_entries;

/// Makes the table with its fixed entries. False when out of memory. Called once.
bool origins_init(void);

/// Whether blocks of this origin are RECORD_SHAPED.
ALWAYS_INLINE bool origin_is_shaped(const struct origin *origin)
{
    return origin->is_inner || origin->alignment_shift != FRONT_GAP_SHIFT;
}

/// The number of an origin that says the same but for `copy` and `next`, made when it is new.
/// ORIGIN_NONE: there is no room at all. In a section.
uint32_t origin_find(const struct origin *wanted);

/// The fixed number of an origin without file and line, of the usual shape. `use` is one of
/// ORIGIN_FIXED_TYPES; _IGNORE_BLOCK's has ORIGIN_LINE_OF_IGNORED.
ALWAYS_INLINE uint32_t origin_fixed_number(int32_t use, uint32_t family)
{
    return 1 + (uint32_t)(use - 1) * ORIGIN_FAMILIES + family;
}

/// Whether two say the same file and line.
bool origin_is_same_place(const struct origin *a, const struct origin *b);

/// What a number stands for. Constant for ever, never NULL. Any thread.
ALWAYS_INLINE const struct origin *origin_of_number(uint32_t number)
{
    return &origins_entries[number];
}

/// Where the address of the origins stands, 0 before the first one: for readers outside of the
/// process.  An origin's number is its index.
const void *origins_place(void);

#endif
