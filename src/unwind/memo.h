// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The memo: what walks of a thread have met, so that the next walk need not make its steps again.
 *
 * A step leads from a frame to its caller.  In the same state (pc, sp and, where it matters, bp) it
 * reads the return address at the same place; as long as the same word is there it leads to the
 * same caller, because the rules of a module do not change.  So a walk that comes into a state that
 * is remembered only compares words: from there on the stack is what it was.
 *
 * STEPS.  The outer frames of the stacks, which change seldom, are steps in arrays whose last place
 * is the outermost one's. Sums from each step outwards save adding all of it up again.  A step has
 * an id, which no other step gets: where it is found again, it and all further out is what it was.
 *
 * STACKS.  The inner frames change from walk to walk, but mostly to what was there a moment ago.
 * So each stack is remembered by where its caller stands: the few words that lead from there to a
 * step, the step's id, and the number of the whole stack in the depot.  If all words are still
 * there, nothing has to be walked at all.  A stack that is not found is walked; where its own words
 * are too many, or now and then, its frames become steps.
 *
 * HEADS.  The frames between unwind_number() and the function that the program called are ours: of
 * fixed size, and the same again and again. They are remembered as distances from sp.
 *
 * bp.  Compilers use it for anything, so mostly a caller's value of it is nobody's business. It
 * matters from where a frame is found by it inwards to where it was saved last: only there a state
 * is compared with its bp, and the saved word looked at.  Such words may be pointers to blocks: the
 * memo has them inverted, so that a search for leaks does not take them for that.
 *
 * MODULES.  Which rules are valid is told by the generation.  Modules that may go away are listed,
 * and looked at again after some walks.
 *
 * Only usual frames on the thread's own stack are remembered; others are walked each time, and what
 * lies further in than they do.  A signal handler's walk finds the memo in use and does without.
 */
#ifndef UNWIND_MEMO_H
#define UNWIND_MEMO_H

#include "unwind/arch.h"
#include "unwind/bounds.h"
#include "unwind/modules.h"
#include "unwind/unwind.h"

enum {
    MEMO_STEPS_MAX = 128,
    MEMO_FRAMES_MAX = UNWIND_NUMBER_FRAMES_MAX,
    MEMO_WALKS = 64,   ///< in which a module that was looked at will not have become another
    MEMO_MODULES = 16, ///< that may go away
    MEMO_HEADS = 4,
    MEMO_HEAD_STEPS = 8,
    MEMO_SETS = 32, ///< of stacks: a power of two
    MEMO_WAYS = 4,
    MEMO_WORDS = 12,   ///< of a stack's own frames
    MEMO_INNER = 4,    ///< frames that stay the stack's own where its words are too many
    MEMO_TURNS = 32,   ///< of as many walks that met new frames one keeps all as steps
    MEMO_UNROLLED = 4, ///< words that are compared at once
};
static_assert(MEMO_WORDS % MEMO_UNROLLED == 0 && 2 * MEMO_INNER <= MEMO_WORDS, "they find room");

enum memo_flags {
    MEMO_USES_BP = 1,  ///< the step finds its caller by bp
    MEMO_NEEDS_BP = 2, ///< bp matters in its state
};

struct memo_state {
    uintptr_t pc;
    uintptr_t sp;
    uintptr_t hidden_bp; ///< inverted; undefined where it does not matter
};

/// A step of this walk. The state in front of it follows from the step before.
struct memo_step {
    uintptr_t place;       ///< of the return address; the caller's sp is behind it
    uintptr_t bp_place;    ///< of the caller's bp; 0: the step leaves bp alone
    uintptr_t hidden_word; ///< what was there, inverted
    uint64_t uses_bp;      ///< MEMO_USES_BP, or 0
};

struct memo_saved {
    uintptr_t place;
    uintptr_t hidden_word;
};

/// Own frames, from unwind_number() to the caller.
struct memo_head {
    uint32_t count;                    ///< 0: none
    int32_t bp_offset;                 ///< from sp, of the caller's bp; 0: it is in the register
    uint32_t reach;                    ///< the last of these: where the caller stands
    uint32_t offsets[MEMO_HEAD_STEPS]; ///< from sp, of return addresses
    uintptr_t words[MEMO_HEAD_STEPS];  ///< but for the last, which is the caller
};

