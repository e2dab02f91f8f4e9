// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "unwind/memo.h"

#include "unwind/stack_depot.h"

#include <string.h>

enum {
    UNROLLED = 4, // words that are compared at once
};

size_t unwind_memo_size(void)
{
    return sizeof(struct unwind_memo);
}

// ---- Begin --------------------------------------------------------------------------------------

// 0 is no version: after billions of changes it is left out.
static void change(struct unwind_memo *memo)
{
    memo->version += memo->version == UINT32_MAX ? 2 : 1;
}

static void forget_all(struct unwind_memo *memo)
{
    change(memo);
    memo->count = 0;
    memo->is_complete = false;
    memo->has_transient = false;
}

// Steps of modules that may have gone, and all further in.
static void forget_transient(struct unwind_memo *memo)
{
    change(memo);
    uint32_t first = MEMO_STEPS_MAX;
    while (first > MEMO_STEPS_MAX - memo->count && (memo->flags[first - 1] & MEMO_TRANSIENT) == 0) {
        first--;
    }
    memo->count = MEMO_STEPS_MAX - first;
    memo->is_complete &= memo->count > 0;
    memo->has_transient = false;
}

void memo_renew(struct unwind_memo *memo, uint32_t generation, uint32_t capacity)
{
    if (memo->generation != generation || memo->capacity != capacity) {
        memo->generation = generation;
        memo->capacity = capacity;
        for (uint32_t i = 0; i < MEMO_HEADS; i++) {
            memo->heads[i] = (struct memo_head){.reach = UINT32_MAX};
        }
        memo->states[MEMO_STEPS_MAX].sp = UINTPTR_MAX;
        forget_all(memo);
    }
    memo->walks_left = MEMO_WALKS - 1;
    memo->verified = (struct module_range){0};
    if (memo->has_transient) {
        forget_transient(memo);
    }
}

void unwind_memo_done(struct unwind_memo *memo)
{
    COMPILER_BARRIER();
    memo->is_in_use = false;
}

// ---- What holds ---------------------------------------------------------------------------------

static uint32_t held_addresses(const struct unwind_memo *memo, uint32_t top, uint32_t end)
{
    const uintptr_t *places = memo->places;
    const uintptr_t *addresses = memo->addresses;
    uint32_t i = top;
    for (; i + UNROLLED <= end; i += UNROLLED) {
        uintptr_t differ = arch_load(places[i]) ^ addresses[i];
        differ |= arch_load(places[i + 1]) ^ addresses[i + 1];
        differ |= arch_load(places[i + 2]) ^ addresses[i + 2];
        differ |= arch_load(places[i + 3]) ^ addresses[i + 3];
        if (UNLIKELY(differ != 0)) {
            break;
        }
    }
    while (i < end && arch_load(places[i]) == addresses[i]) {
        i++;
    }
    return i;
}

uint32_t memo_held(const struct unwind_memo *memo, uint32_t top, uint32_t end)
{
    uint32_t held = held_addresses(memo, top, end);
    uint32_t last = MEMO_STEPS_MAX - memo->saved_counts[held];
    for (uint32_t i = MEMO_STEPS_MAX - memo->saved_counts[top]; i < last; i++) {
        const struct memo_saved *saved = &memo->saved[i];
        if (UNLIKELY(arch_load(saved->place) != saved->word)) {
            return memo->saved_steps[i] + 1U; // it leads to its caller, but with another bp
        }
    }
    return held;
}

// ---- End ----------------------------------------------------------------------------------------

static void keep_step(struct unwind_memo *memo, uint32_t at, const struct memo_step *step)
{
    bool is_outermost = at + 1 == MEMO_STEPS_MAX;
    // Where the walk was cut nobody knows what comes next.
    bool matters = is_outermost ? !memo->is_complete : (memo->flags[at + 1] & MEMO_NEEDS_BP) != 0;
    bool is_saved = step->bp_place != 0;
    uint32_t saved_count = is_outermost ? 0 : memo->saved_counts[at + 1];
    if (is_saved && matters) {
        saved_count++;
        uint32_t place = MEMO_STEPS_MAX - saved_count;
        memo->saved[place] = (struct memo_saved){step->bp_place, step->bp_word};
        memo->saved_steps[place] = (uint16_t)at;
    }
    bool needs_bp = (step->flags & MEMO_USES_BP) != 0 || (!is_saved && matters);
    memo->saved_counts[at] = (uint16_t)saved_count;
    memo->flags[at] = (uint8_t)(step->flags | (needs_bp ? MEMO_NEEDS_BP : 0));
    memo->has_transient |= (step->flags & MEMO_TRANSIENT) != 0;
    memo->states[at] = step->state;
    memo->places[at] = step->place;
    memo->bp_places[at] = step->bp_place;
    memo->numbers[at] = 0;
    memo->sums[at] = stack_depot_add(memo->sums[at + 1], memo->addresses[at]);
}

