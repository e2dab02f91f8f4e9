// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "symbols/elf_names.h"

#include "cli/memory.h"
#include "image/by_address.h"

#include <stdlib.h>
#include <string.h>

enum {
    LOOK_BACK_MAX = 64, ///< symbols that may begin inside of one that still goes on
};

static bool is_wanted(const char *name, const GElf_Sym *symbol, GElf_Word section)
{
    unsigned type = GELF_ST_TYPE(symbol->st_info);
    bool is_place =
        type == STT_FUNC || type == STT_OBJECT || type == STT_GNU_IFUNC || type == STT_NOTYPE;
    // '$' marks what is code and what is data on some processors.
    return is_place && section != SHN_UNDEF && section != SHN_ABS && section != (GElf_Word)-1 &&
           name[0] != 0 && name[0] != '$' && symbol->st_value != 0;
}

/// The lower, the better: the name that a reader expects, not one of the library's aliases.
static int badness(const struct elf_name *item)
{
    int underscores = 0;
    while (item->name[underscores] == '_') {
        underscores++;
    }
    // Those of C++ and Rust are no aliases.
    bool is_mangled = underscores == 1 && strchr("ZR", item->name[1]) != NULL;
    return (item->size == 0 ? 1000 : 0) + (is_mangled ? 0 : underscores * 10);
}

/// Of two symbols at one address.
static int compare(const void *left_item, const void *right_item)
{
    const struct elf_name *left = left_item;
    const struct elf_name *right = right_item;
    int difference = badness(left) - badness(right);
    if (difference != 0) {
        return difference;
    }
    size_t left_length = strlen(left->name);
    size_t right_length = strlen(right->name);
    if (left_length != right_length) {
        return left_length < right_length ? -1 : 1;
    }
    return strcmp(left->name, right->name);
}

// ---- Order --------------------------------------------------------------------------------------

enum {
    DIGIT_BITS = 11,
    DIGITS = 1 << DIGIT_BITS,
};

/// One pass of a radix sort.
static void sort_by_digit(
    const struct elf_name *from, struct elf_name *to, size_t count, unsigned shift)
{
    size_t starts[DIGITS] = {0};
    for (size_t i = 0; i < count; i++) {
        starts[from[i].address >> shift & (DIGITS - 1)]++;
    }
    size_t before = 0;
    for (size_t digit = 0; digit < DIGITS; digit++) {
        size_t here = starts[digit];
        starts[digit] = before;
        before += here;
    }
    for (size_t i = 0; i < count; i++) {
        to[starts[from[i].address >> shift & (DIGITS - 1)]++] = from[i];
    }
}

/// By address: a large program has a hundred thousand symbols, and perhaps two of them are wanted.
static void sort_by_address(struct elf_names *names)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < names->count; i++) {
        bits |= names->items[i].address;
    }
    struct elf_name *other = must_allocate(names->capacity, sizeof(*other));
    for (unsigned shift = 0; shift < 64 && bits >> shift != 0; shift += DIGIT_BITS) {
        sort_by_digit(names->items, other, names->count, shift);
        struct elf_name *sorted = other;
        other = names->items;
        names->items = sorted;
    }
    free(other);
}

/// Puts those of one address in order.
static void sort_equals(struct elf_names *names)
{
    size_t end = 0;
    for (size_t start = 0; start < names->count; start = end) {
        for (end = start + 1; end < names->count; end++) {
            if (names->items[end].address != names->items[start].address) {
                break;
            }
        }
        if (end - start > 1) {
            qsort(names->items + start, end - start, sizeof(*names->items), compare);
        }
    }
}

void elf_names_init(struct elf_names *names, Dwfl_Module *module, uint64_t bias)
{
    int count = dwfl_module_getsymtab(module);
    for (int i = 1; i < count; i++) {
        GElf_Sym symbol;
        GElf_Addr address = 0;
        GElf_Word section = 0;
        const char *name =
            dwfl_module_getsym_info(module, i, &symbol, &address, &section, NULL, NULL);
        if (name == NULL || !is_wanted(name, &symbol, section)) {
            continue;
        }
        names->items =
            must_grow(names->items, names->count, &names->capacity, sizeof(*names->items));
        names->items[names->count++] = (struct elf_name){.address = address - bias,
            .size = symbol.st_size,
            .name = name,
            .is_function = GELF_ST_TYPE(symbol.st_info) != STT_OBJECT};
    }
    if (names->count > 0) {
        sort_by_address(names);
        sort_equals(names);
    }
}

void elf_names_release(struct elf_names *names)
{
    free(names->items);
    *names = (struct elf_names){0};
}

/// Index of the first symbol behind an address.
static size_t upper_bound(const struct elf_names *names, uint64_t address)
{
    return count_until(names->items, names->count, sizeof(*names->items), address);
}

const struct elf_name *elf_names_find(
    const struct elf_names *names, uint64_t address, bool is_function)
{
    const struct elf_name *best = NULL;
    size_t index = upper_bound(names, address);
    for (size_t steps = 0; index > 0 && steps < LOOK_BACK_MAX; steps++) {
        const struct elf_name *item = &names->items[--index];
        if (best != NULL && item->address != best->address) {
            break;
        }
        uint64_t offset = address - item->address;
        // Of several at one address the last that is met here is the best name.
        if ((item->is_function || !is_function) &&
            (offset < item->size || (item->size == 0 && offset == 0))) {
            best = item;
        }
    }
    return best;
}
