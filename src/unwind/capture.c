// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "base/bits.h"
#include "unwind/arch.h"
#include "unwind/bounds.h"
#include "unwind/memo.h"
#include "unwind/modules.h"
#include "unwind/rule_cache.h"
#include "unwind/unwind.h"

#include <string.h>

enum {
    SEARCH_DEPTH = 32, // frames among which the caller is looked for
    GUESS_DEPTH = 64,  // frames without information that are passed in one go
};

struct walk {
    uintptr_t *frames;
    size_t capacity;
    size_t count;
    uintptr_t sought; // the return address to begin with, 0: from the first one on
    size_t wanted;    // the capacity once it has been found
    uintptr_t pc;     // what is looked up: an address inside the instruction that was executed
    uintptr_t sp;
    uintptr_t bp;
    struct bounds bounds;
    struct module_range verified; // the module that has been looked at last
    bool is_full;                 // it ended where it needs all registers
};

// ---- Rules ------------------------------------------------------------------------------------

static uint64_t rule_of_row(enum cfi_status status, const struct cfi_row *row)
{
    switch (status) {
    case CFI_FOUND:
        return arch_rule(row);
    case CFI_MISSING:
        return rule_make(RULE_GUESS, 0, 0);
    default:
        return rule_make(RULE_STOP, 0, 0);
    }
}

COLD static uint64_t rule_find_slow(uintptr_t pc)
{
    uint32_t generation = modules_generation();
    struct module module;
    bool is_noted;
    if (!modules_find(pc, &module, &is_noted)) {
        return rule_make(RULE_UNKNOWN, 0, 0);
    }
    struct cfi_row row;
    uint64_t rule = rule_of_row(cfi_find(&module.image, pc, &row), &row);
    rule |= module.is_permanent ? 0 : RULE_TRANSIENT;
    if (is_noted) {
        rule_cache_store(rule_cache_key(pc, generation), rule);
    }
    return rule;
}

// A rule of a module that may have gone: another one's address may be the same.
static NOINLINE uint64_t rule_verify(uint64_t rule, uintptr_t pc, struct module_range *verified)
{
    if (pc >= verified->start && pc < verified->end) {
        return rule;
    }
    uint32_t generation = modules_generation();
    if (!modules_verify(pc, verified)) {
        return rule_make(RULE_UNKNOWN, 0, 0);
    }
    return modules_generation() == generation ? rule : rule_find_slow(pc);
}

ALWAYS_INLINE uint64_t rule_find(struct walk *walk, uintptr_t pc)
{
    uint64_t rule = rule_cache_find(rule_cache_key(pc, modules_generation()));
    if (UNLIKELY(rule == 0)) {
        return rule_find_slow(pc);
    }
    return UNLIKELY((rule & RULE_TRANSIENT) != 0) ? rule_verify(rule, pc, &walk->verified) : rule;
}

// ---- Frames -----------------------------------------------------------------------------------

// Stores an address. While the caller is looked for, frames are stored as if it would not be found.
// False: that was the last one.
ALWAYS_INLINE bool add_frame(struct walk *walk, uintptr_t address)
{
    if (UNLIKELY(address == 0)) {
        return false;
    }
    walk->frames[walk->count++] = address;
    if (UNLIKELY(address == walk->sought) && walk->count <= SEARCH_DEPTH) {
        walk->frames[0] = address;
        walk->count = 1;
        walk->capacity = walk->wanted;
        walk->sought = 0;
    }
    return walk->count < walk->capacity;
}

// ---- Steps ------------------------------------------------------------------------------------

