// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/layout.h"

#include "base/layout.h"
#include "crtdbg/debug_block.h"
#include "crtdbg/file_names.h"
#include "engine/engine.h"
#include "unwind/stack_depot.h"

#define FIELD(name)                                                                                \
    .name = {.offset = offsetof(struct record, name), .size = sizeof(((struct record *)NULL)->name)}

static uint64_t heap_handle; // constant once it is shown

static struct layout_debug_heap debug = {
    .extension = {.name = LAYOUT_DEBUG_HEAP, .version = 1, .size = sizeof(debug)},
    FIELD(number),
    FIELD(file),
    FIELD(size),
    FIELD(inner_size),
    FIELD(line),
    FIELD(use),
    FIELD(file_name),
    FIELD(front),
    FIELD(inner),
    FIELD(thread_id),
    FIELD(stack),
    FIELD(state),
    .state_live = RECORD_LIVE,
    .state_ignored = RECORD_IGNORED,
    .state_delayed = RECORD_DELAYED,
    .state_quarantined = RECORD_QUARANTINED,
    .front_gap_size = FRONT_GAP_SIZE,
    .fill_new = FILL_NEW,
    .fill_freed = FILL_FREED,
    .fill_gap = FILL_GAP,
    .fill_aligned = FILL_ALIGNED,
    .tail_checked_max = TAIL_CHECKED_MAX,
};

static struct layout_stacks stacks = {
    .extension = {.name = LAYOUT_STACKS, .version = 1, .size = sizeof(stacks)},
};

void layout_register_debug_heap(void)
{
    struct file_name_table names;
    file_names_describe(&names);
    debug.file_names = (uintptr_t)names.entries;
    debug.file_name_count = names.count;
    debug.file_name_size = names.entry_size;
    debug.file_name_offset = names.copy_offset;
    heap_handle = (uintptr_t)debug_heap();
    debug.heap = (uintptr_t)&heap_handle;
    stacks.depot = (uintptr_t)stack_depot_place();
    engine_extend_layout(&stacks.extension);
    engine_extend_layout(&debug.extension);
}
