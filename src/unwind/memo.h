// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The memo: steps that walks of a thread have made, so that the next walk need not make them again.
 *
 * A step leads from a frame to its caller.  In the same state (pc, sp and, where it matters, bp) it
 * reads the return address at the same place; as long as the same word is there it leads to the
 * same caller, because the rules of modules that stay do not change.  So a walk that comes into a
 * state that is remembered only compares words: from there on the stack is what it was.
 *
 * Steps stand in arrays whose last place is the outermost one's.  Sums from each step outwards save
 * adding all of it up again, and a number beside each step is what the stack that begins there is
 * called in the depot; some stacks with a few frames more are known by number, too.
 *
 * To remember a step costs more than to make it.  So the first frames of a walk, which change most,
 * are only passed; what lies further out is noted, and now and then all of it: what is the same
 * again and again is known soon.
 *
 * bp.  Compilers use it for anything, so mostly a caller's value of it is nobody's business. It
 * matters from where a frame is found by it inwards to where it was saved last: only there a state
 * is compared with its bp, and the saved word looked at, which is in `saved`.
 *
 * HEAD.  The frames between unwind_remember() and the function that the program called are ours:
 * of fixed size, and the same again and again. They are remembered as distances from sp.
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
    MEMO_FRAMES_MAX = 128, ///< of a stack, at most
    MEMO_PASSED = 10,      ///< frames of a walk that are not noted,
    MEMO_TURNS = 32,       ///< but for one of so many walks that met such
    MEMO_FRESH_MAX = 64,
    MEMO_WALKS = 64, ///< in which a module that was looked at will not have become another
    MEMO_HEADS = 4,
    MEMO_HEAD_STEPS = 8,
    MEMO_STACKS = 16, ///< a power of two
    MEMO_OWN_MAX = 6,
};

enum memo_flags {
    MEMO_USES_BP = 1,   ///< the step finds its caller by bp
    MEMO_TRANSIENT = 2, ///< its module may go away
    MEMO_NEEDS_BP = 4,  ///< bp matters in its state
};

struct memo_state {
    uintptr_t pc;
    uintptr_t sp;
    uintptr_t bp; ///< undefined where it does not matter
};

/// A step of this walk.
struct memo_step {
    struct memo_state state;
    uintptr_t place;    ///< of the return address; the caller's sp is behind it
    uintptr_t bp_place; ///< of the caller's bp; 0: the step leaves bp alone
    uintptr_t bp_word;  ///< what was there
    uint8_t flags;
};

struct memo_saved {
    uintptr_t place;
    uintptr_t word;
};

/// Own frames, from unwind_remember() to the caller.
struct memo_head {
    uint32_t count;                    ///< 0: none
    int32_t bp_offset;                 ///< from sp, of the caller's bp; 0: it is in the register
    uint32_t reach;                    ///< the last of these: where the caller stands
    uint32_t offsets[MEMO_HEAD_STEPS]; ///< from sp, of return addresses
    uintptr_t words[MEMO_HEAD_STEPS];  ///< but for the last, which is the caller
};

/// A stack that was met: frames of its own, and the steps from `first` on.
struct memo_stack {
    uint32_t version; ///< of the steps; 0: none
    uint16_t first;
    uint16_t count;  ///< of `frames`
    uint32_t number; ///< see unwind_stack.number
    uintptr_t frames[MEMO_OWN_MAX];
};

struct unwind_memo {
    uint32_t generation; ///< of the modules, when the steps were made
    uint32_t count;      ///< of steps
    uint32_t capacity;   ///< of the walks' stacks: others may have been cut elsewhere
    uint32_t head_turn;
    uint32_t version;    ///< counted up when steps change
    uint32_t turn;       ///< of walks that passed frames
    uint32_t walks_left; ///< until modules that may go away are looked at again
    bool is_in_use;
    bool is_complete;             ///< behind the outermost step there is nothing
    bool has_transient;           ///< among the steps
    struct module_range verified; ///< a module that may go away, looked at not long ago
    struct memo_head heads[MEMO_HEADS];
    _Alignas(64) struct memo_state states[MEMO_STEPS_MAX + 1]; ///< the last: no frame's
    uintptr_t places[MEMO_STEPS_MAX];
    uintptr_t bp_places[MEMO_STEPS_MAX];
    uint64_t sums[MEMO_STEPS_MAX + 1];         ///< of the addresses from here on
    uint32_t numbers[MEMO_STEPS_MAX];          ///< see unwind_stack.number
    uint16_t saved_counts[MEMO_STEPS_MAX + 1]; ///< of saved words that matter from here on
    uint8_t flags[MEMO_STEPS_MAX + 1];
    uint16_t saved_steps[MEMO_STEPS_MAX]; ///< whose word `saved` has
    struct memo_saved saved[MEMO_STEPS_MAX];
    uintptr_t addresses[MEMO_STEPS_MAX]; ///< what they found
    struct memo_step fresh[MEMO_FRESH_MAX];
    struct memo_stack stacks[MEMO_STACKS];
};

/// A walk's use of a memo.
struct memo_use {
    struct unwind_memo *memo;
    uint32_t top; ///< steps before this one lie further in than the walk is
    uint32_t end; ///< steps [top, end) are taken over, which ends the walk; `top`: none
    uint32_t fresh_count;
    bool is_complete;  ///< the walk came to the end of the stack
    bool is_elsewhere; ///< the walk has left the thread's own stack
};

/// What memo_open() does now and then.
void memo_renew(struct unwind_memo *memo, uint32_t generation, uint32_t capacity);
/// Keeps what the walk has noted, and completes the stack: `frames` has those that were not taken
/// over. The memo stays in use.
void memo_close(struct memo_use *use, uintptr_t *frames, size_t count, struct unwind_stack *stack);
/// How far the steps [top, end) hold: the first one that does not, or `end`.
uint32_t memo_held(const struct unwind_memo *memo, uint32_t top, uint32_t end);

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

/// Room for another step of this walk. What was noted before is dropped where there is none: steps
/// have to follow one another.
ALWAYS_INLINE struct memo_step *memo_add(struct memo_use *use)
{
    if (UNLIKELY(use->fresh_count == MEMO_FRESH_MAX)) {
        use->fresh_count = 0;
    }
    return &use->memo->fresh[use->fresh_count++];
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
           (state->bp == bp || (memo->flags[at] & MEMO_NEEDS_BP) == 0);
}

/// Finds the own frames before `caller`, which lie from `sp` on. NULL: not known.
ALWAYS_INLINE const struct memo_head *memo_find_head(
    const struct unwind_memo *memo, uintptr_t caller, uintptr_t high, uintptr_t sp)
{
    for (uint32_t i = 0; i < MEMO_HEADS; i++) {
        const struct memo_head *head = &memo->heads[i];
        if (head->reach >= high - sp || arch_load(sp + head->reach) != caller) {
            continue;
        }
        uint32_t last = head->count - 1;
        uint32_t k = 0;
        while (k < last && arch_load(sp + head->offsets[k]) == head->words[k]) {
            k++;
        }
        if (k == last) {
            return head;
        }
    }
    return NULL;
}

#endif
