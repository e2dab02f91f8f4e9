// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "symbols/dwarf_inlined.h"

#include "cli/memory.h"

#include <dwarf.h>
#include <stdlib.h>

enum {
    DEPTH_MAX = 128, ///< calls and blocks in each other
    STEPS_MAX = 50000000,
};

struct dwarf_call {
    Dwarf_Die die;
    size_t outer; ///< index + 1 of the inlined call that it lies in; 0: the function itself
};

static size_t add_call(struct dwarf_inlined *inlined, Dwarf_Die *die, size_t outer)
{
    inlined->calls =
        must_grow(inlined->calls, inlined->count, &inlined->capacity, sizeof(*inlined->calls));
    inlined->calls[inlined->count] = (struct dwarf_call){*die, outer};
    dwarf_ranges_add(&inlined->ranges, die, inlined->count);
    return ++inlined->count;
}

void dwarf_inlined_init(struct dwarf_inlined *inlined, const Dwarf_Die *function)
{
    Dwarf_Die stack[DEPTH_MAX];
    size_t outer[DEPTH_MAX]; // the call that the DIEs of a level lie in
    size_t depth = 0;
    Dwarf_Die parent = *function;
    *inlined = (struct dwarf_inlined){0};
    outer[0] = 0;
    if (dwarf_child(&parent, &stack[0]) != 0) {
        return;
    }
    for (size_t steps = 0; steps < STEPS_MAX; steps++) {
        int tag = dwarf_tag(&stack[depth]);
        bool is_call = tag == DW_TAG_inlined_subroutine;
        size_t inside = is_call ? add_call(inlined, &stack[depth], outer[depth]) : outer[depth];
        if ((is_call || tag == DW_TAG_lexical_block) && depth + 1 < DEPTH_MAX &&
            dwarf_child(&stack[depth], &stack[depth + 1]) == 0) {
            outer[++depth] = inside;
            continue;
        }
        Dwarf_Die next;
        while (dwarf_siblingof(&stack[depth], &next) != 0) {
            if (depth-- == 0) {
                dwarf_ranges_sort(&inlined->ranges);
                return;
            }
        }
        stack[depth] = next;
    }
    dwarf_ranges_sort(&inlined->ranges);
}

void dwarf_inlined_release(struct dwarf_inlined *inlined)
{
    free(inlined->calls);
    dwarf_ranges_release(&inlined->ranges);
    *inlined = (struct dwarf_inlined){0};
}

size_t dwarf_inlined_find(
    const struct dwarf_inlined *inlined, uint64_t address, Dwarf_Die *chain, size_t size)
{
    const struct dwarf_range *range = dwarf_ranges_find(&inlined->ranges, address);
    size_t count = 0;
    for (size_t call = range != NULL ? range->index + 1 : 0; call > 0 && count < size;
         call = inlined->calls[call - 1].outer) {
        chain[count++] = inlined->calls[call - 1].die;
    }
    return count;
}
