// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// FENCE: no

// src/view on a process whose data is damaged: thousands of times something of what the engine and
// the layers above know reads as something else.  No crash, no endless walk, and nothing that a
// walk gives contradicts itself.

#include "view_self.h"

#include "seed.h"

#include "engine/engine.h"
#include "engine/heap.h"
#include "engine/thread.h"
#include "engine/user_info.h"
#include "unwind/stack_depot.h"

#include <stdlib.h>
#include <string.h>

enum {
    ROUNDS = 4000,
    TARGETS_MAX = 4096,
    DAMAGES_MAX = 24,
    DAMAGE_SIZE_MAX = 8,
    BLOCKS = 250,
    ELEMENTS_MAX = 5000000, // of one walk through all heaps: more than any damage can make of them
};

struct target {
    uint64_t start;
    uint64_t size;
};
static struct target targets[TARGETS_MAX];
static size_t target_count;

struct damage {
    uint64_t address;
    size_t size;
    uint8_t bytes[DAMAGE_SIZE_MAX];
};
static struct damage damages[DAMAGES_MAX];
static size_t damage_count;

static void add_target(const void *start, size_t size)
{
    if (size > 0 && target_count < TARGETS_MAX) {
        targets[target_count++] = (struct target){(uintptr_t)start, size};
    }
}

// Reads what is there, and then puts the damages over it.
static bool read_damaged(void *context, uint64_t address, void *buffer, size_t size)
{
    if (!self_read(context, address, buffer, size)) {
        return false;
    }
    for (size_t i = 0; i < damage_count; i++) {
        for (size_t j = 0; j < damages[i].size; j++) {
            uint64_t offset = damages[i].address + j - address;
            if (offset < size) {
                ((uint8_t *)buffer)[offset] = damages[i].bytes[j];
            }
        }
    }
    return true;
}

// Values that lead somewhere rather than nowhere.
static uint64_t tempting_value(struct random *random)
{
    const struct target *target = &targets[random_below(random, target_count)];
    switch (random_below(random, 9)) {
    case 0:
        return 0;
    case 1:
        return UINT64_MAX;
    case 2:
        return random_below(random, 300);
    case 3:
        return target->start;
    case 4:
        return target->start + random_below(random, (size_t)target->size);
    case 5:
        return pool.base + random_below(random, (size_t)64 << 20);
    case 6:
        return (uint64_t)1 << random_below(random, 64);
    case 7:
        return UINT64_MAX >> random_below(random, 64);
    default:
        return random_next(random);
    }
}

static void add_damage(struct random *random)
{
    static const size_t SIZES[] = {1, 1, 2, 4, 4, 8, 8};
    const struct target *target = &targets[random_below(random, target_count)];
    struct damage *damage = &damages[damage_count++];
    damage->size = SIZES[random_below(random, sizeof(SIZES) / sizeof(SIZES[0]))];
    damage->address = target->start + random_below(random, (size_t)target->size);
    if (!random_once_in(random, 4)) {
        damage->address -= damage->address % damage->size;
    }
    uint64_t value = tempting_value(random);
    memcpy(damage->bytes, &value, sizeof(value));
}

// ---- What is looked at ------------------------------------------------------------------------

static size_t use_element(
    struct view *view, const struct view_heap *heap, const struct view_element *element)
{
    struct view_entry entry;
    struct view_user_info info;
    struct view_debug_block debug;
    struct view_record record;
    uint64_t frames[16];
    view_entry_of(view, element, &entry);
    view_user_info(view, heap, element, &info);
    size_t sum = 0;
    if (view_debug_block(view, heap, element, &debug)) {
        ASSERT_TRUE(debug.address >= element->start);
        ASSERT_TRUE(debug.address + debug.size <= element->end);
        sum += view_stack(view, debug.stack, frames, 16);
    }
    if (view_record(view, heap, element, &record)) {
        sum += view_stack(view, record.stack, frames, 16);
    }
    return sum;
}

static size_t walk_heap(struct view *view, const struct view_heap *heap)
{
    struct view_walk walk;
    struct view_element element;
    size_t count = 0;
    for (view_walk_begin(&walk, heap); view_walk_next(view, &walk, &element); count++) {
        ASSERT_TRUE(element.start < element.end || element.kind == VIEW_UNCOMMITTED);
        ASSERT_TRUE(element.kind != VIEW_BUSY || element.user_size <= element.end - element.start);
        ASSERT_TRUE(count < ELEMENTS_MAX);
        if (count % 16 == 0) {
            use_element(view, heap, &element);
        }
    }
    return count;
}

static void seek_heap(struct view *view, const struct view_heap *heap, struct random *random)
{
    struct view_walk walk;
    struct view_element element;
    for (int i = 0; i < 8; i++) {
        uint64_t position = tempting_value(random);
        if (view_walk_seek(view, &walk, heap, position, random_once_in(random, 2))) {
            view_walk_next(view, &walk, &element);
        }
    }
}

