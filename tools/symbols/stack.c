// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "cli/memory.h"
#include "symbols/internal.h"

#include <string.h>

static const struct symbol_stack unknown_stack;

/// How many frames a stack has when those that were inlined count.
static size_t count_frames(struct symbols *symbols, const uint64_t *addresses, size_t count)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        const struct symbol_frame *frames = NULL;
        total += symbols_find(symbols, addresses[i], true, &frames);
    }
    return total;
}

/// Sets which frames are shown.
static void set_bounds(struct symbol_stack *stack)
{
    stack->end = stack->count;
    while (stack->end > 1 && stack->frames[stack->end - 1]->is_start) {
        stack->end--;
    }
    while (stack->first < stack->end && stack->frames[stack->first]->is_allocator) {
        stack->first++;
    }
    if (stack->first == stack->end) {
        stack->first = 0;
    }
    stack->site = stack->first;
    while (stack->site < stack->end && stack->frames[stack->site]->is_system) {
        stack->site++;
    }
    if (stack->site == stack->end) {
        stack->site = stack->first;
    }
}

static uint64_t hash_stack(const struct symbol_stack *stack)
{
    uint64_t hash = TEXT_HASH_START;
    for (size_t i = stack->first; i < stack->end && i - stack->first < SYMBOLS_HASH_FRAMES; i++) {
        hash = text_hash(hash, &stack->frames[i]->hash, sizeof(stack->frames[i]->hash));
    }
    // The first digits are what is shown: all bits shall count for them.
    hash ^= hash >> 32;
    hash *= UINT64_C(0x9E3779B97F4A7C15);
    hash ^= hash >> 29;
    return hash != 0 ? hash : 1;
}

static const struct symbol_stack *make_stack(struct symbols *symbols, uint32_t number)
{
    size_t address_count = 0;
    const uint64_t *addresses = image_frames(symbols->image, number, &address_count);
    if (addresses == NULL || address_count == 0) {
        return &unknown_stack;
    }
    struct symbol_stack *stack = text_pool_allocate(&symbols->pool, sizeof(*stack));
    size_t total = count_frames(symbols, addresses, address_count);
    const struct symbol_frame **frames =
        text_pool_allocate(&symbols->pool, total * sizeof(*frames));
    for (size_t i = 0; i < address_count; i++) {
        const struct symbol_frame *found = NULL;
        size_t count = symbols_find(symbols, addresses[i], true, &found);
        for (size_t j = 0; j < count; j++) {
            frames[stack->count++] = &found[j];
        }
    }
    stack->frames = frames;
    set_bounds(stack);
    stack->hash = hash_stack(stack);
    return stack;
}

static void make_room(struct symbols *symbols, uint32_t number)
{
    size_t capacity =
        symbols->image->stack_count > number ? symbols->image->stack_count : (size_t)number + 1;
    symbols->stacks = must_resize(symbols->stacks, capacity, sizeof(*symbols->stacks));
    memset(symbols->stacks + symbols->stack_capacity, 0,
        (capacity - symbols->stack_capacity) * sizeof(*symbols->stacks));
    symbols->stack_capacity = capacity;
}

const struct symbol_stack *symbols_stack(struct symbols *symbols, uint32_t stack)
{
    if (stack == 0 || stack >= symbols->image->stack_count) {
        return &unknown_stack;
    }
    if (stack >= symbols->stack_capacity) {
        make_room(symbols, stack);
    }
    if (symbols->stacks[stack] == NULL) {
        symbols->stacks[stack] = make_stack(symbols, stack);
    }
    return symbols->stacks[stack];
}

const struct symbol_frame *symbols_site(struct symbols *symbols, uint32_t stack)
{
    const struct symbol_stack *found = symbols_stack(symbols, stack);
    return found->count > 0 ? found->frames[found->site] : NULL;
}
