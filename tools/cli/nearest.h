// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The name that was probably meant: of several, the one that takes the fewest changes, and only if
 * these are few for its length.
 */
#ifndef CLI_NEAREST_H
#define CLI_NEAREST_H

#include <stdbool.h>
#include <stddef.h>

struct nearest {
    const char *wanted;
    size_t best; ///< changes that the best one takes; what is as far or farther is no better
};

struct nearest nearest_begin(const char *wanted);
/// Whether this name is nearer than all before, and near enough.
bool nearest_try(struct nearest *nearest, const char *name);

#endif