// The caller's registers, from the CFA; `bp_base` is what the rule counts the place of bp from.
ALWAYS_INLINE bool leave_frame(struct walk *walk, uintptr_t cfa, uintptr_t bp_place)
{
    uintptr_t place = cfa - sizeof(uintptr_t);
    if (UNLIKELY(cfa <= walk->sp || !bounds_has_word(&walk->bounds, place))) {
        return false;
    }
    if (bp_place != 0) {
        if (UNLIKELY(!bounds_has_word(&walk->bounds, bp_place))) {
            return false;
        }
        walk->bp = arch_load(bp_place);
    }
    uintptr_t address = arch_load(place);
    walk->sp = cfa;
    walk->pc = address - 1; // a call that does not return may be its function's last instruction
    return add_frame(walk, address);
}

ALWAYS_INLINE bool step_usual(struct walk *walk, uint64_t rule, uintptr_t base)
{
    uintptr_t cfa = base + (uintptr_t)rule_cfa_offset(rule);
    intptr_t bp_offset = rule_bp_offset(rule);
    return leave_frame(walk, cfa, bp_offset == RULE_BP_SAME ? 0 : cfa + (uintptr_t)bp_offset);
}

static bool step_deref(struct walk *walk, uint64_t rule)
{
    uintptr_t place = walk->bp + (uintptr_t)rule_cfa_offset(rule);
    return bounds_has_word(&walk->bounds, place) &&
           leave_frame(walk, arch_load(place), walk->bp + (uintptr_t)rule_bp_offset(rule));
}

#if defined(__x86_64__)

// The kernel has stored the registers of an interrupted function, which may have another stack.
static bool step_signal(struct walk *walk, uint64_t rule)
{
    uintptr_t place = walk->sp + (uintptr_t)rule_cfa_offset(rule);
    if (!bounds_has_word(&walk->bounds, place + (uintptr_t)ARCH_SIGNAL_BP) ||
        !bounds_has_word(&walk->bounds, place + ARCH_SIGNAL_PC)) {
        return false;
    }
    walk->sp = arch_load(place);
    walk->bp = arch_load(place + (uintptr_t)ARCH_SIGNAL_BP);
    walk->pc = arch_load(place + ARCH_SIGNAL_PC); // itself: it has not been executed yet
    return bounds_open(&walk->bounds, walk->sp) && add_frame(walk, walk->pc);
}

#else

static bool step_signal(struct walk *walk, uint64_t rule)
{
    (void)walk;
    (void)rule;
    return false;
}

#endif

// Whether a module says how to go on from a return address.
static bool is_known_code(struct walk *walk, uintptr_t address)
{
    enum rule_kind kind = rule_kind(rule_find(walk, address - 1));
    return kind != RULE_UNKNOWN && kind != RULE_GUESS && kind != RULE_STOP;
}

// Code without information: follows frame pointers, and believes them when they lead to code that
// has some, or fill the caller's array.  Otherwise what was stored on the way is dropped.
static bool step_guess(struct walk *walk)
{
    struct walk before = *walk;
    for (unsigned i = 0; i < GUESS_DEPTH; i++) {
        uintptr_t frame = walk->bp;
        if (frame < walk->sp || frame % sizeof(uintptr_t) != 0 ||
            !bounds_has_word(&walk->bounds, frame) ||
            !leave_frame(walk, frame + 2 * sizeof(uintptr_t), frame)) {
            break;
        }
        if (is_known_code(walk, walk->pc + 1)) {
            return true;
        }
    }
    if (walk->count < walk->capacity || walk->sought != before.sought) {
        walk->count = before.count;
        walk->capacity = before.capacity;
        walk->sought = before.sought;
    }
    return false;
}

// Goes on to the next frame. False: the walk is over.
ALWAYS_INLINE bool step(struct walk *walk, uint64_t rule)
{
    switch (rule_kind(rule)) {
    case RULE_SP:
        return step_usual(walk, rule, walk->sp);
    case RULE_BP:
        return step_usual(walk, rule, walk->bp);
    case RULE_BP_DEREF:
        return step_deref(walk, rule);
    case RULE_SIGNAL:
        return step_signal(walk, rule);
    case RULE_GUESS:
    case RULE_UNKNOWN:
        return step_guess(walk);
    default:
        return false;
    }
}

