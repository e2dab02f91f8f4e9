// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Ranges of addresses that belong to units, functions and inlined calls.  Those of one array lie in
 * each other or apart, as compilers make them; where they do not, an answer may be wrong, but it
 * comes.
 */
#ifndef SYMBOLS_DWARF_RANGES_H
#define SYMBOLS_DWARF_RANGES_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// [low, high) belongs to item `index` of whatever the ranges are of.
struct dwarf_range {
    uint64_t low;
    uint64_t high;
    size_t index;
    size_t outer; ///< index + 1 of the range around it, after dwarf_ranges_sort(); 0: none
};

struct dwarf_ranges {
    struct dwarf_range *items; ///< by address, outer ones first
    size_t count;
    size_t capacity;
};

/// Appends the ranges of a DIE, as those of item `index`. False: it has none.
bool dwarf_ranges_add(struct dwarf_ranges *ranges, Dwarf_Die *die, size_t index);
/// Makes ranges ready to be searched.
void dwarf_ranges_sort(struct dwarf_ranges *ranges);
/// The innermost range around an address; of equal ones that of the highest index. NULL: none.
const struct dwarf_range *dwarf_ranges_find(const struct dwarf_ranges *ranges, uint64_t address);
void dwarf_ranges_release(struct dwarf_ranges *ranges);

#endif
