// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// How a preload object that stands down reaches this library. Not part of that object.

#include "malloc/family.h"
#include "malloc/statistics.h"

const struct malloc_family halde_malloc_family = {
    .malloc = malloc_rest,
    .calloc = calloc_rest,
    .realloc = realloc_rest,
    .free = malloc_free_rest,
    .aligned = malloc_aligned,
    .size_of = malloc_size_of,
    .trim = statistics_trim,
    .info = statistics_count,
    .write_xml = statistics_write_xml,
    .write_text = statistics_write_text,
    .end = malloc_recorder_end,
    .replacing = malloc_recorder_replacing,
};