/// A stack that was met.
struct memo_stack {
    _Alignas(64) uintptr_t sp; ///< of the caller's frame; 0: there is no stack here
    uintptr_t caller;
    uintptr_t hidden_bp; ///< in the caller's frame, if that matters
    uint32_t number;     ///< in the depot
    uint32_t id;         ///< of the step `first`, with which the steps begin that it ends with,
    uint16_t first;
    uint16_t end;       ///< and before which they end
    uint8_t word_count; ///< a multiple of MEMO_UNROLLED: the first one again, if need be
    bool needs_bp;
    int32_t offsets[MEMO_WORDS]; ///< from sp
    uintptr_t hidden_words[MEMO_WORDS];
};
static_assert(sizeof(struct memo_stack) == 192, "three cache lines");

struct unwind_memo {
    bool is_in_use;
    bool is_complete;    ///< behind the outermost step there is nothing
    bool is_worn;        ///< the next walk begins anew
    uint32_t generation; ///< of the modules, when the steps were made
    uint32_t capacity;   ///< of the walks' stacks
    uint32_t walks_left; ///< until memo_renew()
    uint32_t count;      ///< of steps
    uint32_t last_id;    ///< of steps
    uint32_t turn;       ///< of walks that met new frames
    uint32_t head_turn;  ///< the head to be replaced next
    uint32_t way_turn;   ///< the way to be replaced next
    uint32_t module_count;
    uintptr_t nothing; ///< where places behind the last step point to
    struct memo_head heads[MEMO_HEADS];
    _Alignas(64) uintptr_t places[MEMO_STEPS_MAX + MEMO_UNROLLED];
    uintptr_t addresses[MEMO_STEPS_MAX + MEMO_UNROLLED]; ///< what was there
    uint32_t ids[MEMO_STEPS_MAX];                        ///< 0: no step
    uint16_t saved_counts[MEMO_STEPS_MAX + 1]; ///< of saved words that matter from here on
    uint16_t saved_steps[MEMO_STEPS_MAX];      ///< whose word `saved` has
    struct memo_saved saved[MEMO_STEPS_MAX];
    struct memo_state states[MEMO_STEPS_MAX + 1]; ///< the last: no frame's
    uint8_t flags[MEMO_STEPS_MAX + 1];
    uintptr_t bp_places[MEMO_STEPS_MAX];
    uint64_t sums[MEMO_STEPS_MAX + 1]; ///< of the addresses from here on
    struct module_range modules[MEMO_MODULES];
    struct memo_step fresh[MEMO_FRAMES_MAX];
    struct memo_stack stacks[MEMO_SETS][MEMO_WAYS];
};

/// A walk's use of a memo.
struct memo_use {
    struct unwind_memo *memo;
    uint32_t top;            ///< steps before this one lie further in than the walk is
    uint32_t fresh_count;    ///< steps that were noted; they follow one another
    struct memo_state begin; ///< in front of the first of these
    bool is_found;           ///< the rest of the stack is the steps from `top` on
    bool is_complete;        ///< the walk came to the end of the stack
    bool is_elsewhere;       ///< the walk has left the thread's own stack
};

/// Where a stack begins.
struct memo_begin {
    uintptr_t caller;
    uintptr_t sp;
    uintptr_t bp;
};

/// Begins anew where the memo is another walk's, or worn; looks at modules that may go away.
void memo_renew(struct unwind_memo *memo, uint32_t generation, uint32_t capacity);
/// Remembers what the walk has noted, completes `frames`, and puts the stack into the depot.
/// Returns its number, or 0.
uint32_t memo_close(
    struct memo_use *use, const struct memo_begin *begin, uintptr_t *frames, size_t count);
/// How far the steps [top, end) hold: the first one that does not, or `end`.
uint32_t memo_held(const struct unwind_memo *memo, uint32_t top, uint32_t end);
/// Whether a module that may go away has been looked at.
bool memo_has_module(const struct unwind_memo *memo, uintptr_t pc);
void memo_add_module(struct unwind_memo *memo, const struct module_range *range);

ALWAYS_INLINE uintptr_t memo_hide(uintptr_t word)
{
    return ~word;
}

/// Begins to use a memo. False: it is in use already.
ALWAYS_INLINE bool memo_open(struct unwind_memo *memo, uint32_t generation, uint32_t capacity)
{
    if (UNLIKELY(memo->is_in_use)) {
        return false;
    }
    memo->is_in_use = true;
    COMPILER_BARRIER(); // a signal handler comes before this, or after
    if (UNLIKELY(memo->generation != generation || memo->capacity != capacity ||
                 memo->walks_left-- == 0)) {
        memo_renew(memo, generation, capacity);
    }
    return true;
}

ALWAYS_INLINE void memo_done(struct unwind_memo *memo)
{
    COMPILER_BARRIER();
    memo->is_in_use = false;
}