// ---- All registers ----------------------------------------------------------------------------

// For stacks with a frame that needs more than sp and bp. Slower, and complete.
struct full_walk {
    struct walk walk;
    uintptr_t values[CFI_REGISTER_COUNT];
    bool is_known[CFI_REGISTER_COUNT];
};

static bool full_load(struct full_walk *full, uintptr_t place, uintptr_t *value)
{
    if (!bounds_has_word(&full->walk.bounds, place)) {
        return false;
    }
    *value = arch_load(place);
    return true;
}

static bool full_cfa(struct full_walk *full, const struct cfi_row *row, uintptr_t *cfa)
{
    if ((row->cfa != CFI_CFA_REGISTER && row->cfa != CFI_CFA_MEMORY) ||
        !full->is_known[row->cfa_register]) {
        return false;
    }
    *cfa = full->values[row->cfa_register] + (uintptr_t)(intptr_t)row->cfa_offset;
    if (row->cfa == CFI_CFA_REGISTER) {
        return true;
    }
    bool is_read = full_load(full, *cfa, cfa);
    *cfa += (uintptr_t)(intptr_t)row->cfa_second_offset;
    return is_read;
}

// The caller's value of one register; `before` has this frame's. False: unknown.
static bool full_register(const struct full_walk *before, struct full_walk *full, uintptr_t cfa,
    const struct cfi_register *reg, size_t number)
{
    uintptr_t offset = (uintptr_t)(intptr_t)reg->offset;
    uintptr_t *value = &full->values[number];
    size_t other = reg->other;
    switch ((enum cfi_where)reg->where) {
    case CFI_SAME:
        return before->is_known[number];
    case CFI_AT_CFA:
        return full_load(full, cfa + offset, value);
    case CFI_IS_CFA:
        *value = cfa + offset;
        return true;
    case CFI_IN_REGISTER:
    case CFI_IS_REGISTER:
        *value = before->values[other] + offset;
        return before->is_known[other];
    case CFI_AT_REGISTER:
        return before->is_known[other] && full_load(full, before->values[other] + offset, value);
    default:
        return false;
    }
}

static bool full_step(struct full_walk *full, const struct cfi_row *row)
{
    struct full_walk before = *full;
    uintptr_t cfa;
    size_t ra = row->return_register;
    if (!full_cfa(full, row, &cfa)) {
        return false;
    }
    for (size_t i = 0; i < CFI_REGISTER_COUNT; i++) {
        full->is_known[i] = full_register(&before, full, cfa, &row->registers[i], i);
    }
    if (row->registers[ARCH_SP].where == CFI_SAME) {
        full->values[ARCH_SP] = cfa;
        full->is_known[ARCH_SP] = true;
    }
    struct walk *walk = &full->walk;
    uintptr_t sp = full->values[ARCH_SP];
    if (!full->is_known[ra] || !full->is_known[ARCH_SP] || row->registers[ra].where == CFI_SAME ||
        (!row->is_signal && sp <= walk->sp) || !bounds_open(&walk->bounds, sp)) {
        return false;
    }
    walk->sp = sp;
    walk->bp = full->values[ARCH_BP];
    walk->pc = full->values[ra] - (row->is_signal ? 0 : 1);
    return add_frame(walk, full->values[ra]);
}

// One step: with the frame's row; where there is none, with a guess, after which only sp and bp are
// known.
static bool full_advance(struct full_walk *full)
{
    struct module module;
    struct cfi_row row;
    bool is_noted;
    enum cfi_status status = CFI_MISSING;
    if (modules_find(full->walk.pc, &module, &is_noted)) {
        status = cfi_find(&module.image, full->walk.pc, &row);
    }
    if (status == CFI_FOUND) {
        return full_step(full, &row);
    }
    if (status != CFI_MISSING || !step_guess(&full->walk)) {
        return false;
    }
    memset(full->is_known, 0, sizeof(full->is_known));
    full->values[ARCH_SP] = full->walk.sp;
    full->values[ARCH_BP] = full->walk.bp;
    full->is_known[ARCH_SP] = true;
    full->is_known[ARCH_BP] = true;
    return true;
}

