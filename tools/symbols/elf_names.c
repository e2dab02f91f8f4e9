// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "symbols/elf_names.h"

#include "cli/memory.h"

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

static int compare(const void *left_item, const void *right_item)
{
    const struct elf_name *left = left_item;
    const struct elf_name *right = right_item;
    if (left->address != right->address) {
        return left->address < right->address ? -1 : 1;
    }
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
        qsort(names->items, names->count, sizeof(*names->items), compare);
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
    size_t low = 0;
    size_t high = names->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (names->items[middle].address <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
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
