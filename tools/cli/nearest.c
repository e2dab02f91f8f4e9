// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "cli/nearest.h"

#include <string.h>

enum {
    LONGEST = 40, ///< no name of ours is longer
};

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/// Insertions, deletions, replacements and swaps of neighbours that make `a` into `b`.
static size_t distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t rows[3][LONGEST + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b_size; j++) {
        above[j] = j;
    }
    for (size_t i = 1; i <= a_size; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);
            best = smaller(best, smaller(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                best = smaller(best, before[j - 2] + 1);
            }
            row[j] = best;
        }
        size_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return above[b_size];
}

struct nearest nearest_begin(const char *wanted)
{
    // A third of the letters may be wrong, and one in any case.
    return (struct nearest){.wanted = wanted, .best = 2 + strlen(wanted) / 4};
}

bool nearest_try(struct nearest *nearest, const char *name)
{
    size_t wanted_size = strlen(nearest->wanted);
    size_t name_size = strlen(name);
    if (wanted_size > LONGEST || name_size > LONGEST) {
        return false;
    }
    size_t changes = distance(nearest->wanted, wanted_size, name, name_size);
    // What was begun and not finished is meant more often than something else.
    if (wanted_size > 1 && strncmp(nearest->wanted, name, wanted_size) == 0) {
        changes = 1;
    }
    if (changes >= nearest->best || changes >= name_size) {
        return false;
    }
    nearest->best = changes;
    return true;
}