COLD static size_t walk_full(
    const struct walk *start, const struct unwind_context *context, uint64_t known_registers)
{
    struct full_walk full = {.walk = *start};
    for (size_t i = 0; i < CFI_REGISTER_COUNT; i++) {
        full.is_known[i] = (known_registers >> i & 1) != 0;
        full.values[i] = full.is_known[i] ? context->registers[i] : 0;
    }
    while (full_advance(&full)) {
    }
    return full.walk.count;
}

// -----------------------------------------------------------------------------------------------

// The usual frames, in registers: those that sp or bp describe, of modules that stay, on the stack
// as far as it is known.  Returns the rule of the first other frame; 0 where there is none yet.
ALWAYS_INLINE uint64_t walk_usual(struct walk *state)
{
    struct walk walk = *state;
    const uint32_t generation = modules_generation();
    const uintptr_t last = walk.bounds.high - sizeof(uintptr_t);
    uint64_t rule;
    for (;;) {
        rule = rule_cache_find(rule_cache_key(walk.pc, generation));
        uint64_t kind = rule & (RULE_KIND_MASK | RULE_TRANSIENT);
        if (kind != RULE_SP && kind != RULE_BP) {
            break;
        }
        uintptr_t cfa = (kind == RULE_SP ? walk.sp : walk.bp) + (uintptr_t)rule_cfa_offset(rule);
        uintptr_t place = cfa - sizeof(uintptr_t);
        intptr_t bp_offset = rule_bp_offset(rule);
        uintptr_t bp_place = bp_offset == RULE_BP_SAME ? place : cfa + (uintptr_t)bp_offset;
        if (UNLIKELY(
                place < walk.sp || place > last || bp_place < walk.bounds.low || bp_place > last)) {
            break;
        }
        walk.bp = bp_offset == RULE_BP_SAME ? walk.bp : arch_load(bp_place);
        uintptr_t address = arch_load(place);
        walk.sp = cfa;
        walk.pc = address - 1; // as in leave_frame()
        if (UNLIKELY(!add_frame(&walk, address))) {
            rule = rule_make(RULE_END, 0, 0);
            break;
        }
    }
    *state = walk;
    return rule;
}

// `known_registers`: a bit for each register whose value the context has.
static size_t run(struct walk *walk, const struct unwind_context *context, uint64_t known_registers)
{
    if (!bounds_open(&walk->bounds, walk->sp)) {
        return walk->count;
    }
    const struct walk start = *walk;
    uint64_t rule;
    do {
        rule = walk_usual(walk);
        if (rule == 0 || (rule & RULE_TRANSIENT) != 0) {
            rule = rule_find(walk, walk->pc);
        }
    } while (step(walk, rule));
    return UNLIKELY(rule_kind(rule) == RULE_FULL) ? walk_full(&start, context, known_registers)
                                                  : walk->count;
}

static void start(struct walk *walk, const struct unwind_context *context)
{
    walk->pc = context->registers[CFI_PC];
    walk->sp = context->registers[ARCH_SP];
    walk->bp = context->registers[ARCH_BP];
}

// The caller is looked for beyond a small array's end: in an array of our own.
static NOINLINE size_t capture_small(
    uintptr_t *frames, size_t capacity, uintptr_t caller, const struct unwind_context *context)
{
    uintptr_t all[2 * SEARCH_DEPTH];
    struct walk walk = {
        .frames = all, .capacity = 2 * SEARCH_DEPTH, .sought = caller, .wanted = capacity};
    start(&walk, context);
    size_t count = size_min(run(&walk, context, ARCH_PRESERVED), capacity);
    memcpy(frames, all, count * sizeof(frames[0]));
    return count;
}

