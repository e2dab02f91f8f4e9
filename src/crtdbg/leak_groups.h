// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** Groups the blocks of a leak search by class and by where they were allocated. */
#ifndef CRTDBG_LEAK_GROUPS_H
#define CRTDBG_LEAK_GROUPS_H

#include "crtdbg/leak_nodes.h"
#include "crtdbg/leak_search.h"

/// What was found.
struct leak_classes {
    const struct block_map *map;
    const struct reach *reach;
    bool (*is_told)(const struct debug_block *block, void *context);
    void *context;
};

/// Fills groups and sums of a result. The sections are stopped. False: no memory.
bool leak_groups_make(struct leak_result *result, const struct leak_classes *classes);

#endif
