// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * What functions lie in: namespaces, classes, other functions.  Needed for inlined functions that
 * have no linkage name, as those that a C++ compiler never made real.
 */
#ifndef SYMBOLS_DWARF_SCOPES_H
#define SYMBOLS_DWARF_SCOPES_H

#include <elfutils/libdw.h>
#include <stddef.h>

struct dwarf_scope;
struct dwarf_member;

/// Of a unit. All 0 is empty.
struct dwarf_scopes {
    struct dwarf_scope *scopes;
    size_t scope_count;
    size_t scope_capacity;
    struct dwarf_member *members; ///< functions, by place in the debug information
    size_t member_count;
    size_t member_capacity;
};

void dwarf_scopes_init(struct dwarf_scopes *scopes, Dwarf_Die *unit);
void dwarf_scopes_release(struct dwarf_scopes *scopes);

/// "outer::inner::name" of a function; NULL: it lies in nothing, or in another unit. To be freed.
char *dwarf_scopes_name(const struct dwarf_scopes *scopes, Dwarf_Die *function, const char *name);

#endif
