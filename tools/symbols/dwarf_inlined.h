// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The calls that were inlined into one function, indexed by address: a function may have so many of
 * them, and so much else, that it can be gone through once only.
 */
#ifndef SYMBOLS_DWARF_INLINED_H
#define SYMBOLS_DWARF_INLINED_H

#include "symbols/dwarf_ranges.h"

struct dwarf_call;

struct dwarf_inlined {
    struct dwarf_call *calls;
    size_t count;
    size_t capacity;
    struct dwarf_ranges ranges; ///< of calls
};

void dwarf_inlined_init(struct dwarf_inlined *inlined, const Dwarf_Die *function);
void dwarf_inlined_release(struct dwarf_inlined *inlined);

/**
 * The inlined calls around an address, innermost first.
 *
 * @param chain  gets at most `size` of them
 * @return how many
 */
size_t dwarf_inlined_find(
    const struct dwarf_inlined *inlined, uint64_t address, Dwarf_Die *chain, size_t size);

#endif