NOINLINE size_t unwind_capture(uintptr_t *frames, size_t capacity, const void *caller)
{
    struct unwind_context context;
    arch_context_here(&context);
    if (!ARCH_CAN_UNWIND || capacity == 0) {
        return 0;
    }
    if (caller != NULL && capacity < SEARCH_DEPTH) {
        return capture_small(frames, capacity, (uintptr_t)caller, &context);
    }
    struct walk walk = {
        .frames = frames, .capacity = capacity, .sought = (uintptr_t)caller, .wanted = capacity};
    start(&walk, &context);
    return run(&walk, &context, ARCH_PRESERVED);
}

// ---- With a memo --------------------------------------------------------------------------------

// Makes the steps [top, held) without looking anything up, from `state` on; noted or not.
static NOINLINE void make_again(struct memo_use *use, uint32_t held, bool is_noting,
    struct memo_state *state, uintptr_t *frames)
{
    const struct unwind_memo *memo = use->memo;
    for (uint32_t i = use->top; i < held; i++) {
        uintptr_t bp_place = memo->bp_places[i];
        uintptr_t bp_word = bp_place == 0 ? 0 : arch_load(bp_place);
        if (is_noting) {
            *memo_add(use) = (struct memo_step){
                .state = *state,
                .place = memo->places[i],
                .bp_place = bp_place,
                .bp_word = bp_word,
                .flags = memo->flags[i] & (MEMO_USES_BP | MEMO_TRANSIENT),
            };
        }
        *state = (struct memo_state){
            .pc = memo->addresses[i] - 1,
            .sp = memo->places[i] + sizeof(uintptr_t),
            .bp = bp_place == 0 ? state->bp : bp_word,
        };
        *frames++ = memo->addresses[i];
    }
    use->top = held;
}

// The walk has come into the state of the step at `top`.  Finds how far the steps from there on
// hold. True: from there on the stack is what is remembered, and the walk is over.
ALWAYS_INLINE bool is_remembered(struct memo_use *use, size_t room, uint32_t *held)
{
    const struct unwind_memo *memo = use->memo;
    uint32_t left = (uint32_t)room;
    uint32_t known = MEMO_STEPS_MAX - use->top;
    uint32_t end = use->top + (left < known ? left : known);
    *held = memo_held(memo, use->top, end);
    if (LIKELY(*held == end && (left <= known || memo->is_complete))) {
        use->end = end;
        return true;
    }
    return false;
}

// A walk's first frames.  Used where the compiler can keep all of it in registers.
struct passing {
    uintptr_t pc;
    uintptr_t sp;
    uintptr_t bp;
    uintptr_t *frames;
    size_t count;
    size_t capacity;
    uintptr_t low;  // readable from here
    uintptr_t last; // to this word
};

// Makes steps again, on the way. Returns how many.
ALWAYS_INLINE size_t pass_again(struct passing *passing, struct memo_use *use, uint32_t held)
{
    struct memo_state state = {.pc = passing->pc, .sp = passing->sp, .bp = passing->bp};
    size_t made = held - use->top;
    make_again(use, held, false, &state, passing->frames + passing->count);
    passing->pc = state.pc;
    passing->sp = state.sp;
    passing->bp = state.bp;
    return made;
}

