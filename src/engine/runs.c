// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Free runs of slices with boundary tags in the descriptors: the first slice (SLICE_FREE) and the
// last (SLICE_FREE_END) both hold the length, so a freed run finds its neighbours in two loads.  A
// neighbour's `heap` is read before its other fields: only what belongs to the same owner is under
// the same lock.

#include "engine/pool.h"

enum {
    FIT_ATTEMPTS = 8, // runs looked at for a better fit
    // Where slices must be aligned most runs do not fit, and growing instead leaves a gap before
    // the new ones: it takes many such requests to use up a small address space.
    FIT_ATTEMPTS_ALIGNED = 512,
};

static uint32_t size_log_of(size_t count)
{
    return bits_highest(count);
}

static void unlink_run(struct runs *runs, struct slice *first)
{
    uint32_t size_log = size_log_of(first->slice_count);
    if (first->previous != 0) {
        slice_at(first->previous)->next = first->next;
    } else {
        runs->heads[size_log] = first->next;
        if (first->next == 0) {
            runs->sizes &= ~(1u << size_log);
        }
    }
    if (first->next != 0) {
        slice_at(first->next)->previous = first->previous;
    }
    runs->slice_count -= (uint32_t)first->slice_count;
    slice_set_kind(&first[first->slice_count - 1], SLICE_NONE);
    slice_set_kind(first, SLICE_NONE);
    first->flags &= (uint8_t)~SLICE_FLAG_FRESH;
}

static void link_run(struct runs *runs, struct slice *first, size_t count, uint32_t freed_at)
{
    struct slice *last = first + count - 1;
    slice_set_kind(last, SLICE_FREE_END);
    slice_set_heap(last, runs->owner);
    last->slice_count = count;
    slice_set_kind(first, SLICE_FREE); // after `last`: they may be the same
    first->flags = (uint8_t)((first->flags & SLICE_FLAG_REGION_START) | runs->flag);
    slice_set_heap(first, runs->owner);
    first->slice_count = count;
    first->freed_at = freed_at;
    uint32_t size_log = size_log_of(count);
    first->previous = 0;
    first->next = runs->heads[size_log];
    if (first->next != 0) {
        slice_at(first->next)->previous = slice_number(first);
    }
    runs->heads[size_log] = slice_number(first);
    runs->sizes |= 1u << size_log;
    runs->slice_count += (uint32_t)count;
}

// The free run that ends just before `slice`, or NULL.
static struct slice *run_before(const struct runs *runs, struct slice *slice)
{
    struct slice *last = slice - 1;
    if ((slice->flags & SLICE_FLAG_REGION_START) != 0 || slice_number(slice) <= 1 ||
        slice_heap(last) != runs->owner) {
        return NULL;
    }
    struct slice *first = NULL;
    if (slice_kind(last) == SLICE_FREE) {
        first = last->slice_count == 1 ? last : NULL;
    } else if (slice_kind(last) == SLICE_FREE_END) {
        first = slice - last->slice_count;
    }
    return first != NULL && (first->flags & SLICE_FLAG_FRESH) == runs->flag ? first : NULL;
}

static bool is_in_pool(const struct slice *slice)
{
    return ((uintptr_t)slice_number(slice) << SLICE_SHIFT) <
           atomic_load_explicit(&pool.committed, memory_order_relaxed);
}

void runs_insert(struct runs *runs, struct slice *first, size_t count)
{
    uint32_t freed_at = (uint32_t)os_clock_ms();
    size_t largest_count = count; // of its parts, the largest gives the run its age
    runs->dirty_count += pool_dirty_count(first, count);
    struct slice *before = run_before(runs, first);
    if (before != NULL) {
        if (before->slice_count > largest_count) {
            largest_count = before->slice_count;
            freed_at = before->freed_at;
        }
        count += before->slice_count;
        unlink_run(runs, before);
        first = before;
    }
    struct slice *after = first + count;
    bool can_merge = is_in_pool(after) && slice_heap(after) == runs->owner &&
                     slice_kind(after) == SLICE_FREE &&
                     (after->flags & (SLICE_FLAG_REGION_START | SLICE_FLAG_FRESH)) == runs->flag;
    if (can_merge) {
        freed_at = after->slice_count > largest_count ? after->freed_at : freed_at;
        count += after->slice_count;
        unlink_run(runs, after);
    }
    link_run(runs, first, count, freed_at);
}

void runs_remove(struct runs *runs, struct slice *first)
{
    runs->dirty_count -= pool_dirty_count(first, first->slice_count);
    unlink_run(runs, first);
}

// Takes `count` slices from `offset` on out of a free run and puts the rest back.
static struct slice *split_run(struct runs *runs, struct slice *run, size_t offset, size_t count)
{
    size_t total = run->slice_count;
    uint32_t freed_at = run->freed_at;
    unlink_run(runs, run);
    runs->dirty_count -= pool_dirty_count(run + offset, count);
    if (offset > 0) {
        link_run(runs, run, offset, freed_at);
    }
    if (offset + count < total) {
        link_run(runs, run + offset + count, total - offset - count, freed_at);
    }
    return run + offset;
}

// Slices to skip until one starts at a multiple of `alignment`.
static size_t slices_to_alignment(const struct slice *slice, size_t alignment)
{
    uintptr_t address = slice_address(slice);
    return (bits_round_up(address, alignment) - address) >> SLICE_SHIFT;
}

AT_START struct slice *runs_take_aligned(struct runs *runs, size_t count, size_t alignment)
{
    if (size_log_of(count) >= RUN_SIZE_COUNT) {
        return NULL;
    }
    unsigned attempts = alignment > SLICE_SIZE ? FIT_ATTEMPTS_ALIGNED : FIT_ATTEMPTS;
    uint32_t sizes = runs->sizes & ~((1u << size_log_of(count)) - 1);
    for (; sizes != 0; sizes &= sizes - 1) {
        struct slice *best = NULL;
        uint32_t number = runs->heads[bits_lowest(sizes)];
        for (unsigned i = 0; number != 0 && i < attempts; i++, number = slice_at(number)->next) {
            struct slice *run = slice_at(number);
            size_t needed = count + slices_to_alignment(run, alignment);
            if (run->slice_count >= needed &&
                (best == NULL || run->slice_count < best->slice_count)) {
                best = run;
            }
        }
        if (best != NULL) {
            return split_run(runs, best, slices_to_alignment(best, alignment), count);
        }
    }
    return NULL;
}

bool runs_take_at(struct runs *runs, struct slice *first, size_t count)
{
    bool is_free_run =
        is_in_pool(first) && slice_heap(first) == runs->owner && slice_kind(first) == SLICE_FREE &&
        (first->flags & (SLICE_FLAG_REGION_START | SLICE_FLAG_FRESH)) == runs->flag &&
        first->slice_count >= count;
    if (!is_free_run) {
        return false;
    }
    split_run(runs, first, 0, count);
    return true;
}

uint32_t runs_purge(struct runs *runs, uint64_t age_ms)
{
    uint32_t now = (uint32_t)os_clock_ms();
    uint32_t purged_count = 0;
    for (uint32_t sizes = runs->sizes; sizes != 0; sizes &= sizes - 1) {
        uint32_t number = runs->heads[bits_lowest(sizes)];
        for (; number != 0; number = slice_at(number)->next) {
            struct slice *run = slice_at(number);
            if ((uint32_t)(now - run->freed_at) >= age_ms) {
                purged_count += pool_purge_slices(run, run->slice_count);
            }
        }
    }
    runs->dirty_count -= purged_count;
    return purged_count;
}
