// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Leaks that are known: HALDE_OPTIONS=crt_suppress=PATTERN[,PATTERN] names places whose blocks the
 * leak dump leaves out.
 *
 * A pattern is compared with the file that was given at allocation, as it was given and without its
 * folders; with the same followed by "(line)"; and, where stacks are kept, with the modules of all
 * frames, again with and without folders.  '*' stands for any characters, '?' for one.  Names of
 * functions are not known within the process.
 */
#ifndef CRTDBG_SUPPRESS_H
#define CRTDBG_SUPPRESS_H

#include "crtdbg/record.h"

/// Whether there are patterns at all.
bool suppress_is_on(void);
/// Whether a block was allocated at a place that a pattern names. The sections are stopped.
bool suppress_covers(const struct record *record);
/// Whether `text` is as the first `size` characters of `pattern` say.
bool suppress_matches(const char *pattern, size_t size, const char *text);

#endif