// Passes usual frames of modules that stay without noting them.  True: the walk is over.
ALWAYS_INLINE bool pass_frames(struct passing *passing, struct memo_use *use)
{
    const uint32_t generation = modules_generation();
    const size_t limit = size_min(passing->capacity, MEMO_PASSED);
    uint32_t held;
    while (passing->count < limit) {
        uintptr_t pc = passing->pc;
        if (memo_find(use->memo, &use->top, pc, passing->sp, passing->bp)) {
            if (is_remembered(use, passing->capacity - passing->count, &held)) {
                return true;
            }
            if (held == MEMO_STEPS_MAX) {
                return false; // where the memo ends, steps are to be noted
            }
            if (held > use->top) {
                passing->count += pass_again(passing, use, held);
                pc = passing->pc;
            }
        }
        uint64_t rule = rule_cache_find(rule_cache_key(pc, generation));
        uint64_t kind = rule & (RULE_KIND_MASK | RULE_TRANSIENT);
        if (kind != RULE_SP && kind != RULE_BP) {
            return false;
        }
        uintptr_t low = passing->low;
        uintptr_t last = passing->last;
        uintptr_t sp = passing->sp;
        uintptr_t cfa = (kind == RULE_SP ? sp : passing->bp) + (uintptr_t)rule_cfa_offset(rule);
        uintptr_t place = cfa - sizeof(uintptr_t);
        intptr_t bp_offset = rule_bp_offset(rule);
        uintptr_t bp_place = bp_offset == RULE_BP_SAME ? place : cfa + (uintptr_t)bp_offset;
        if (UNLIKELY(place - sp > last - sp || bp_place - low > last - low)) {
            return false;
        }
        uintptr_t address = arch_load(place);
        if (UNLIKELY(address == 0 || passing->count == passing->capacity)) {
            return false;
        }
        if (bp_offset != RULE_BP_SAME) {
            passing->bp = arch_load(bp_place);
        }
        passing->sp = cfa;
        passing->pc = address - 1; // as in leave_frame()
        passing->frames[passing->count++] = address;
    }
    return false;
}

// A usual step, noted. False: it is none, and nothing has changed.
ALWAYS_INLINE bool step_noted(struct walk *walk, struct memo_use *use, uint64_t rule)
{
    bool is_sp = rule_kind(rule) == RULE_SP;
    if (!is_sp && rule_kind(rule) != RULE_BP) {
        return false;
    }
    const uintptr_t last = walk->bounds.high - sizeof(uintptr_t);
    uintptr_t cfa = (is_sp ? walk->sp : walk->bp) + (uintptr_t)rule_cfa_offset(rule);
    uintptr_t place = cfa - sizeof(uintptr_t);
    intptr_t bp_offset = rule_bp_offset(rule);
    bool is_same = bp_offset == RULE_BP_SAME;
    uintptr_t bp_place = is_same ? place : cfa + (uintptr_t)bp_offset;
    if (UNLIKELY(
            place < walk->sp || place > last || bp_place < walk->bounds.low || bp_place > last)) {
        return false;
    }
    uintptr_t address = arch_load(place);
    if (UNLIKELY(address == 0)) {
        return false;
    }
    struct memo_step *step = memo_add(use);
    step->state = (struct memo_state){.pc = walk->pc, .sp = walk->sp, .bp = walk->bp};
    step->place = place;
    step->bp_place = is_same ? 0 : bp_place;
    step->bp_word = arch_load(bp_place);
    step->flags =
        (uint8_t)((is_sp ? 0 : MEMO_USES_BP) | ((rule & RULE_TRANSIENT) != 0 ? MEMO_TRANSIENT : 0));
    walk->bp = is_same ? walk->bp : step->bp_word;
    walk->sp = cfa;
    walk->pc = address - 1; // as in leave_frame()
    walk->frames[walk->count++] = address;
    return true;
}

