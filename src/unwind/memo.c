// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "unwind/memo.h"

#include <string.h>

size_t unwind_memo_size(void)
{
    return sizeof(struct unwind_memo);
}

bool memo_open(struct memo_use *use, struct unwind_memo *memo, uint32_t generation)
{
    if (memo->is_in_use) {
        return false;
    }
    memo->is_in_use = true;
    COMPILER_BARRIER(); // a signal handler comes before this, or after
    if (memo->generation != generation) {
        memo->generation = generation;
        memo->count = 0;
        memo->age = 0;
    }
    if (memo->age == 0) {
        memo->verified = (struct module_range){0};
    }
    memo->age = (uint8_t)((memo->age + 1) % MEMO_WALKS);
    *use = (struct memo_use){.memo = memo, .top = memo->count};
    return true;
}

void memo_move_taken(struct memo_use *use)
{
    struct unwind_memo *memo = use->memo;
    for (uint32_t i = use->high; i > use->low && use->fresh_count < MEMO_FRESH_MAX; i--) {
        memo->fresh[use->fresh_count++] = memo->steps[i - 1];
    }
    use->low = 0;
    use->high = 0;
}

void memo_take(struct memo_use *use, uint32_t low, uint32_t high)
{
    if (use->low < use->high && high != use->low) {
        memo_move_taken(use);
    }
    use->high = use->low < use->high ? use->high : high;
    use->low = low;
}

void memo_close(struct memo_use *use)
{
    struct unwind_memo *memo = use->memo;
    uint32_t kept = use->high;
    if (kept + use->fresh_count > MEMO_STEPS_MAX) { // the outermost are least worth
        uint32_t surplus = kept + use->fresh_count - MEMO_STEPS_MAX;
        kept -= surplus;
        memmove(memo->steps, memo->steps + surplus, kept * sizeof(memo->steps[0]));
    }
    for (uint32_t i = use->fresh_count; i > 0; i--) {
        memo->steps[kept++] = memo->fresh[i - 1];
    }
    memo->count = kept;
    COMPILER_BARRIER();
    memo->is_in_use = false;
}