// Keeps this walk's steps in front of `top`. Returns the first one's place.
static uint32_t keep_fresh(struct memo_use *use, const uintptr_t *addresses)
{
    struct unwind_memo *memo = use->memo;
    uint32_t top = use->top;
    change(memo);
    if (top == MEMO_STEPS_MAX) {
        memo->is_complete = use->is_complete;
        memo->has_transient = false;
    }
    for (uint32_t i = use->fresh_count; i-- > 0;) {
        memo->addresses[--top] = addresses[i];
        keep_step(memo, top, &memo->fresh[i]);
    }
    memo->count = MEMO_STEPS_MAX - top;
    return top;
}

// The sum of the addresses of [first, end).
static uint64_t sum_of(const struct unwind_memo *memo, uint32_t first, uint32_t end)
{
    uint64_t sum = memo->sums[first];
    return end == MEMO_STEPS_MAX ? sum : sum - memo->sums[end] * stack_depot_power(end - first);
}

// For small counts.
ALWAYS_INLINE void copy_words(uintptr_t *to, const uintptr_t *from, size_t count)
{
    size_t i = 0;
    for (; i + UNROLLED <= count; i += UNROLLED) {
        memcpy(to + i, from + i, UNROLLED * sizeof(to[0]));
    }
    for (; i < count; i++) {
        to[i] = from[i];
    }
}

// Where the steps begin that the stack ends with: those that were taken over, and new ones.
static uint32_t keep(struct memo_use *use, const uintptr_t *frames, size_t count)
{
    if (use->fresh_count == 0) {
        return use->top;
    }
    if (use->fresh_count > use->top) {
        forget_all(use->memo); // no room; the next walk begins anew
        return use->top;
    }
    return keep_fresh(use, frames + count - use->fresh_count);
}

static bool is_stack(const struct memo_stack *known, uint32_t version, uint32_t first,
    const uintptr_t *frames, size_t count)
{
    if (known->version != version || known->first != first || known->count != count) {
        return false;
    }
    uintptr_t differ = 0;
    for (size_t i = 0; i < count; i++) {
        differ |= known->frames[i] ^ frames[i];
    }
    return differ == 0;
}

// Where the number of the stack is noted that has a few frames of its own in front of the step
// `first`; NULL: nowhere.  Steps of the same version are the same.
static uint32_t *find_number(
    struct unwind_memo *memo, uint32_t first, const uintptr_t *frames, size_t count)
{
    if (count == 1) {
        return &memo->numbers[first];
    }
    if (count > MEMO_OWN_MAX) {
        return NULL;
    }
    uint64_t sum = first;
    for (size_t i = 0; i < count; i++) {
        sum = (sum ^ frames[i]) * STACK_DEPOT_FACTOR;
    }
    struct memo_stack *known = &memo->stacks[(sum >> 32) % MEMO_STACKS];
    if (!is_stack(known, memo->version, first, frames, count)) {
        known->version = memo->version;
        known->first = (uint16_t)first;
        known->count = (uint16_t)count;
        known->number = 0;
        copy_words(known->frames, frames, count);
    }
    return &known->number;
}

void memo_close(struct memo_use *use, uintptr_t *frames, size_t count, struct unwind_stack *stack)
{
    struct unwind_memo *memo = use->memo;
    bool is_taken = use->end > use->top;
    use->top = is_taken ? use->top : MEMO_STEPS_MAX;
    uint32_t end = is_taken ? use->end : MEMO_STEPS_MAX;
    uint32_t first = keep(use, frames, count);
    size_t own = count - (use->top - first); // frames that are no step's
    memo->turn += own > 1 || first != use->top;
    stack->count = count + (end - use->top);
    stack->number = first < end ? find_number(memo, first, frames, own) : NULL;
    if (stack->number != NULL && *stack->number != 0) {
        return; // who has a number needs no more
    }
    uint64_t sum = sum_of(memo, first, end);
    for (size_t i = own; i-- > 0;) {
        sum = stack_depot_add(sum, frames[i]);
    }
    stack->sum = sum;
    copy_words(frames + count, memo->addresses + use->top, end - use->top);
}
