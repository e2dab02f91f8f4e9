// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** The operators that others are made of, and that a program may bring itself. */
#ifndef MALLOC_OPERATORS_H
#define MALLOC_OPERATORS_H

#include "base/compiler.h"

struct operators {
    void *(*new_)(size_t size);
    void *(*array_new)(size_t size);
    void *(*aligned_new)(size_t size, size_t alignment);
    void *(*array_aligned_new)(size_t size, size_t alignment);
    void (*delete_)(void *block);
    void (*array_delete)(void *block);
    void (*aligned_delete)(void *block, size_t alignment);
    void (*array_aligned_delete)(void *block, size_t alignment);
};

/// What the process calls by these names: the program's own, or ours. Constant once it is loaded.
extern HIDDEN const struct operators operators_seen;
/// Ours, whatever the program brings.
extern HIDDEN const struct operators operators_here;

#endif