// All that passing does not do. A frame that needs all registers is noted only.
static void run_on(struct walk *walk, struct memo_use *use)
{
    const uint32_t generation = modules_generation();
    uint32_t held;
    while (walk->count < walk->capacity) {
        struct memo_state state = {.pc = walk->pc, .sp = walk->sp, .bp = walk->bp};
        if (memo_find(use->memo, &use->top, state.pc, state.sp, state.bp)) {
            if (is_remembered(use, walk->capacity - walk->count, &held)) {
                return;
            }
            size_t made = held - use->top;
            make_again(use, held, true, &state, walk->frames + walk->count);
            walk->count += made;
            walk->pc = state.pc;
            walk->sp = state.sp;
            walk->bp = state.bp;
        }
        uint64_t rule = rule_cache_find(rule_cache_key(walk->pc, generation));
        if (UNLIKELY(rule == 0 || (rule & RULE_TRANSIENT) != 0)) {
            rule = rule_find(walk, walk->pc);
        }
        if (LIKELY(step_noted(walk, use, rule))) {
            continue;
        }
        use->is_complete = rule_kind(rule) == RULE_END;
        const size_t before = walk->count;
        bool goes_on = step(walk, rule);
        if (walk->count != before) {
            use->fresh_count = 0; // steps have to follow one another
        }
        if (!goes_on) {
            walk->is_full = rule_kind(rule) == RULE_FULL;
            return;
        }
        if (!walk->bounds.is_own) {
            use->is_elsewhere = true;
            return;
        }
    }
}

// Remembers the own frames between the walk's begin and the caller, if sp alone leads through them.
static void learn_head(struct unwind_memo *memo, const struct walk *begin, uintptr_t caller)
{
    const uint32_t generation = modules_generation();
    struct memo_head head = {.count = 0};
    uintptr_t pc = begin->pc;
    uintptr_t sp = begin->sp;
    while (head.count < MEMO_HEAD_STEPS) {
        uint64_t rule = rule_cache_find(rule_cache_key(pc, generation));
        uintptr_t cfa = sp + (uintptr_t)rule_cfa_offset(rule);
        uintptr_t distance = cfa - begin->sp;
        if ((rule & (RULE_KIND_MASK | RULE_TRANSIENT)) != RULE_SP || cfa <= sp ||
            cfa > begin->bounds.high || distance > INT32_MAX) {
            return;
        }
        if (rule_bp_offset(rule) != RULE_BP_SAME) {
            head.bp_offset = (int32_t)((intptr_t)distance + rule_bp_offset(rule));
            if (head.bp_offset <= 0) {
                return;
            }
        }
        uintptr_t address = arch_load(cfa - sizeof(uintptr_t));
        head.offsets[head.count] = (uint32_t)(distance - sizeof(uintptr_t));
        head.words[head.count++] = address;
        sp = cfa;
        pc = address - 1;
        if (address == caller) {
            head.reach = head.offsets[head.count - 1];
            memo->heads[memo->head_turn++ % MEMO_HEADS] = head;
            return;
        }
    }
}

// Walks to the frame that returns to `caller`: the walk's only one then. False: there is none.
static NOINLINE bool find_caller(struct walk *walk, struct unwind_memo *memo,
    const struct unwind_context *context, uintptr_t caller)
{
    const struct walk begin = *walk;
    walk->sought = caller;
    walk->wanted = 1; // found, the walk is over
    run(walk, context, ARCH_PRESERVED);
    walk->capacity = begin.capacity;
    if (walk->sought != 0 || !walk->bounds.is_own) {
        return false;
    }
    learn_head(memo, &begin, caller);
    return true;
}

// The rest of a stack that is no longer the thread's own: as far as it is known.
static void run_elsewhere(struct walk *walk)
{
    uint64_t rule;
    do {
        rule = rule_find(walk, walk->pc);
    } while (walk->count < walk->capacity && step(walk, rule));
    walk->is_full = rule_kind(rule) == RULE_FULL;
}

// What is left to do when passing has not come to the stack's end. Returns how many frames there
// are; 0: the stack needs another kind of walk.
static NOINLINE size_t run_slow(
    struct walk *walk, struct memo_use *use, const struct unwind_context *context, uintptr_t caller)
{
    walk->verified = use->memo->verified;
    if (walk->count == 0 && !find_caller(walk, use->memo, context, caller)) {
        return 0;
    }
    run_on(walk, use);
    if (UNLIKELY(use->is_elsewhere)) {
        run_elsewhere(walk);
    }
    use->memo->verified = walk->verified;
    return walk->is_full ? 0 : walk->count;
}

