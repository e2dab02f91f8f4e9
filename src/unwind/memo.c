// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "unwind/memo.h"

#include "base/bits.h"
#include "unwind/stack_depot.h"

#include <string.h>

size_t unwind_memo_size(void)
{
    return sizeof(struct unwind_memo);
}

// ---- Begin --------------------------------------------------------------------------------------

// Stacks go with the steps that they end with.
static void forget_all(struct unwind_memo *memo)
{
    memset(memo->ids, 0, sizeof(memo->ids));
    memo->count = 0;
    memo->module_count = 0;
    memo->is_complete = false;
    memo->is_worn = false;
    if (memo->last_id > UINT32_MAX / 2) {
        memset(memo->stacks, 0, sizeof(memo->stacks));
        memo->last_id = 0;
    }
}

static void begin_anew(struct unwind_memo *memo, uint32_t generation, uint32_t capacity)
{
    memo->generation = generation;
    memo->capacity = capacity;
    for (uint32_t i = 0; i < MEMO_HEADS; i++) {
        memo->heads[i] = (struct memo_head){.reach = UINT32_MAX};
    }
    memo->states[MEMO_STEPS_MAX].sp = UINTPTR_MAX;
    for (uint32_t i = MEMO_STEPS_MAX; i < MEMO_STEPS_MAX + MEMO_UNROLLED; i++) {
        memo->places[i] = (uintptr_t)&memo->nothing;
    }
    forget_all(memo);
}

static bool are_modules_there(const struct unwind_memo *memo)
{
    for (uint32_t i = 0; i < memo->module_count; i++) {
        const struct module_range *known = &memo->modules[i];
        struct module_range now;
        if (!modules_verify(known->start, &now) || now.start != known->start ||
            now.end != known->end) {
            return false;
        }
    }
    return modules_generation() == memo->generation;
}

static void wear(struct unwind_memo *memo)
{
    memo->is_worn = true;
    memo->walks_left = 0;
}

void memo_renew(struct unwind_memo *memo, uint32_t generation, uint32_t capacity)
{
    memo->walks_left = MEMO_WALKS - 1;
    if (memo->generation != generation || memo->capacity != capacity) {
        begin_anew(memo, generation, capacity);
    } else if (!are_modules_there(memo)) {
        begin_anew(memo, modules_generation(), capacity);
    } else if (memo->is_worn || memo->last_id > UINT32_MAX / 2) {
        forget_all(memo);
    }
}

bool memo_has_module(const struct unwind_memo *memo, uintptr_t pc)
{
    for (uint32_t i = 0; i < memo->module_count; i++) {
        if (pc >= memo->modules[i].start && pc < memo->modules[i].end) {
            return true;
        }
    }
    return false;
}

void memo_add_module(struct unwind_memo *memo, const struct module_range *range)
{
    if (memo->module_count < MEMO_MODULES) {
        memo->modules[memo->module_count++] = *range;
    }
    if (memo->module_count == MEMO_MODULES) {
        wear(memo);
    }
}

// ---- What holds ---------------------------------------------------------------------------------

uint32_t memo_held(const struct unwind_memo *memo, uint32_t top, uint32_t end)
{
    uint32_t held = top;
    while (held < end && arch_load(memo->places[held]) == memo->addresses[held]) {
        held++;
    }
    uint32_t last = MEMO_STEPS_MAX - memo->saved_counts[held];
    for (uint32_t i = MEMO_STEPS_MAX - memo->saved_counts[top]; i < last; i++) {
        const struct memo_saved *saved = &memo->saved[i];
        if (UNLIKELY(memo_hide(arch_load(saved->place)) != saved->hidden_word)) {
            return memo->saved_steps[i] + 1U; // it leads to its caller, but with another bp
        }
    }
    return held;
}

// ---- Steps --------------------------------------------------------------------------------------

// Whether bp matters in front of a step, if it does behind.
static bool needs_bp(const struct memo_step *step, bool matters)
{
    return step->uses_bp != 0 || (step->bp_place == 0 && matters);
}

