// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * What the debug information of a module says about an address: the function that it lies in, those
 * that were inlined there, and the lines.
 *
 * Nothing relies on .debug_aranges, which many compilers leave out.  Units are indexed by their
 * ranges at the first question, the functions of a unit when an address in it is asked for, and the
 * inlined calls of a function when one in it is; so a question costs little even where a unit or a
 * function is large.  Addresses are in the module's own terms.
 */
#ifndef SYMBOLS_DWARF_NAMES_H
#define SYMBOLS_DWARF_NAMES_H

#include "symbols/dwarf_ranges.h"
#include "symbols/text_pool.h"

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DWARF_FRAMES_MAX = 64, ///< functions inlined into each other at one address
};

/// Strings live as long as the Dwfl and the struct dwarf_names.
struct dwarf_frame {
    const char *name;      ///< as in the source; NULL: not known
    const char *full_name; ///< with what it lies in, where the linker has no name for it; or NULL
    const char *linkage;   ///< as the linker knows it; NULL: as in the source, or not known
    const char *file;      ///< NULL: not known
    const char *directory; ///< where it was compiled; NULL: not known
    int line;
    uint64_t start; ///< first address of the function; 0: not known
};

struct dwarf_unit;

struct dwarf_names {
    uint64_t bias; ///< address in the module's own terms - address in the debug information
    struct dwarf_unit *units;
    size_t unit_count;
    size_t unit_capacity;
    struct dwarf_ranges ranges; ///< of units
    struct text_pool pool;      ///< names that are put together here
};

void dwarf_names_init(struct dwarf_names *names, Dwarf *dwarf, uint64_t bias);
void dwarf_names_release(struct dwarf_names *names);

/**
 * Innermost first: inlined functions, then the function that they were inlined into.
 *
 * @return how many; 0: nothing is known. The last is no inlined one.
 */
size_t dwarf_names_find(
    struct dwarf_names *names, uint64_t address, struct dwarf_frame frames[DWARF_FRAMES_MAX]);

#endif
