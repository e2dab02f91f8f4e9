// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/layout.h"

#include "base/layout.h"
#include "crtdbg/debug_block.h"
#include "crtdbg/origins.h"
#include "engine/engine.h"
#include "unwind/stack_depot.h"

#define RECORD_FIELD(name, start, bytes)                                                           \
    .name = {.offset = (uint16_t)(start), .size = (uint16_t)(bytes)}
#define FIELD(structure, name)                                                                     \
    {                                                                                              \
        .offset = offsetof(struct structure, name),                                                \
        .size = sizeof(((struct structure *)NULL)->name)                                           \
    }

enum {
    THREAD_SIZE = RECORD_THREAD_BITS / 8,
    THREAD_OFFSET = offsetof(struct record, thread_and_shape),
};
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "parts of words are told as bytes");

static uint64_t heap_handle; // constant once it is shown

static struct layout_debug_heap debug = {
    .extension = {.name = LAYOUT_DEBUG_HEAP,
        .version = LAYOUT_DEBUG_HEAP_VERSION,
        .size = sizeof(debug)},
    RECORD_FIELD(size, offsetof(struct record, size_and_number), RECORD_SIZE_BITS / 8),
    RECORD_FIELD(number, RECORD_NUMBER_OFFSET, RECORD_NUMBER_SIZE),
    RECORD_FIELD(thread_id, THREAD_OFFSET, THREAD_SIZE),
    RECORD_FIELD(shape, THREAD_OFFSET + THREAD_SIZE, sizeof(uint32_t) - THREAD_SIZE),
    RECORD_FIELD(origin, offsetof(struct record, origin_low), RECORD_ORIGIN_BITS / 8),
    .stack = FIELD(record, stack),
    .inner = FIELD(record, inner),
    .use = FIELD(record, use),
    .state = FIELD(record, state),
    .state_live = RECORD_LIVE,
    .state_ignored = RECORD_IGNORED,
    .state_delayed = RECORD_DELAYED,
    .state_quarantined = RECORD_QUARANTINED,
    .front_gap_size = FRONT_GAP_SIZE,
    .shift_mask = (1u << RECORD_SHIFT_BITS) - 1,
    .origin_count = ORIGINS_MAX,
    .origin_size = sizeof(struct origin),
    .origin_file = FIELD(origin, file),
    .origin_copy = FIELD(origin, copy),
    .origin_line = FIELD(origin, line),
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