static void keep_step(struct unwind_memo *memo, uint32_t at, const struct memo_step *step)
{
    bool is_outermost = at + 1 == MEMO_STEPS_MAX;
    // Where the walk was cut nobody knows what comes next.
    bool matters = is_outermost ? !memo->is_complete : (memo->flags[at + 1] & MEMO_NEEDS_BP) != 0;
    uint32_t saved_count = is_outermost ? 0 : memo->saved_counts[at + 1];
    if (step->bp_place != 0 && matters) {
        saved_count++;
        uint32_t place = MEMO_STEPS_MAX - saved_count;
        memo->saved[place] = (struct memo_saved){step->bp_place, step->hidden_word};
        memo->saved_steps[place] = (uint16_t)at;
    }
    memo->saved_counts[at] = (uint16_t)saved_count;
    memo->flags[at] = (uint8_t)(step->uses_bp | (needs_bp(step, matters) ? MEMO_NEEDS_BP : 0));
    memo->places[at] = step->place;
    memo->bp_places[at] = step->bp_place;
    memo->ids[at] = ++memo->last_id;
    memo->sums[at] = stack_depot_add(memo->sums[at + 1], memo->addresses[at]);
}

// The states of this walk's steps from `skipped` on go to `states`.
static void make_states(const struct memo_use *use, const uintptr_t *addresses, uint32_t skipped,
    struct memo_state *states)
{
    struct memo_state state = use->begin;
    for (uint32_t i = 0; i < use->fresh_count; i++) {
        const struct memo_step *step = &use->memo->fresh[i];
        if (i >= skipped) {
            states[i - skipped] = state;
        }
        state.pc = addresses[i] - 1;
        state.sp = step->place + sizeof(uintptr_t);
        state.hidden_bp = step->bp_place == 0 ? state.hidden_bp : step->hidden_word;
    }
}

// Keeps the outer `count` of this walk's steps in front of `top`; `addresses` has what all of them
// found.  Returns the first one's place.
static uint32_t keep(struct memo_use *use, const uintptr_t *addresses, uint32_t count)
{
    struct unwind_memo *memo = use->memo;
    const uint32_t before = MEMO_STEPS_MAX - memo->count;
    const uint32_t skipped = use->fresh_count - count;
    if (use->top == MEMO_STEPS_MAX) {
        memo->is_complete = use->is_complete;
    }
    const uint32_t first = use->top - count;
    make_states(use, addresses, skipped, memo->states + first);
    for (uint32_t i = count; i-- > 0;) {
        memo->addresses[first + i] = addresses[skipped + i];
        keep_step(memo, first + i, &memo->fresh[skipped + i]);
    }
    for (uint32_t i = before; i < first; i++) {
        memo->ids[i] = 0; // these led to the steps that were replaced
    }
    memo->count = MEMO_STEPS_MAX - first;
    return first;
}

// ---- Stacks -------------------------------------------------------------------------------------

// The sum of the addresses of [first, end).
static uint64_t sum_of(const struct unwind_memo *memo, uint32_t first, uint32_t end)
{
    uint64_t sum = memo->sums[first];
    return end == MEMO_STEPS_MAX ? sum : sum - memo->sums[end] * stack_depot_power(end - first);
}

static bool add_word(struct memo_stack *stack, uintptr_t place, uintptr_t hidden_word)
{
    intptr_t offset = (intptr_t)(place - stack->sp);
    if (stack->word_count == MEMO_WORDS || offset != (int32_t)offset) {
        return false;
    }
    stack->offsets[stack->word_count] = (int32_t)offset;
    stack->hidden_words[stack->word_count++] = hidden_word;
    return true;
}

// Makes a stack of so many steps of this walk, the innermost ones, before the step `first`.
// False: they do not find room in it.
static bool make_words(struct memo_stack *stack, const struct unwind_memo *memo, uint32_t first,
    const uintptr_t *addresses, uint32_t count)
{
    bool matters = (memo->flags[first] & MEMO_NEEDS_BP) != 0;
    stack->word_count = 0;
    if (count > MEMO_WORDS) {
        return false;
    }
    for (uint32_t i = count; i-- > 0;) {
        const struct memo_step *step = &memo->fresh[i];
        if (!add_word(stack, step->place, memo_hide(addresses[i])) ||
            (step->bp_place != 0 && matters &&
                !add_word(stack, step->bp_place, step->hidden_word))) {
            return false;
        }
        matters = needs_bp(step, matters);
    }
    stack->needs_bp = matters;
    while (stack->word_count % MEMO_UNROLLED != 0) {
        stack->offsets[stack->word_count] = stack->offsets[0];
        stack->hidden_words[stack->word_count++] = stack->hidden_words[0];
    }
    return true;
}

// An empty way, or one whose steps are gone; else one in turn.
static struct memo_stack *choose_way(struct unwind_memo *memo, struct memo_stack *set)
{
    for (uint32_t way = 0; way < MEMO_WAYS; way++) {
        if (set[way].sp == 0 || memo->ids[set[way].first] != set[way].id) {
            return &set[way];
        }
    }
    return &set[memo->way_turn++ % MEMO_WAYS];
}