/// Whether the step at `top`, which is moved on, is one from this state.
ALWAYS_INLINE bool memo_find(
    const struct unwind_memo *memo, uint32_t *top, uintptr_t pc, uintptr_t sp, uintptr_t bp)
{
    uint32_t at = *top;
    while (memo->states[at].sp < sp) { // there is one behind the last, at the end of all addresses
        at++;
    }
    *top = at;
    const struct memo_state *state = &memo->states[at];
    return state->sp == sp && state->pc == pc &&
           (state->hidden_bp == memo_hide(bp) || (memo->flags[at] & MEMO_NEEDS_BP) == 0);
}

/// Finds the own frames before `caller`, which lie from `sp` on. NULL: not known.
ALWAYS_INLINE const struct memo_head *memo_find_head(
    const struct unwind_memo *memo, uintptr_t caller, uintptr_t high, uintptr_t sp)
{
    for (uint32_t i = 0; i < MEMO_HEADS; i++) {
        const struct memo_head *head = &memo->heads[i];
        if (head->reach >= high - sp || arch_load(sp + head->offsets[0]) != head->words[0] ||
            arch_load(sp + head->reach) != caller) {
            continue;
        }
        uint32_t last = head->count - 1;
        uint32_t k = 1;
        while (k < last && arch_load(sp + head->offsets[k]) == head->words[k]) {
            k++;
        }
        if (k >= last) {
            return head;
        }
    }
    return NULL;
}

ALWAYS_INLINE struct memo_stack *memo_set(struct unwind_memo *memo, const struct memo_begin *begin)
{
    uint64_t key = (begin->caller ^ begin->sp << 16) * UINT64_C(0x9e3779b97f4a7c15);
    return memo->stacks[key >> 32 & (MEMO_SETS - 1)];
}

/// Whether the steps [first, end) hold; a few behind them may be asked, too.
ALWAYS_INLINE bool memo_holds(const struct unwind_memo *memo, uint32_t first, uint32_t end)
{
    const uintptr_t *places = memo->places + first;
    const uintptr_t *addresses = memo->addresses + first;
    const uintptr_t *places_end = memo->places + end;
    uintptr_t differ = 0;
    while (places < places_end) {
        differ |= arch_load(places[0]) ^ addresses[0];
        differ |= arch_load(places[1]) ^ addresses[1];
        differ |= arch_load(places[2]) ^ addresses[2];
        differ |= arch_load(places[3]) ^ addresses[3];
        places += MEMO_UNROLLED;
        addresses += MEMO_UNROLLED;
    }
    uint32_t saved_end = MEMO_STEPS_MAX - memo->saved_counts[end];
    for (uint32_t i = MEMO_STEPS_MAX - memo->saved_counts[first]; i < saved_end; i++) {
        differ |= arch_load(memo->saved[i].place) ^ memo_hide(memo->saved[i].hidden_word);
    }
    return differ == 0;
}

/// All ones, if the word is there.
ALWAYS_INLINE uintptr_t memo_same(const struct memo_stack *stack, uintptr_t sp, uint32_t i)
{
    return arch_load(sp + (uintptr_t)(intptr_t)stack->offsets[i]) ^ stack->hidden_words[i];
}

ALWAYS_INLINE bool memo_stack_holds(
    const struct unwind_memo *memo, const struct memo_stack *stack, const struct memo_begin *begin)
{
    const uintptr_t sp = begin->sp;
    for (uint32_t i = 0; i < stack->word_count; i += MEMO_UNROLLED) {
        uintptr_t same = memo_same(stack, sp, i) & memo_same(stack, sp, i + 1) &
                         memo_same(stack, sp, i + 2) & memo_same(stack, sp, i + 3);
        if (same != UINTPTR_MAX) {
            return false;
        }
    }
    return memo->ids[stack->first] == stack->id &&
           (!stack->needs_bp || stack->hidden_bp == memo_hide(begin->bp)) &&
           memo_holds(memo, stack->first, stack->end);
}

/// Finds the stack that begins like this. NULL: it is not known.
ALWAYS_INLINE const struct memo_stack *memo_find_stack(
    struct unwind_memo *memo, const struct memo_begin *begin)
{
    const struct memo_stack *set = memo_set(memo, begin);
    for (uint32_t way = 0; way < MEMO_WAYS; way++) {
        const struct memo_stack *stack = &set[way];
        if (stack->sp == begin->sp && stack->caller == begin->caller &&
            memo_stack_holds(memo, stack, begin)) {
            return stack;
        }
    }
    return NULL;
}

#endif