static size_t walk_all(struct view *view, struct random *random)
{
    struct view_heap heap;
    size_t count = 0;
    bool is_heap = view_heap_first(view, &heap);
    while (is_heap) {
        struct view_heap current = heap;
        is_heap = view_heap_next(view, &heap);
        count += walk_heap(view, &current);
        seek_heap(view, &current, random);
        view_heap_is_busy(view, &current);
    }
    return count;
}

static bool run(struct random *random, bool is_frugal, uint64_t layout)
{
    static struct self_ranges ranges;
    struct view *view = NULL;
    if (ranges.count == 0) {
        self_find_ranges(&ranges);
    }
    const struct view_source source = {.read = read_damaged,
        .ranges = ranges.ranges,
        .range_count = random_once_in(random, 50) ? ranges.count : 0,
        .layout_address = layout,
        .is_frugal = is_frugal};
    if (view_open(&view, &source) != VIEW_OK) {
        return false;
    }
    view_is_quiet(view);
    if (!is_frugal) {
        view_fetch(view);
    }
    size_t count = walk_all(view, random);
    view_close(view);
    return count > 0;
}

// ---- Something to look at ---------------------------------------------------------------------

static void add_slice_targets(uint32_t first, uint32_t count)
{
    for (uint32_t i = first; i < first + count; i++) {
        struct slice *slice = slice_at(i);
        add_target(slice, sizeof(*slice));
        if (slice_is_span(slice)) {
            add_target(slice->map, slice->block_count);
            uint8_t *records = pool.remotes[i].records;
            add_target(records, records == NULL ? 0 : (size_t)slice->block_count * 16);
        }
    }
}

static void add_heap_targets(halde_heap *handle)
{
    struct heap *heap = heap_of(handle);
    add_target(heap, sizeof(*heap));
    add_target(heap, sizeof(*heap)); // more often than the rest
    add_target(&heap->mixed, sizeof(heap->mixed));
    add_target(heap->mixed.map, heap->mixed.top);
    add_target(heap->regions, heap->region_count * sizeof(heap->regions[0]));
    add_target(heap->regions, heap->region_count * sizeof(heap->regions[0]));
    if (heap->info != NULL) {
        add_target(heap->info, sizeof(*heap->info));
        add_target(heap->info->entries, heap->info->capacity * sizeof(heap->info->entries[0]));
    }
    for (uint32_t i = 0; i < heap->region_count; i++) {
        add_slice_targets(heap->regions[i].first_slice, heap->regions[i].slice_count);
    }
    for (uint32_t number = heap->large_first; number != 0; number = slice_at(number)->next) {
        add_target(slice_at(number), sizeof(struct slice));
    }
}

static void fill(halde_heap *heap, struct random *random)
{
    const struct halde_user_info info = {.value = heap, .flags = 7};
    for (size_t i = 0; i < BLOCKS; i++) {
        size_t size = random_once_in(random, 60) ? (size_t)1 << 20 : random_request(random);
        void *block = halde_heap_alloc(heap, size, 0);
        if (block != NULL && random_once_in(random, 3)) {
            halde_heap_free(heap, block, 0);
        } else if (block != NULL && random_once_in(random, 9)) {
            halde_heap_set_user_info(heap, block, &info);
        }
    }
}

// The recorder's extension, with side records as in mode=exact; as the debug heap's would be, so
// that both readers have something to read.
static struct layout_recorder recorder = {
    .extension = {.name = LAYOUT_RECORDER, .version = 1, .size = sizeof(recorder)},
    .mode = LAYOUT_RECORD_SAMPLE,
    .stack = {.offset = 0, .size = 4},
    .thread_id = {.offset = 4, .size = 4},
    .time_ns = {.offset = 8, .size = 8},
};
static uint64_t debug_handle;
static struct fuzz_origin {
    uint64_t file, copy;
    int32_t line, use;
    uint32_t offset;
    uint8_t shift, is_inner;
} fuzz_origins[10];
static uint64_t origins_address;
static struct layout_debug_heap debug = {
    .extension = {.name = LAYOUT_DEBUG_HEAP,
        .version = LAYOUT_DEBUG_HEAP_VERSION,
        .size = sizeof(debug)},
    .number_low = {.offset = 0, .size = 4},
    .stack = {.offset = 4, .size = 4},
    .thread_and_number = {.offset = 8, .size = 4},
    .origin_word = {.offset = 12, .size = 4},
    .state = {.offset = 15, .size = 1},
    .thread_bits = 22,
    .origin_bits = 20,
    .state_live = 1,
    .state_ignored = 2,
    .state_delayed = 3,
    .state_quarantined = 4,
    .front_gap_size = 16,
    .tail_gap_size = 4,
    .origin_count = 10,
    .origin_size = sizeof(struct fuzz_origin),
    .origin_file = {.offset = 0, .size = 8},
    .origin_copy = {.offset = 8, .size = 8},
    .origin_line = {.offset = 16, .size = 4},
    .origin_use = {.offset = 20, .size = 4},
    .origin_offset = {.offset = 24, .size = 4},
    .origin_shift = {.offset = 28, .size = 1},
    .origin_is_inner = {.offset = 29, .size = 1},
};
static struct layout_stacks stacks = {
    .extension = {.name = LAYOUT_STACKS, .version = 1, .size = sizeof(stacks)},
};