ALWAYS_INLINE struct walk walk_of(const struct passing *passing)
{
    return (struct walk){
        .frames = passing->frames,
        .capacity = passing->capacity,
        .count = passing->count,
        .pc = passing->pc,
        .sp = passing->sp,
        .bp = passing->bp,
        .bounds = {.low = passing->low, .high = passing->last + sizeof(uintptr_t), .is_own = true},
    };
}

// As far as the caller, if the way there is known; and the frames behind.  True: the walk is over.
ALWAYS_INLINE bool pass(struct passing *passing, struct memo_use *use, uintptr_t caller)
{
    const struct unwind_memo *memo = use->memo;
    uintptr_t sp = passing->sp;
    const struct memo_head *head =
        memo_find_head(memo, caller, passing->last + sizeof(uintptr_t), sp);
    if (UNLIKELY(head == NULL)) {
        return false;
    }
    if (head->bp_offset != 0) {
        passing->bp = arch_load(sp + (uintptr_t)(intptr_t)head->bp_offset);
    }
    passing->sp = sp + head->reach + sizeof(uintptr_t);
    passing->pc = caller - 1;
    passing->frames[passing->count++] = caller;
    return memo->turn % MEMO_TURNS != 0 && pass_frames(passing, use);
}

NOINLINE bool unwind_remember(struct unwind_memo *memo, uintptr_t *frames, size_t capacity,
    const void *caller, struct unwind_stack *stack)
{
    if (!ARCH_CAN_UNWIND || capacity < SEARCH_DEPTH || capacity > MEMO_FRAMES_MAX ||
        caller == NULL || !memo_open(memo, modules_generation(), (uint32_t)capacity)) {
        return false;
    }
    struct memo_use use = {.memo = memo, .top = MEMO_STEPS_MAX - memo->count};
    struct unwind_context context;
    arch_context_here(&context);
    struct bounds bounds;
    if (UNLIKELY(!bounds_open(&bounds, context.registers[ARCH_SP]) || !bounds.is_own)) {
        unwind_memo_done(memo);
        return false;
    }
    struct passing passing = {
        .pc = context.registers[CFI_PC],
        .sp = context.registers[ARCH_SP],
        .bp = context.registers[ARCH_BP],
        .frames = frames,
        .capacity = capacity,
        .low = bounds.low,
        .last = bounds.high - sizeof(uintptr_t),
    };
    size_t count;
    if (LIKELY(pass(&passing, &use, (uintptr_t)caller))) {
        count = passing.count;
    } else {
        struct walk walk = walk_of(&passing);
        count = run_slow(&walk, &use, &context, (uintptr_t)caller);
        if (count == 0) {
            unwind_memo_done(memo);
            return false;
        }
    }
    memo_close(&use, frames, count, stack);
    return true;
}

NOINLINE size_t unwind_capture_remembered(
    struct unwind_memo *memo, uintptr_t *frames, size_t capacity, const void *caller)
{
    struct unwind_stack stack = {.count = 0};
    if (memo == NULL || !unwind_remember(memo, frames, capacity, caller, &stack)) {
        return unwind_capture(frames, capacity, caller);
    }
    unwind_memo_done(memo);
    return stack.count;
}

size_t unwind_capture_signal(uintptr_t *frames, size_t capacity, const void *ucontext)
{
    if (!ARCH_CAN_UNWIND || capacity == 0) {
        return 0;
    }
    struct unwind_context context;
    arch_context_of_signal(&context, ucontext);
    struct walk walk = {.frames = frames, .capacity = capacity, .wanted = capacity};
    start(&walk, &context);
    frames[walk.count++] = walk.pc;
    return capacity == 1 ? 1 : run(&walk, &context, UINT64_MAX);
}
