// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "base/bits.h"
#include "unwind/arch.h"
#include "unwind/bounds.h"
#include "unwind/memo.h"
#include "unwind/modules.h"
#include "unwind/rule_cache.h"
#include "unwind/stack_depot.h"
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

// Makes the steps [top, held) again without looking anything up.
static void make_again(struct walk *walk, struct memo_use *use, uint32_t held)
{
    struct unwind_memo *memo = use->memo;
    for (uint32_t i = use->top; i < held; i++) {
        uintptr_t bp_place = memo->bp_places[i];
        uintptr_t bp_word = bp_place == 0 ? 0 : arch_load(bp_place);
        memo->fresh[use->fresh_count++] = (struct memo_step){
            .place = memo->places[i],
            .bp_place = bp_place,
            .hidden_word = memo_hide(bp_word),
            .uses_bp = memo->flags[i] & MEMO_USES_BP,
        };
        walk->pc = memo->addresses[i] - 1;
        walk->sp = memo->places[i] + sizeof(uintptr_t);
        walk->bp = bp_place == 0 ? walk->bp : bp_word;
        walk->frames[walk->count++] = memo->addresses[i];
    }
    use->top = held;
}

// The walk has come into the state of the step at `top`.  True: from there on the stack is what is
// remembered, as far as it is asked for, and the walk is over.
static bool is_remembered(struct walk *walk, struct memo_use *use)
{
    const struct unwind_memo *memo = use->memo;
    uint32_t left = memo->capacity > walk->count ? memo->capacity - (uint32_t)walk->count : 0;
    uint32_t known = MEMO_STEPS_MAX - use->top;
    uint32_t end = use->top + (left < known ? left : known);
    uint32_t held = LIKELY(memo_holds(memo, use->top, end)) ? end : memo_held(memo, use->top, end);
    if (LIKELY(held == end && (left <= known || memo->is_complete))) {
        use->is_found = true;
        return true;
    }
    uint32_t room = (uint32_t)(walk->capacity - walk->count);
    make_again(walk, use, held - use->top < room ? held : use->top + room);
    return false;
}

// The rule of a module that may go away, which the memo gets to know.
static NOINLINE uint64_t find_rule_slow(struct walk *walk, struct unwind_memo *memo, uint64_t rule)
{
    rule = rule != 0 ? rule : rule_find_slow(walk->pc);
    if ((rule & RULE_TRANSIENT) == 0 || memo_has_module(memo, walk->pc)) {
        return rule;
    }
    uint32_t generation = modules_generation();
    struct module_range range;
    if (!modules_verify(walk->pc, &range)) {
        return rule_make(RULE_UNKNOWN, 0, 0);
    }
    if (modules_generation() != generation) {
        return rule_find_slow(walk->pc); // the memo finds out when it is opened again
    }
    memo_add_module(memo, &range);
    return rule;
}

// A usual step, noted. False: it is none, and nothing has changed.
ALWAYS_INLINE bool note_step(struct walk *walk, struct memo_use *use, uint64_t rule)
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
    uintptr_t bp_word = arch_load(bp_place);
    use->memo->fresh[use->fresh_count++] = (struct memo_step){
        .place = place,
        .bp_place = is_same ? 0 : bp_place,
        .hidden_word = memo_hide(bp_word),
        .uses_bp = is_sp ? 0 : MEMO_USES_BP,
    };
    walk->bp = is_same ? walk->bp : bp_word;
    walk->sp = cfa;
    walk->pc = address - 1; // as in leave_frame()
    walk->frames[walk->count++] = address;
    return true;
}

enum met {
    MET_LIMIT, // there is no room for more frames
    MET_STATE, // that of the step at `top`
    MET_OTHER, // a frame that is not the usual one, or of a module that may go away
};

// Passes usual frames, in registers. `rule`: of where it ended.
static enum met note_usual(
    struct walk *whole_walk, struct memo_use *whole_use, bool is_asking, uint64_t *rule)
{
    struct walk walk = *whole_walk;
    struct memo_use use = *whole_use;
    const uint32_t generation = modules_generation();
    enum met met = MET_LIMIT;
    while (walk.count < walk.capacity) {
        if (is_asking && memo_find(use.memo, &use.top, walk.pc, walk.sp, walk.bp)) {
            met = MET_STATE;
            break;
        }
        is_asking = true;
        *rule = rule_cache_find(rule_cache_key(walk.pc, generation));
        if ((*rule & RULE_TRANSIENT) != 0 || !note_step(&walk, &use, *rule)) {
            met = MET_OTHER;
            break;
        }
    }
    *whole_walk = walk;
    *whole_use = use;
    return met;
}

static struct memo_state state_of(const struct walk *walk)
{
    return (struct memo_state){.pc = walk->pc, .sp = walk->sp, .hidden_bp = memo_hide(walk->bp)};
}

// Makes another step. False: the walk is over.
static bool step_otherwise(struct walk *walk, struct memo_use *use, uint64_t rule)
{
    if (rule == 0 || (rule & RULE_TRANSIENT) != 0) {
        rule = find_rule_slow(walk, use->memo, rule);
    }
    if (note_step(walk, use, rule)) {
        return true;
    }
    use->is_complete = rule_kind(rule) == RULE_END;
    const size_t before = walk->count;
    bool goes_on = step(walk, rule);
    if (walk->count != before) {
        use->fresh_count = 0; // steps have to follow one another
        use->begin = state_of(walk);
    }
    walk->is_full = !goes_on && rule_kind(rule) == RULE_FULL;
    use->is_elsewhere = goes_on && !walk->bounds.is_own;
    return goes_on && walk->bounds.is_own;
}

