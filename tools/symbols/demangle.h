// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Names as programmers write them, from the names that linkers see: C++ (Itanium), Rust (the old
 * form and v0).  Names come from files that nobody vouches for, so time, memory and length of the
 * result are bounded.
 */
#ifndef SYMBOLS_DEMANGLE_H
#define SYMBOLS_DEMANGLE_H

#include <stdbool.h>
#include <stddef.h>

enum {
    DEMANGLE_INPUT_MAX = 1 << 16, ///< bytes of a name; longer ones are left as they are
    DEMANGLE_OUTPUT_MAX = 1 << 16,
};

/**
 * @return the demangled name in memory for free(); NULL: the name is not a mangled one
 */
char *demangle(const char *name);

/// Rust only; demangle() calls it.
char *demangle_rust(const char *name);

/// Replaces what is between < and > by "..." where it is long. In place.
void demangle_shorten_templates(char *name);

/// Replaces what everybody calls std::string by that name. In place.
void demangle_shorten_strings(char *name);

/// Cuts a name that is longer than `limit` bytes and ends it in "...". In place; limit >= 4.
void demangle_limit(char *name, size_t limit);

/// Takes away what compilers add to names of parts and copies: ".constprop.0", " [clone .cold]",
/// and the hash of the old Rust form. In place.
void demangle_normalise(char *name);

#endif
