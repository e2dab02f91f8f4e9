// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * What a recorded process has allocated and freed, added up by stack.
 *
 * Events may be added in any order: a free says which stack had allocated.  So a count of live
 * blocks may be below zero for a moment; it is right when all events are in.
 */
#ifndef RUN_COUNTS_H
#define RUN_COUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tally {
    uint64_t allocated_count;
    uint64_t allocated_size;
    uint64_t freed_count;
    uint64_t freed_size;
    uint64_t temporary_count; ///< freed before the thread had allocated anything else
    uint64_t lifetime_ns;     ///< sum over the freed
};

struct stack_count {
    uint32_t stack;          ///< number in the process's depot
    uint32_t file_stack;     ///< number in the capture; 0: it has none yet
    bool is_changed;         ///< in this interval
    struct tally now;        ///< in this interval
    struct tally before;     ///< up to it
    uint32_t allocated_rest; ///< sampling: parts of a block that are not counted yet
    uint32_t freed_rest;
};

enum {
    SIZE_GROUPS = 64 * 4, ///< of sizes: four for each power of two
};

struct size_count {
    uint64_t allocated_count;
    uint64_t allocated_size;
    uint64_t freed_count;
};

struct counts {
    struct stack_count *items;
    size_t count;
    size_t capacity;
    uint32_t *changed; ///< indexes of items that have changed in this interval
    size_t changed_count;
    size_t changed_capacity;
    uint32_t **pages; ///< by number of the stack: index of its item + 1
    size_t page_count;
    struct size_count sizes[SIZE_GROUPS];
    struct tally now; ///< all stacks
    struct tally before;
    uint64_t event_count;
    int64_t live_count; ///< may be below zero for a moment
    int64_t live_size;
    int64_t interval_peak_size;
    uint64_t interval_peak_ns;
    uint64_t now_ns; ///< set by who adds events
    int64_t peak_size;
    int64_t peak_count;
    uint64_t interval; ///< sampling: bytes; 0: every event is told
};

/// @param stack_limit  numbers of stacks are below
void counts_init(struct counts *counts, uint32_t stack_limit, uint64_t sample_interval);
void counts_release(struct counts *counts);

/// Adds an event. Numbers of stacks that cannot be count as 0.
void counts_add_allocated(struct counts *counts, uint32_t stack, uint64_t size);
void counts_add_freed(
    struct counts *counts, uint32_t stack, uint64_t size, uint64_t age_ns, bool is_temporary);

/// Ends the interval: what was counted in it goes to what was before.
void counts_end_interval(struct counts *counts);

/// The smallest and the largest size of a group.
uint64_t size_group_min(size_t group);
uint64_t size_group_max(size_t group);

#endif
