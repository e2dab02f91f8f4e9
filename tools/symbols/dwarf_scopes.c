// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "symbols/dwarf_scopes.h"

#include "cli/memory.h"

#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEPTH_MAX = 64,
    STEPS_MAX = 50000000,
    ORIGINS_MAX = 16,
    NO_SCOPE = 0, ///< index of the unit itself
};

struct dwarf_scope {
    Dwarf_Die die;
    size_t parent;
};

struct dwarf_member {
    const void *address; ///< of its DIE
    size_t scope;
};

static int compare_members(const void *left_item, const void *right_item)
{
    const struct dwarf_member *left = left_item;
    const struct dwarf_member *right = right_item;
    return left->address < right->address ? -1 : left->address > right->address;
}

/// Whether names continue inside; blocks and calls have functions in them, but no name.
static bool has_name(int tag)
{
    return tag == DW_TAG_namespace || tag == DW_TAG_module || tag == DW_TAG_structure_type ||
           tag == DW_TAG_class_type || tag == DW_TAG_union_type || tag == DW_TAG_interface_type ||
           tag == DW_TAG_enumeration_type || tag == DW_TAG_subprogram;
}

static bool is_entered(int tag)
{
    return has_name(tag) || tag == DW_TAG_lexical_block;
}

static size_t add_scope(struct dwarf_scopes *scopes, const Dwarf_Die *die, size_t parent)
{
    scopes->scopes = must_grow(
        scopes->scopes, scopes->scope_count, &scopes->scope_capacity, sizeof(*scopes->scopes));
    scopes->scopes[scopes->scope_count] = (struct dwarf_scope){*die, parent};
    return scopes->scope_count++;
}

static void add_member(struct dwarf_scopes *scopes, const Dwarf_Die *die, size_t scope)
{
    scopes->members = must_grow(
        scopes->members, scopes->member_count, &scopes->member_capacity, sizeof(*scopes->members));
    scopes->members[scopes->member_count++] = (struct dwarf_member){die->addr, scope};
}

void dwarf_scopes_init(struct dwarf_scopes *scopes, Dwarf_Die *unit)
{
    Dwarf_Die stack[DEPTH_MAX];
    size_t scope_of[DEPTH_MAX]; // that the DIEs of a level lie in
    size_t depth = 0;
    *scopes = (struct dwarf_scopes){0};
    scope_of[0] = add_scope(scopes, unit, NO_SCOPE);
    if (dwarf_child(unit, &stack[0]) != 0) {
        return;
    }
    for (size_t steps = 0; steps < STEPS_MAX; steps++) {
        int tag = dwarf_tag(&stack[depth]);
        if (tag == DW_TAG_subprogram) {
            add_member(scopes, &stack[depth], scope_of[depth]);
        }
        if (is_entered(tag) && depth + 1 < DEPTH_MAX &&
            dwarf_child(&stack[depth], &stack[depth + 1]) == 0) {
            scope_of[depth + 1] =
                has_name(tag) ? add_scope(scopes, &stack[depth], scope_of[depth]) : scope_of[depth];
            depth++;
            continue;
        }
        Dwarf_Die next;
        while (dwarf_siblingof(&stack[depth], &next) != 0) {
            if (depth-- == 0) {
                goto done;
            }
        }
        stack[depth] = next;
    }
done:
    if (scopes->member_count > 1) {
        qsort(scopes->members, scopes->member_count, sizeof(*scopes->members), compare_members);
    }
}

void dwarf_scopes_release(struct dwarf_scopes *scopes)
{
    free(scopes->scopes);
    free(scopes->members);
    *scopes = (struct dwarf_scopes){0};
}

/// The scope that declares a function: that of its origin, or of what it specifies.
static size_t find_scope(const struct dwarf_scopes *scopes, const Dwarf_Die *function)
{
    Dwarf_Die die = *function;
    size_t scope = NO_SCOPE;
    for (int i = 0; i < ORIGINS_MAX; i++) {
        struct dwarf_member key = {die.addr, 0};
        const struct dwarf_member *member =
            scopes->member_count > 0 ? bsearch(&key, scopes->members, scopes->member_count,
                                           sizeof(*scopes->members), compare_members)
                                     : NULL;
        // A definition stands where the compiler likes; the declaration stands where it belongs.
        scope = member != NULL ? member->scope : scope;
        Dwarf_Attribute attribute;
        Dwarf_Die origin;
        if ((dwarf_attr(&die, DW_AT_abstract_origin, &attribute) == NULL &&
                dwarf_attr(&die, DW_AT_specification, &attribute) == NULL) ||
            dwarf_formref_die(&attribute, &origin) == NULL) {
            break;
        }
        die = origin;
    }
    return scope;
}

static const char *scope_name(Dwarf_Die *die)
{
    const char *name = dwarf_diename(die);
    if (name == NULL) {
        // A class without a name that has a function is that of a lambda.
        return dwarf_tag(die) == DW_TAG_namespace ? "(anonymous namespace)" : "{lambda}";
    }
    return name;
}

char *dwarf_scopes_name(const struct dwarf_scopes *scopes, Dwarf_Die *function, const char *name)
{
    size_t scope = find_scope(scopes, function);
    char *result = NULL;
    for (int i = 0; scope != NO_SCOPE && i < DEPTH_MAX; i++) {
        char *longer = must_format(
            "%s::%s", scope_name(&scopes->scopes[scope].die), result != NULL ? result : name);
        free(result);
        result = longer;
        scope = scopes->scopes[scope].parent;
    }
    return result;
}
