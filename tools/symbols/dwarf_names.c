// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "symbols/dwarf_names.h"

#include "cli/memory.h"
#include "symbols/dwarf_inlined.h"
#include "symbols/dwarf_scopes.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEPTH_MAX = 64, ///< of a search for functions
    STEPS_MAX = 50000000,
    LINE_STEPS_MAX = 8,
};

struct dwarf_function {
    Dwarf_Die die;
    bool is_indexed;
    struct dwarf_inlined inlined; ///< once it is indexed
};

struct dwarf_unit {
    Dwarf_Die die;   ///< its lines and ranges
    Dwarf_Die split; ///< its functions: the same, or in a file of its own
    struct dwarf_function *functions;
    size_t function_count;
    size_t function_capacity;
    struct dwarf_ranges ranges; ///< of functions
    enum {
        UNIT_NOT_INDEXED,
        UNIT_OUTER_INDEXED, ///< functions that do not lie in others
        UNIT_ALL_INDEXED,
    } state;
    bool has_scopes;
    struct dwarf_scopes scopes; ///< what its functions lie in
};

// ---- Units --------------------------------------------------------------------------------------

void dwarf_names_init(struct dwarf_names *names, Dwarf *dwarf, uint64_t bias)
{
    *names = (struct dwarf_names){.bias = bias};
    Dwarf_CU *cu = NULL;
    Dwarf_Die die;
    Dwarf_Die split;
    uint8_t type = 0;
    while (dwarf_get_units(dwarf, cu, &cu, NULL, &type, &die, &split) == 0) {
        if (type != DW_UT_compile && type != DW_UT_skeleton) {
            continue;
        }
        if (!dwarf_ranges_add(&names->ranges, &die, names->unit_count)) {
            continue;
        }
        names->units = must_grow(
            names->units, names->unit_count, &names->unit_capacity, sizeof(*names->units));
        names->units[names->unit_count++] = (struct dwarf_unit){
            .die = die, .split = type == DW_UT_skeleton && split.addr != NULL ? split : die};
    }
    dwarf_ranges_sort(&names->ranges);
}

static void forget_functions(struct dwarf_unit *unit)
{
    for (size_t i = 0; i < unit->function_count; i++) {
        dwarf_inlined_release(&unit->functions[i].inlined);
    }
    unit->function_count = 0;
    dwarf_ranges_release(&unit->ranges);
}

void dwarf_names_release(struct dwarf_names *names)
{
    for (size_t i = 0; i < names->unit_count; i++) {
        forget_functions(&names->units[i]);
        free(names->units[i].functions);
        dwarf_scopes_release(&names->units[i].scopes);
    }
    free(names->units);
    dwarf_ranges_release(&names->ranges);
    text_pool_release(&names->pool);
    *names = (struct dwarf_names){0};
}

// ---- Functions of a unit ------------------------------------------------------------------------

static void add_function(struct dwarf_unit *unit, Dwarf_Die *die)
{
    if (!dwarf_ranges_add(&unit->ranges, die, unit->function_count)) {
        return;
    }
    unit->functions = must_grow(
        unit->functions, unit->function_count, &unit->function_capacity, sizeof(*unit->functions));
    unit->functions[unit->function_count++] = (struct dwarf_function){.die = *die};
}

/// Whether functions may lie inside of what has this tag.
static bool is_scope(int tag, bool is_deep)
{
    switch (tag) {
    case DW_TAG_namespace:
    case DW_TAG_module:
    case DW_TAG_structure_type:
    case DW_TAG_class_type:
    case DW_TAG_union_type:
        return true;
    case DW_TAG_subprogram:
    case DW_TAG_lexical_block:
    case DW_TAG_inlined_subroutine:
        return is_deep;
    default:
        return false;
    }
}

/// Goes to the DIE behind `stack[*depth]`, outwards where there is none. False: that was the last.
static bool go_on(Dwarf_Die *stack, size_t *depth)
{
    for (;;) {
        Dwarf_Die next;
        if (dwarf_siblingof(&stack[*depth], &next) == 0) {
            stack[*depth] = next;
            return true;
        }
        if (*depth == 0) {
            return false;
        }
        (*depth)--;
    }
}

static void index_functions(struct dwarf_unit *unit, bool is_deep)
{
    forget_functions(unit);
    unit->state = is_deep ? UNIT_ALL_INDEXED : UNIT_OUTER_INDEXED;
    Dwarf_Die stack[DEPTH_MAX];
    size_t depth = 0;
    if (dwarf_child(&unit->split, &stack[0]) != 0) {
        return;
    }
    for (size_t steps = 0; steps < STEPS_MAX; steps++) {
        int tag = dwarf_tag(&stack[depth]);
        if (tag == DW_TAG_subprogram) {
            add_function(unit, &stack[depth]);
        }
        if (is_scope(tag, is_deep) && depth + 1 < DEPTH_MAX &&
            dwarf_child(&stack[depth], &stack[depth + 1]) == 0) {
            depth++;
        } else if (!go_on(stack, &depth)) {
            break;
        }
    }
    dwarf_ranges_sort(&unit->ranges);
}

static struct dwarf_function *find_function(struct dwarf_unit *unit, uint64_t address)
{
    if (unit->state == UNIT_NOT_INDEXED) {
        index_functions(unit, false);
    }
    const struct dwarf_range *range = dwarf_ranges_find(&unit->ranges, address);
    if (range == NULL && unit->state != UNIT_ALL_INDEXED) {
        index_functions(unit, true);
        range = dwarf_ranges_find(&unit->ranges, address);
    }
    return range != NULL ? &unit->functions[range->index] : NULL;
}

