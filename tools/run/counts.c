// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "run/counts.h"

#include "cli/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    PAGE_SHIFT = 12,
    PAGE_COUNT = 1 << PAGE_SHIFT,
};

void counts_init(struct counts *counts, uint32_t stack_limit, uint64_t sample_interval)
{
    *counts = (struct counts){.interval = sample_interval};
    counts->page_count = ((size_t)stack_limit >> PAGE_SHIFT) + 1;
    counts->pages = must_allocate(counts->page_count, sizeof(counts->pages[0]));
}

void counts_release(struct counts *counts)
{
    for (size_t i = 0; i < counts->page_count; i++) {
        free(counts->pages[i]);
    }
    free(counts->pages);
    free(counts->items);
    free(counts->changed);
    *counts = (struct counts){0};
}

// ---- Sizes --------------------------------------------------------------------------------------

static unsigned highest_bit(uint64_t value)
{
    return 63 - (unsigned)__builtin_clzll(value);
}

// Sizes below 4 have groups of their own; 4 to 7 are 8 ... 11 and so on.
static size_t size_group(uint64_t size)
{
    if (size < 4) {
        return (size_t)size;
    }
    unsigned shift = highest_bit(size) - 2;
    return ((size_t)shift << 2) + (size_t)(size >> shift);
}

uint64_t size_group_min(size_t group)
{
    return group < 8 ? group : (uint64_t)(4 + group % 4) << (group / 4 - 1);
}

uint64_t size_group_max(size_t group)
{
    return group + 1 < SIZE_GROUPS - 4 ? size_group_min(group + 1) - 1 : UINT64_MAX;
}

// ---- Stacks -------------------------------------------------------------------------------------

static struct stack_count *new_item(struct counts *counts, uint32_t stack, uint32_t *place)
{
    counts->items =
        must_grow(counts->items, counts->count, &counts->capacity, sizeof(counts->items[0]));
    struct stack_count *item = &counts->items[counts->count++];
    *item = (struct stack_count){.stack = stack};
    *place = (uint32_t)counts->count;
    return item;
}

static struct stack_count *item_of(struct counts *counts, uint32_t stack)
{
    size_t page = stack >> PAGE_SHIFT;
    if (page >= counts->page_count) {
        page = 0;
        stack = 0;
    }
    if (counts->pages[page] == NULL) {
        counts->pages[page] = must_allocate(PAGE_COUNT, sizeof(uint32_t));
    }
    uint32_t *place = &counts->pages[page][stack & (PAGE_COUNT - 1)];
    return *place != 0 ? &counts->items[*place - 1] : new_item(counts, stack, place);
}

static void note_change(struct counts *counts, struct stack_count *item)
{
    if (item->is_changed) {
        return;
    }
    item->is_changed = true;
    counts->changed = must_grow(counts->changed, counts->changed_count, &counts->changed_capacity,
        sizeof(counts->changed[0]));
    counts->changed[counts->changed_count++] = (uint32_t)(item - counts->items);
}

// ---- Events -------------------------------------------------------------------------------------

enum {
    PARTS_SHIFT = 20, // log2 of the parts of a block that are counted
};

// What a block stands for.
struct share {
    uint64_t count;
    uint64_t bytes;
};

// A sampled block stands for 1.6 of its size, say: what is left over of a block is kept in `rest`,
// in parts, until it makes one more.  Blocks that came and went leave nothing, in whatever order.
static struct share share_of(const struct counts *counts, uint64_t size, uint32_t *rest)
{
    if (counts->interval == 0) {
        return (struct share){1, size};
    }
    double x = (double)size / (double)counts->interval;
    double blocks = x < 1e-9 ? 1 / 1e-9 : 1 / -expm1(-x);
    uint64_t parts = *rest + (uint64_t)llround(blocks * (1 << PARTS_SHIFT));
    *rest = (uint32_t)(parts & ((1 << PARTS_SHIFT) - 1));
    return (struct share){parts >> PARTS_SHIFT, (uint64_t)llround((double)size * blocks)};
}

void counts_add_allocated(struct counts *counts, uint32_t stack, uint64_t size)
{
    struct stack_count *item = item_of(counts, stack);
    note_change(counts, item);
    const struct share share = share_of(counts, size, &item->allocated_rest);
    const uint64_t count = share.count, bytes = share.bytes;
    item->now.allocated_count += count;
    item->now.allocated_size += bytes;
    counts->now.allocated_count += count;
    counts->now.allocated_size += bytes;
    struct size_count *group = &counts->sizes[size_group(size)];
    group->allocated_count += count;
    group->allocated_size += bytes;
    counts->event_count++;
    counts->live_count += (int64_t)count;
    counts->live_size += (int64_t)bytes;
    if (counts->live_size > counts->interval_peak_size) {
        counts->interval_peak_size = counts->live_size;
        counts->interval_peak_ns = counts->now_ns;
    }
    if (counts->live_count > counts->peak_count) {
        counts->peak_count = counts->live_count;
    }
}

static void add_freed(
    struct tally *tally, uint64_t count, uint64_t bytes, uint64_t age_ns, bool is_temporary)
{
    tally->freed_count += count;
    tally->freed_size += bytes;
    tally->temporary_count += is_temporary ? count : 0;
    tally->lifetime_ns += age_ns * count;
}

void counts_add_freed(
    struct counts *counts, uint32_t stack, uint64_t size, uint64_t age_ns, bool is_temporary)
{
    struct stack_count *item = item_of(counts, stack);
    note_change(counts, item);
    const struct share share = share_of(counts, size, &item->freed_rest);
    const uint64_t count = share.count, bytes = share.bytes;
    add_freed(&item->now, count, bytes, age_ns, is_temporary);
    add_freed(&counts->now, count, bytes, age_ns, is_temporary);
    counts->sizes[size_group(size)].freed_count += count;
    counts->event_count++;
    counts->live_count -= (int64_t)count;
    counts->live_size -= (int64_t)bytes;
}

static void add_tally(struct tally *to, const struct tally *from)
{
    to->allocated_count += from->allocated_count;
    to->allocated_size += from->allocated_size;
    to->freed_count += from->freed_count;
    to->freed_size += from->freed_size;
    to->temporary_count += from->temporary_count;
    to->lifetime_ns += from->lifetime_ns;
}

void counts_end_interval(struct counts *counts)
{
    for (size_t i = 0; i < counts->changed_count; i++) {
        struct stack_count *item = &counts->items[counts->changed[i]];
        add_tally(&item->before, &item->now);
        item->now = (struct tally){0};
        item->is_changed = false;
    }
    counts->changed_count = 0;
    add_tally(&counts->before, &counts->now);
    counts->now = (struct tally){0};
    if (counts->interval_peak_size > counts->peak_size) {
        counts->peak_size = counts->interval_peak_size;
    }
    counts->interval_peak_size = counts->live_size;
    counts->interval_peak_ns = counts->now_ns;
}