// From the caller on. Steps are noted also beyond the frames that are asked for: so the next stack,
// which may be less deep, finds them.
static void run_on(struct walk *walk, struct memo_use *use)
{
    use->begin = state_of(walk);
    bool is_asking = true;
    for (;;) {
        uint64_t rule = 0;
        enum met met = note_usual(walk, use, is_asking, &rule);
        if (met == MET_LIMIT || (met == MET_STATE && is_remembered(walk, use)) ||
            (met == MET_OTHER && !step_otherwise(walk, use, rule))) {
            return;
        }
        is_asking = met == MET_OTHER; // the step from this state is no longer what it was
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

// The state of the frame that returns to the caller, by the own frames that are known.
ALWAYS_INLINE struct memo_begin begin_at(
    const struct memo_head *head, const struct unwind_context *context, uintptr_t caller)
{
    uintptr_t sp = context->registers[ARCH_SP];
    return (struct memo_begin){
        .caller = caller,
        .sp = sp + head->reach + sizeof(uintptr_t),
        .bp = head->bp_offset == 0 ? context->registers[ARCH_BP]
                                   : arch_load(sp + (uintptr_t)(intptr_t)head->bp_offset),
    };
}

// Walks to the frame that returns to the caller: the walk's only one then. False: there is none.
static NOINLINE bool find_caller(struct walk *walk, struct unwind_memo *memo,
    const struct unwind_context *context, uintptr_t caller)
{
    const struct walk before = *walk;
    walk->sought = caller;
    walk->wanted = 1; // found, the walk is over
    run(walk, context, ARCH_PRESERVED);
    walk->capacity = before.capacity;
    if (walk->sought != 0 || !walk->bounds.is_own) {
        return false;
    }
    learn_head(memo, &before, caller);
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

// Walks from the caller on, with an open memo. 0: the stack needs another kind of walk, or there is
// no room for it.
static uint32_t number_from(
    struct walk *walk, struct unwind_memo *memo, const struct memo_begin *begin)
{
    struct memo_use use = {.memo = memo, .top = MEMO_STEPS_MAX - memo->count};
    run_on(walk, &use);
    if (UNLIKELY(use.is_elsewhere)) {
        run_elsewhere(walk);
    }
    return walk->is_full ? 0 : memo_close(&use, begin, walk->frames, walk->count);
}

// The stack is not known, or (`head` NULL) the way to the caller is not.
static uint32_t number_by_walk(struct unwind_memo *memo, const struct memo_head *head,
    const void *caller, const struct unwind_context *context)
{
    uintptr_t frames[MEMO_FRAMES_MAX];
    struct walk walk = {.frames = frames, .capacity = MEMO_FRAMES_MAX};
    struct memo_begin begin = {.caller = (uintptr_t)caller};
    start(&walk, context);
    if (!bounds_open(&walk.bounds, walk.sp) || !walk.bounds.is_own) {
        return 0;
    }
    if (LIKELY(head != NULL)) {
        begin = begin_at(head, context, begin.caller);
        walk.pc = begin.caller - 1;
        walk.sp = begin.sp;
        walk.bp = begin.bp;
        walk.frames[walk.count++] = begin.caller;
        return number_from(&walk, memo, &begin);
    }
    if (!find_caller(&walk, memo, context, begin.caller)) {
        return 0;
    }
    begin.sp = walk.sp;
    begin.bp = walk.bp;
    const struct memo_stack *stack = memo_find_stack(memo, &begin);
    return stack != NULL ? stack->number : number_from(&walk, memo, &begin);
}

static NOINLINE uint32_t number_plain(size_t capacity, const void *caller)
{
    uintptr_t frames[MEMO_FRAMES_MAX];
    size_t count = unwind_capture(frames, capacity, caller);
    if (count == 0 && capacity > 0) {
        frames[count++] = (uintptr_t)caller;
    }
    return stack_depot_put(frames, count);
}

// `memo` is open, or NULL; `head`: the way to the caller, or NULL.
static NOINLINE uint32_t number_slow(struct unwind_memo *memo, const struct memo_head *head,
    size_t capacity, const void *caller, const struct unwind_context *context)
{
    uint32_t number = 0;
    if (memo != NULL) {
        number = number_by_walk(memo, head, caller, context);
        memo_done(memo);
    }
    return number != 0 ? number : number_plain(capacity, caller);
}

NOINLINE uint32_t unwind_number(struct unwind_memo *memo, size_t capacity, const void *caller)
{
    struct unwind_context context;
    arch_context_here(&context);
    capacity = size_min(capacity, MEMO_FRAMES_MAX);
    caller = caller != NULL ? caller : __builtin_extract_return_addr(__builtin_return_address(0));
    if (UNLIKELY(!ARCH_CAN_UNWIND || memo == NULL || capacity == 0 ||
                 !memo_open(memo, modules_generation(), (uint32_t)capacity))) {
        return number_slow(NULL, NULL, capacity, caller, &context);
    }
    struct bounds bounds;
    const struct memo_head *head = NULL;
    uintptr_t sp = context.registers[ARCH_SP];
    if (LIKELY(bounds_open(&bounds, sp) && bounds.is_own)) {
        head = memo_find_head(memo, (uintptr_t)caller, bounds.high, sp);
    }
    if (LIKELY(head != NULL)) {
        const struct memo_begin begin = begin_at(head, &context, (uintptr_t)caller);
        const struct memo_stack *stack = memo_find_stack(memo, &begin);
        if (LIKELY(stack != NULL)) {
            uint32_t number = stack->number;
            memo_done(memo);
            return number;
        }
    }
    return number_slow(memo, head, capacity, caller, &context);
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