static halde_heap *make_debug_heap(void)
{
    halde_heap *heap = engine_heap_create(16);
    ASSERT_NOT_NULL(heap);
    debug_handle = (uintptr_t)heap;
    debug.heap = (uintptr_t)&debug_handle;
    origins_address = (uintptr_t)fuzz_origins;
    debug.origins = (uintptr_t)&origins_address;
    stacks.depot = (uintptr_t)stack_depot_place();
    for (size_t i = 1; i < 10; i++) {
        fuzz_origins[i] = (struct fuzz_origin){.line = (int32_t)i,
            .use = 1,
            .offset = i == 3 ? 5 : 0,
            .shift = i == 4 ? 6 : 4,
            .is_inner = i == 3 || i == 5};
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        struct engine_block block;
        void *data = halde_heap_alloc(heap, i * 7 % 300 + 20, 0);
        ASSERT_TRUE(engine_block_at(heap, data, &block));
        const uintptr_t frames[3] = {i % 10, 2, 3};
        const uint32_t record[4] = {
            (uint32_t)i, stack_depot_put(frames, 3), 77, (uint32_t)(i % 12 | i % 5 << 24)};
        memcpy(block.record, record, sizeof(record));
    }
    engine_extend_layout(&stacks.extension);
    engine_extend_layout(&debug.extension);
    engine_extend_layout(&recorder.extension);
    return heap;
}

static void make_heaps(struct random *random)
{
    static const struct halde_heap_options KINDS[] = {{0}, {.maximum_size = 1 << 20},
        {.maximum_size = (40 << 20) + 4096}, {.checks = HALDE_CHECK_TAIL}};
    fill(halde_process_heap(), random);
    add_heap_targets(halde_process_heap());
    for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
        halde_heap *heap = NULL;
        ASSERT_OK(halde_heap_create(&KINDS[i], &heap));
        fill(heap, random);
        add_heap_targets(heap);
    }
    add_heap_targets(make_debug_heap());
}

// The layout, what it leads to directly, and the depot.
static void add_layout_targets(struct view *view)
{
    uint64_t layout = view_layout_address(view);
    for (int i = 0; i < 20; i++) {
        add_target((const void *)(uintptr_t)layout, sizeof(struct layout));
    }
    add_target(&debug, sizeof(debug));
    add_target(fuzz_origins, sizeof(fuzz_origins));
    add_target(&origins_address, sizeof(origins_address));
    add_target(&stacks, sizeof(stacks));
    add_target(&recorder, sizeof(recorder));
    add_target(&pool, sizeof(pool));
    add_target(thread_self(), sizeof(struct thread));
    struct stack_depot_usage usage;
    stack_depot_usage_read(&usage);
    add_target(usage.header, sizeof(*usage.header));
    const char *depot = (const char *)usage.header;
    add_target(depot + usage.header->entries_offset, usage.size - usage.header->entries_offset);
}

int main(void)
{
    uint64_t seed = seed_start("view_fuzz");
    struct random random = random_make(seed, 0);
    make_heaps(&random);
    struct view *view = self_open(false);
    uint64_t layout = view_layout_address(view);
    add_layout_targets(view);
    ASSERT_TRUE(view_fetch(view));
    size_t sound_count = walk_all(view, &random);
    view_close(view);
    EXPECT_AT_LEAST(sound_count, 2000);

    size_t opened = 0;
    unsigned round = 0;
    uint64_t deadline = deadline_after(stress_seconds(60));
    for (; round < ROUNDS && (round < ROUNDS / 10 || !deadline_is_over(deadline)); round++) {
        struct random own = random_make(seed, round + 1);
        damage_count = 0;
        for (size_t count = random_log(&own, 1, DAMAGES_MAX); count > 0; count--) {
            add_damage(&own);
        }
        recorder.mode = round % 3;
        opened += run(&own, round % 4 == 0, layout);
    }
    test_note("%zu elements, %zu targets; %zu of %u rounds found heaps", sound_count, target_count,
        opened, round);
    EXPECT_AT_LEAST(opened, round / 4);
    return test_result();
}
