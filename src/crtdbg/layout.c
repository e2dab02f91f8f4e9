// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/layout.h"

#include "base/layout.h"
#include "crtdbg/debug_block.h"
#include "crtdbg/origins.h"
#include "engine/engine.h"
#include "unwind/stack_depot.h"

#define FIELD(structure, name)                                                                     \
    {                                                                                              \
        .offset = offsetof(struct structure, name),                                                \
        .size = sizeof(((struct structure *)NULL)->name)                                           \
    }

static uint64_t heap_handle; // constant once it is shown

static struct layout_debug_heap debug = {
    .extension = {.name = LAYOUT_DEBUG_HEAP,
        .version = LAYOUT_DEBUG_HEAP_VERSION,
        .size = sizeof(debug)},
    .number_low = FIELD(record, number_low),
    .stack = FIELD(record, stack),
    .thread_and_number = FIELD(record, thread_and_number),
    .origin_word = FIELD(record, origin_word),
    .state = FIELD(record, state),
    .thread_bits = RECORD_THREAD_BITS,
    .origin_bits = RECORD_ORIGIN_BITS,
    .state_live = RECORD_LIVE,
    .state_ignored = RECORD_IGNORED,
    .state_delayed = RECORD_DELAYED,
    .state_quarantined = RECORD_QUARANTINED,
    .front_gap_size = FRONT_GAP_SIZE,
    .tail_gap_size = TAIL_GAP_SIZE,
    .origin_count = ORIGINS_MAX,
    .origin_size = sizeof(struct origin),
    .origin_file = FIELD(origin, file),
    .origin_copy = FIELD(origin, copy),
    .origin_line = FIELD(origin, line),
    .origin_use = FIELD(origin, use),
    .origin_shift = FIELD(origin, alignment_shift),
    .origin_offset = FIELD(origin, inner_offset),
    .origin_is_inner = FIELD(origin, is_inner),
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
    debug.origins = (uintptr_t)origins_place();
    heap_handle = (uintptr_t)debug_heap();
    debug.heap = (uintptr_t)&heap_handle;
    stacks.depot = (uintptr_t)stack_depot_place();
    engine_extend_layout(&stacks.extension);
    engine_extend_layout(&debug.extension);
}