// For small counts.
ALWAYS_INLINE void copy_words(uintptr_t *to, const uintptr_t *from, size_t count)
{
    size_t i = 0;
    for (; i + MEMO_UNROLLED <= count; i += MEMO_UNROLLED) {
        memcpy(to + i, from + i, MEMO_UNROLLED * sizeof(to[0]));
    }
    for (; i < count; i++) {
        to[i] = from[i];
    }
}

// ---- End ----------------------------------------------------------------------------------------

// How a stack is made up: `own` frames, and the steps [first, end).
struct parts {
    size_t own;
    uint32_t first;
    uint32_t end;
};

static struct parts divide(const struct unwind_memo *memo, size_t own, uint32_t first)
{
    own = size_min(own, memo->capacity);
    size_t count = size_min(memo->capacity - own, MEMO_STEPS_MAX - first);
    return (struct parts){.own = own, .first = first, .end = first + (uint32_t)count};
}

// Completes the frames. Returns the stack's number.
static uint32_t put(const struct unwind_memo *memo, const struct parts *parts, uintptr_t *frames)
{
    size_t rest = parts->end - parts->first;
    uint64_t sum = rest > 0 ? sum_of(memo, parts->first, parts->end) : 0;
    for (size_t i = parts->own; i-- > 0;) {
        sum = stack_depot_add(sum, frames[i]);
    }
    copy_words(frames + parts->own, memo->addresses + parts->first, rest);
    return stack_depot_put_summed(frames, parts->own + rest, sum);
}

// Whether the steps of this walk lead from the caller to `top` without a gap.
static bool is_chain(const struct memo_use *use, size_t count)
{
    return count == use->fresh_count + (size_t)1;
}

// How many of this walk's steps are to be kept, the outer ones; the others are the stack's own.
// `stack` has these if there are none to be kept.
static uint32_t choose_kept(
    struct memo_use *use, struct memo_stack *stack, const uintptr_t *frames, size_t count)
{
    struct unwind_memo *memo = use->memo;
    uint32_t fresh = use->fresh_count;
    if (!use->is_found || !is_chain(use, count) || (fresh > 0 && ++memo->turn % MEMO_TURNS == 0)) {
        return fresh;
    }
    if (count < memo->capacity && make_words(stack, memo, use->top, frames + 1, fresh)) {
        return 0;
    }
    return fresh > MEMO_INNER && memo->capacity > MEMO_INNER + 1 ? fresh - MEMO_INNER : fresh;
}

// Whether the stack is the same as long as its words are.
static bool is_determined(const struct unwind_memo *memo, const struct parts *parts)
{
    bool is_cut = parts->own + (parts->end - parts->first) == memo->capacity;
    return parts->first < parts->end && (is_cut || memo->is_complete);
}

// The walk's steps are a chain, of which `kept` have been kept.
static void complete(struct memo_stack *stack, const struct memo_use *use,
    const struct memo_begin *begin, const struct parts *parts, uint32_t kept,
    const uintptr_t *frames)
{
    const struct unwind_memo *memo = use->memo;
    uint32_t own = use->fresh_count - kept;
    if (is_determined(memo, parts) &&
        (kept == 0 || make_words(stack, memo, parts->first, frames + 1, own))) {
        stack->caller = begin->caller;
        stack->hidden_bp = memo_hide(begin->bp);
        stack->id = memo->ids[parts->first];
        stack->first = (uint16_t)parts->first;
        stack->end = (uint16_t)parts->end;
    } else {
        stack->number = 0;
    }
}

uint32_t memo_close(
    struct memo_use *use, const struct memo_begin *begin, uintptr_t *frames, size_t count)
{
    struct unwind_memo *memo = use->memo;
    struct memo_stack *stack = choose_way(memo, memo_set(memo, begin));
    stack->sp = begin->sp;
    use->top = use->is_found ? use->top : MEMO_STEPS_MAX;
    uint32_t kept = choose_kept(use, stack, frames, count);
    bool has_room = kept <= use->top;
    uint32_t first = use->top;
    if (!has_room) {
        wear(memo);
        kept = 0;
    } else if (kept > 0) {
        first = keep(use, frames + count - use->fresh_count, kept);
    }
    const struct parts parts = divide(memo, count - kept, first);
    uint32_t number = put(memo, &parts, frames);
    stack->number = has_room && is_chain(use, count) ? number : 0;
    if (stack->number != 0) {
        complete(stack, use, begin, &parts, kept, frames);
    }
    if (stack->number == 0) {
        stack->sp = 0;
    }
    return number;
}
