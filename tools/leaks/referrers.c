// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "leaks/referrers.h"

#include "cli/memory.h"

#include <stdlib.h>

// What is looked for at one level.
struct level {
    struct referrers *referrers;
    const struct leaks_search *search;
    uint8_t *is_wanted; // by block: 1 on this level, 2 on an earlier one
    uint32_t number;
    bool has_address; // words that are an address which lies in no block
};

static void keep(struct level *level, const struct reach_pointer *pointer, uint32_t target)
{
    struct referrers *referrers = level->referrers;
    referrers->direct_count += level->number == 1;
    if (referrers->count == REFERRERS_MAX) {
        referrers->is_cut = true;
        return;
    }
    referrers->items = must_grow(
        referrers->items, referrers->count, &referrers->capacity, sizeof(*referrers->items));
    referrers->items[referrers->count++] =
        (struct referrer){.pointer = *pointer, .target = target, .level = level->number};
}

static bool note(const struct reach_pointer *pointer, void *context)
{
    struct level *level = context;
    if (level->has_address) {
        keep(level, pointer, REACH_NO_BLOCK);
        return true;
    }
    const uint32_t target = reach_block_at(&level->search->input, pointer->value);
    if (target != REACH_NO_BLOCK && level->is_wanted[target] == 1) {
        keep(level, pointer, target);
    }
    return true;
}

// From the first to the last wanted block.
static struct reach_range hull_of(const struct level *level)
{
    const struct reach_input *input = &level->search->input;
    struct reach_range hull = {UINT64_MAX, 0};
    for (size_t i = 0; i < input->block_count; i++) {
        if (level->is_wanted[i] == 1) {
            const struct reach_block block = reach_block_of(input, i);
            hull.start = block.start < hull.start ? block.start : hull.start;
            hull.end = block.start + (block.size == 0 ? 1 : block.size);
        }
    }
    return hull;
}

// The blocks that were found last are wanted next. False: there are none.
static bool begin_next(struct level *level, size_t first)
{
    bool is_any = false;
    for (size_t i = 0; i < level->search->input.block_count; i++) {
        level->is_wanted[i] = level->is_wanted[i] != 0 ? 2 : 0;
    }
    for (size_t i = first; i < level->referrers->count; i++) {
        const uint32_t block = level->referrers->items[i].pointer.block;
        if (block != REACH_NO_BLOCK && level->is_wanted[block] == 0) {
            level->is_wanted[block] = 1;
            is_any = true;
        }
    }
    level->has_address = false;
    level->number++;
    return is_any;
}

static int compare(const void *a, const void *b)
{
    const struct referrer *left = a;
    const struct referrer *right = b;
    if (left->target != right->target) {
        return left->target < right->target ? -1 : 1;
    }
    // Roots first, as they were found.
    const bool is_left_root = left->pointer.block == REACH_NO_BLOCK;
    const bool is_right_root = right->pointer.block == REACH_NO_BLOCK;
    if (is_left_root != is_right_root) {
        return is_left_root ? -1 : 1;
    }
    if (left->pointer.root != right->pointer.root) {
        return left->pointer.root < right->pointer.root ? -1 : 1;
    }
    return left->pointer.address < right->pointer.address
               ? -1
               : left->pointer.address > right->pointer.address;
}

bool referrers_find(struct referrers *referrers, const struct leaks_search *search, uint32_t block,
    uint64_t address, uint32_t depth)
{
    *referrers = (struct referrers){0};
    struct level level = {
        .referrers = referrers,
        .search = search,
        .is_wanted = must_allocate(search->input.block_count + 1, 1),
        .number = 1,
        .has_address = block == REACH_NO_BLOCK,
    };
    if (block != REACH_NO_BLOCK) {
        level.is_wanted[block] = 1;
    }
    bool is_done = true;
    bool has_more = true;
    while (is_done && has_more && level.number <= depth) {
        const size_t first = referrers->count;
        const struct reach_range target =
            level.has_address ? (struct reach_range){address, address + 1} : hull_of(&level);
        is_done = reach_find_pointers(&search->input, target, note, &level);
        has_more = begin_next(&level, first);
    }
    free(level.is_wanted);
    if (!is_done) {
        referrers_release(referrers);
    } else if (referrers->count > 0) {
        qsort(referrers->items, referrers->count, sizeof(*referrers->items), compare);
    }
    return is_done;
}

void referrers_release(struct referrers *referrers)
{
    free(referrers->items);
    *referrers = (struct referrers){0};
}

const struct referrer *referrers_of(
    const struct referrers *referrers, uint32_t target, size_t *count)
{
    size_t first = 0;
    size_t end = referrers->count;
    while (first < end) {
        const size_t middle = first + (end - first) / 2;
        if (referrers->items[middle].target < target) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    *count = 0;
    while (first + *count < referrers->count && referrers->items[first + *count].target == target) {
        (*count)++;
    }
    return referrers->items == NULL ? NULL : &referrers->items[first];
}

const struct leaks_root *root_of_pointer(
    const struct leaks_search *search, uint32_t block, uint32_t root, uint64_t address)
{
    if (block != REACH_NO_BLOCK) {
        return NULL;
    }
    const size_t word = root == search->input.root_count ? address : 0;
    return &search->roots[root + word];
}
