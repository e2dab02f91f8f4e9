// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "symbols/dwarf_ranges.h"

#include "cli/memory.h"
#include "image/by_address.h"

#include <stdlib.h>

enum {
    LOWEST_CODE = 0x100, ///< ranges that begin below are of code that the linker threw away
    RANGES_MAX = 100000, ///< of one DIE
};

bool dwarf_ranges_add(struct dwarf_ranges *ranges, Dwarf_Die *die, size_t index)
{
    bool has_some = false;
    ptrdiff_t next = 0;
    Dwarf_Addr base = 0;
    Dwarf_Addr low = 0;
    Dwarf_Addr high = 0;
    for (size_t steps = 0; steps < RANGES_MAX; steps++) {
        next = dwarf_ranges(die, next, &base, &low, &high);
        if (next <= 0) {
            break;
        }
        if (low < LOWEST_CODE || high <= low) {
            continue;
        }
        ranges->items =
            must_grow(ranges->items, ranges->count, &ranges->capacity, sizeof(*ranges->items));
        ranges->items[ranges->count++] =
            (struct dwarf_range){.low = low, .high = high, .index = index};
        has_some = true;
    }
    return has_some;
}

static int compare_ranges(const void *left_item, const void *right_item)
{
    const struct dwarf_range *left = left_item;
    const struct dwarf_range *right = right_item;
    if (left->low != right->low) {
        return left->low < right->low ? -1 : 1;
    }
    if (left->high != right->high) {
        return left->high > right->high ? -1 : 1;
    }
    return left->index < right->index ? -1 : left->index > right->index;
}

void dwarf_ranges_sort(struct dwarf_ranges *ranges)
{
    if (ranges->count > 1) {
        qsort(ranges->items, ranges->count, sizeof(*ranges->items), compare_ranges);
    }
    for (size_t i = 0; i < ranges->count; i++) {
        // The one before may go on here, or one of those around it.
        size_t outer = i;
        while (outer > 0 && ranges->items[outer - 1].high <= ranges->items[i].low) {
            outer = ranges->items[outer - 1].outer;
        }
        ranges->items[i].outer = outer;
    }
}

const struct dwarf_range *dwarf_ranges_find(const struct dwarf_ranges *ranges, uint64_t address)
{
    size_t low = count_until(ranges->items, ranges->count, sizeof(*ranges->items), address);
    while (low > 0 && ranges->items[low - 1].high <= address) {
        low = ranges->items[low - 1].outer;
    }
    return low > 0 ? &ranges->items[low - 1] : NULL;
}

void dwarf_ranges_release(struct dwarf_ranges *ranges)
{
    free(ranges->items);
    *ranges = (struct dwarf_ranges){0};
}