/// The inlined calls around an address, innermost first, and behind them the function. How many.
static size_t find_chain(
    struct dwarf_function *function, uint64_t address, Dwarf_Die chain[DWARF_FRAMES_MAX])
{
    if (!function->is_indexed) {
        dwarf_inlined_init(&function->inlined, &function->die);
        function->is_indexed = true;
    }
    size_t count = dwarf_inlined_find(&function->inlined, address, chain, DWARF_FRAMES_MAX - 1);
    chain[count] = function->die;
    return count + 1;
}

// ---- Names and lines ----------------------------------------------------------------------------

static const char *linkage_name(Dwarf_Die *die)
{
    Dwarf_Attribute attribute;
    if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute) != NULL ||
        dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute) != NULL) {
        return dwarf_formstring(&attribute);
    }
    return NULL;
}

static const char *compile_directory(Dwarf_Die *unit)
{
    Dwarf_Attribute attribute;
    return dwarf_attr(unit, DW_AT_comp_dir, &attribute) != NULL ? dwarf_formstring(&attribute)
                                                                : NULL;
}

static Dwarf_Word unsigned_attribute(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    Dwarf_Word value = 0;
    if (dwarf_attr(die, name, &attribute) == NULL || dwarf_formudata(&attribute, &value) != 0) {
        return 0;
    }
    return value;
}

/// Where an inlined function was called.
static void find_call(Dwarf_Die *unit, Dwarf_Die *die, struct dwarf_frame *frame)
{
    Dwarf_Files *files = NULL;
    size_t count = 0;
    Dwarf_Word file = unsigned_attribute(die, DW_AT_call_file);
    Dwarf_Word line = unsigned_attribute(die, DW_AT_call_line);
    if (dwarf_getsrcfiles(unit, &files, &count) == 0 && file < count) {
        frame->file = dwarf_filesrc(files, file, NULL, NULL);
    }
    frame->line = line <= INT32_MAX ? (int)line : 0;
}

/// The line of an address. Where the compiler made code for no line, that of the code before.
static void find_line(Dwarf_Die *unit, uint64_t address, struct dwarf_frame *frame)
{
    for (int steps = 0; steps < LINE_STEPS_MAX; steps++) {
        Dwarf_Line *line = dwarf_getsrc_die(unit, address);
        int number = 0;
        if (line == NULL || dwarf_lineno(line, &number) != 0) {
            return;
        }
        if (number > 0) {
            frame->file = dwarf_linesrc(line, NULL, NULL);
            frame->line = number;
            return;
        }
        if (dwarf_lineaddr(line, &address) != 0 || address == 0) {
            return;
        }
        address--;
    }
}

/// Whether functions lie in namespaces and classes in the unit's language.
static bool has_nested_names(Dwarf_Die *unit)
{
    switch (dwarf_srclang(unit)) {
    case DW_LANG_C_plus_plus:
    case DW_LANG_C_plus_plus_03:
    case DW_LANG_C_plus_plus_11:
    case DW_LANG_C_plus_plus_14:
    case DW_LANG_Rust:
    case DW_LANG_D:
        return true;
    default:
        return false;
    }
}

static void fill_frame(
    struct dwarf_names *names, struct dwarf_unit *unit, Dwarf_Die *die, struct dwarf_frame *frame)
{
    frame->name = dwarf_diename(die);
    frame->linkage = linkage_name(die);
    if (frame->linkage != NULL || frame->name == NULL || !has_nested_names(&unit->split)) {
        return;
    }
    if (!unit->has_scopes) {
        dwarf_scopes_init(&unit->scopes, &unit->split);
        unit->has_scopes = true;
    }
    char *name = dwarf_scopes_name(&unit->scopes, die, frame->name);
    if (name != NULL) {
        frame->full_name = text_pool_keep(&names->pool, name);
        free(name);
    }
}

static size_t fill_frames(struct dwarf_names *names, struct dwarf_unit *unit,
    struct dwarf_function *function, uint64_t address, struct dwarf_frame frames[DWARF_FRAMES_MAX])
{
    Dwarf_Die chain[DWARF_FRAMES_MAX];
    size_t count = find_chain(function, address, chain);
    find_line(&unit->die, address, &frames[0]);
    for (size_t i = 0; i < count; i++) {
        fill_frame(names, unit, &chain[i], &frames[i]);
        if (i + 1 < count) {
            find_call(&unit->split, &chain[i], &frames[i + 1]);
        }
    }
    Dwarf_Addr start = 0;
    if (dwarf_lowpc(&function->die, &start) == 0 || dwarf_entrypc(&function->die, &start) == 0) {
        frames[count - 1].start = start;
    }
    return count;
}

size_t dwarf_names_find(
    struct dwarf_names *names, uint64_t address, struct dwarf_frame frames[DWARF_FRAMES_MAX])
{
    address -= names->bias;
    const struct dwarf_range *range = dwarf_ranges_find(&names->ranges, address);
    if (range == NULL) {
        return 0;
    }
    struct dwarf_unit *unit = &names->units[range->index];
    struct dwarf_function *function = find_function(unit, address);
    memset(frames, 0, DWARF_FRAMES_MAX * sizeof(frames[0]));
    size_t count = 1;
    if (function == NULL) {
        find_line(&unit->die, address, &frames[0]);
    } else {
        count = fill_frames(names, unit, function, address, frames);
        frames[count - 1].start += frames[count - 1].start != 0 ? names->bias : 0;
    }
    for (size_t i = 0; i < count; i++) {
        frames[i].directory = compile_directory(&unit->die);
    }
    return count;
}
