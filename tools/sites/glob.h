// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/// Patterns with wildcards. Time is bounded by the product of the two lengths.
#ifndef SITES_GLOB_H
#define SITES_GLOB_H

#include <stdbool.h>
#include <stddef.h>

/// '*' stands for any text, '?' for any character; all else, '\' too, for itself.
bool glob_matches(const char *pattern, const char *text);

/// LeakSanitizer's: found anywhere, '*' is any text, '^' and '$' at the ends bind it.
bool glob_finds(const char *pattern, const char *text);

#endif
