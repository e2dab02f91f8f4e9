// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Memory for the tool.  These never return NULL: without memory there is nothing sensible that a
 * command line could do but say so and end, with EXIT_TROUBLE (EXIT_OWN_FAILURE in `halde run`).
 * What comes from here is given back with free().
 */
#ifndef CLI_MEMORY_H
#define CLI_MEMORY_H

#include <stdarg.h>
#include <stddef.h>

/// Room for `count` items of `size` bytes, all 0.
void *must_allocate(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
/// Another size for a block, which may move.  New bytes are undefined.
void *must_resize(void *block, size_t count, size_t size) __attribute__((returns_nonnull));
char *must_copy_text(const char *text) __attribute__((malloc, returns_nonnull));
/// As sprintf, into a text of its own.
char *must_format(const char *format, ...)
    __attribute__((format(printf, 1, 2), malloc, returns_nonnull));
char *must_format_list(const char *format, va_list arguments)
    __attribute__((format(printf, 1, 0), malloc, returns_nonnull));
/// Room for one more item in an array of `*capacity` items, `count` of which are used: the array,
/// which may have moved.
void *must_grow(void *array, size_t count, size_t *capacity, size_t size)
    __attribute__((returns_nonnull));

/// Says that there is no memory left, and ends.
void out_of_memory(void) __attribute__((noreturn));

#endif
