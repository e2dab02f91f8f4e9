// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The memo: steps that walks of a thread have made, so that the next walk need not make them again.
 *
 * A step is remembered with all it depends on: the registers before it, and the two words of the
 * stack that it read.  In a state with these registers, and as long as these words are there, the
 * step leads where it led: the rules of modules that stay do not change.  So every step stands for
 * itself, and is proved by two loads that wait for nothing; a walk finds each frame by the one
 * before.  Only usual frames on the thread's own stack are remembered.
 *
 * Steps are ordered by their place on the stack, outermost first, and the inner end changes most.
 * A walk collects its new steps in `fresh` and puts them on top of those that it has kept.
 */
#ifndef UNWIND_MEMO_H
#define UNWIND_MEMO_H

#include "unwind/arch.h"
#include "unwind/bounds.h"
#include "unwind/modules.h"
#include "unwind/unwind.h"

enum {
    MEMO_STEPS_MAX = 128,
    MEMO_FRESH_MAX = 64,
    MEMO_WALKS = 64, ///< in which a module that was looked at will not have become another
};

struct memo_step {
    uintptr_t pc; ///< before
    uintptr_t sp;
    uintptr_t bp;
    uintptr_t place;    ///< of the return address; the caller's sp is behind it
    uintptr_t address;  ///< what was there
    uintptr_t bp_place; ///< of the caller's bp; `place` where the step leaves bp alone
    uintptr_t bp_word;  ///< what was there
    uintptr_t caller_bp;
};
static_assert(sizeof(struct memo_step) == 64, "a step is one cache line");

struct unwind_memo {
    uint32_t generation; ///< of the modules, when the steps were made
    uint32_t count;
    bool is_in_use;               ///< a walk is under way; a signal handler's walk does without
    uint8_t age;                  ///< walks since `verified` was
    struct module_range verified; ///< a module that may go away, looked at not long ago
    _Alignas(64) struct memo_step steps[MEMO_STEPS_MAX];
    struct memo_step fresh[MEMO_FRESH_MAX];
};

/// A walk's use of a memo.
struct memo_use {
    struct unwind_memo *memo;
    uint32_t top; ///< steps from here on lie further in than the walk is
    uint32_t low; ///< steps [low, high) have been taken, and are kept
    uint32_t high;
    uint32_t fresh_count;
};

/// Begins to use a memo. False: it is in use already.
bool memo_open(struct memo_use *use, struct unwind_memo *memo, uint32_t generation);
/// Keeps what the walk has met.
void memo_close(struct memo_use *use);
/// Notes that steps [low, high) are taken.
void memo_take(struct memo_use *use, uint32_t low, uint32_t high);
/// Moves what was taken to the new steps: another is to come between it and those that follow.
void memo_move_taken(struct memo_use *use);

/// Notes a new step, if there is room.
ALWAYS_INLINE void memo_add(struct memo_use *use, const struct memo_step *step, uintptr_t caller_bp)
{
    if (UNLIKELY(use->low < use->high)) {
        memo_move_taken(use);
    }
    if (LIKELY(use->fresh_count < MEMO_FRESH_MAX)) {
        struct memo_step *place = &use->memo->fresh[use->fresh_count++];
        *place = *step;
        place->caller_bp = caller_bp;
    }
}

/// Whether the step below `top`, which is moved on, is one from this state.
ALWAYS_INLINE bool memo_find(struct memo_use *use, uintptr_t pc, uintptr_t sp, uintptr_t bp)
{
    const struct memo_step *steps = use->memo->steps;
    while (use->top > 0 && steps[use->top - 1].sp < sp) {
        use->top--;
    }
    if (use->top == 0) {
        return false;
    }
    const struct memo_step *step = &steps[use->top - 1];
    return step->sp == sp && step->pc == pc && step->bp == bp;
}

/// Whether the words are still there.
ALWAYS_INLINE bool memo_holds(const struct memo_step *step)
{
    return arch_load(step->place) == step->address && arch_load(step->bp_place) == step->bp_word;
}

#endif
