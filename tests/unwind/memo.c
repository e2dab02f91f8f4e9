// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// FENCE: no

// (Not under valgrind: a remembered place on the stack is compared with what was there, and what is
// there now may be a slot that its frame has not written.)
//
// Walks with a memo find what walks without one find: in call trees that a generator draws, with
// frames that are found by bp, callers that keep values in it, recursion deeper than the memo and
// than what is asked for.

#include "unwind/memo.h"
#include "unwind/stack_depot.h"
#include "unwind/unwind.h"

#include "check.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    FRAMES_MAX = 64,
    CALLS = 600000,
    DEPTH_MAX = 230,
};

struct tree {
    struct unwind_memo *memo;
    uint64_t random;
    size_t calls; // left
    size_t depth;
    size_t depth_max;
    size_t capacity; // of the stacks
    size_t differing;
};

static uint32_t draw(struct tree *tree, uint32_t limit)
{
    tree->random = tree->random * UINT64_C(6364136223846793005) + 1442695040888963407U;
    return (uint32_t)(tree->random >> 33) % limit;
}

// ---- One stack, three times ---------------------------------------------------------------------

// As the recorder does it.
static __attribute__((noinline)) uint32_t number_of(
    struct unwind_memo *memo, size_t capacity, const void *caller)
{
    uint32_t number = unwind_number(memo, capacity, caller);
    __asm__ volatile("" ::: "memory"); // no tail call
    return number;
}

static __attribute__((noinline)) void probe(struct tree *tree)
{
    const void *caller = __builtin_return_address(0);
    uintptr_t frames[FRAMES_MAX];
    size_t count = unwind_capture(frames, tree->capacity, caller);
    uint32_t number = number_of(tree->memo, tree->capacity, caller);
    tree->differing += count < 3 || number != stack_depot_put(frames, count);
    __asm__ volatile("" ::: "memory"); // no tail call
}

// ---- Call trees ---------------------------------------------------------------------------------

static void descend(struct tree *tree);

static __attribute__((noinline)) void by_sp(struct tree *tree)
{
    volatile char room[40];
    room[0] = 1;
    probe(tree);
    descend(tree);
    probe(tree);
    room[1] = room[0];
}

// A frame whose size nobody knows before: it is found by bp.
static __attribute__((noinline)) void by_bp(struct tree *tree)
{
    char *room = __builtin_alloca(16 + draw(tree, 200));
    room[0] = 1;
    __asm__ volatile("" ::"r"(room) : "memory");
    descend(tree);
    probe(tree);
    __asm__ volatile("" ::"r"(room) : "memory");
}

// Values in all preserved registers, bp among them, that are others each time.
static __attribute__((noinline)) uint64_t with_values(struct tree *tree, uint64_t a, uint64_t b)
{
    uint64_t c = a * 3, d = b * 5, e = a ^ b, f = a + b;
    for (int i = 0; i < 2; i++) {
        descend(tree);
        probe(tree);
        __asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f));
        a += c ^ f;
        b += d ^ e;
    }
    return a + b + c + d + e + f;
}

static __attribute__((noinline)) void in_a_row(struct tree *tree)
{
    for (int i = 0; i < 40 && tree->calls > 0; i++) {
        tree->calls--;
        probe(tree);
    }
}

// bp pushed by one that does not use it for its frame.
static __attribute__((noinline)) uint64_t save_values(struct tree *tree, uint64_t a, uint64_t b)
{
    uint64_t c = a * 3, d = b * 5, e = a ^ b, f = a + b;
    probe(tree);
    __asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f));
    return a + b + c + d + e + f;
}

static __attribute__((noinline)) void fill_up(struct tree *tree, size_t size)
{
    char *room = __builtin_alloca(size);
    __asm__ volatile("" ::"r"(room) : "memory");
    probe(tree);
    save_values(tree, tree->random, tree->depth);
    __asm__ volatile("" ::"r"(room) : "memory");
}

// Whichever way it goes, what is called further in lies at the same place; but bp does not, nor do
// the frames between.
static __attribute__((noinline)) void balance(struct tree *tree)
{
    uint32_t way = draw(tree, 3);
    char *room = __builtin_alloca(64 + 64 * (size_t)way);
    __asm__ volatile("" ::"r"(room) : "memory");
    if (way == 0) {
        fill_up(tree, 256);
        __asm__ volatile("" ::"r"(room) : "memory");
    } else if (way == 1) {
        fill_up(tree, 192);
        __asm__ volatile("nop" ::"r"(room) : "memory");
    } else {
        fill_up(tree, 128);
        __asm__ volatile("nop; nop" ::"r"(room) : "memory");
    }
}

static __attribute__((noinline)) void descend(struct tree *tree)
{
    if (tree->calls == 0 || tree->depth >= tree->depth_max) {
        return;
    }
    tree->calls--;
    tree->depth++;
    switch (draw(tree, 6)) {
    case 0:
        by_sp(tree);
        break;
    case 1:
        by_bp(tree);
        break;
    case 2:
        with_values(tree, tree->random, tree->depth);
        break;
    case 3:
        in_a_row(tree);
        break;
    case 4:
        balance(tree);
        break;
    default:
        probe(tree);
        break;
    }
    tree->depth--;
    __asm__ volatile("" ::: "memory");
}

static struct unwind_memo *make_memo(void)
{
    size_t size = (unwind_memo_size() + 63) / 64 * 64;
    struct unwind_memo *memo = aligned_alloc(64, size);
    memset(memo, 0, size);
    return memo;
}

static void *run_trees(void *context)
{
    const uint64_t seed = *(const uint64_t *)context;
    struct tree tree = {.memo = make_memo(), .random = seed};
    for (size_t depth = 4; depth <= DEPTH_MAX; depth = depth * 2 + 10) {
        tree.calls = CALLS / 6;
        tree.depth_max = depth;
        tree.capacity = depth % 3 == 0 ? 16 : FRAMES_MAX;
        while (tree.calls > 0) {
            descend(&tree);
        }
    }
    EXPECT_SIZE(tree.differing, 0);
    free(tree.memo);
    return NULL;
}

// ---- Others -------------------------------------------------------------------------------------

// The same stack, with other capacities and when the memo is in use.
static __attribute__((noinline)) void check_sizes(struct unwind_memo *memo)
{
    const void *caller = __builtin_return_address(0);
    static const size_t SIZES[] = {64, 64, 3, 3, 33, 33, 128, 128, 64, 1, 1};
    for (size_t i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++) {
        uintptr_t frames[128];
        size_t count = unwind_capture(frames, SIZES[i], caller);
        EXPECT_SIZE(number_of(memo, SIZES[i], caller), stack_depot_put(frames, count));
    }
    uint32_t number = number_of(memo, 64, caller);
    memo->is_in_use = true;
    EXPECT_SIZE(number_of(memo, 64, caller), number);
    EXPECT_TRUE(memo->is_in_use);
    memo->is_in_use = false;
    EXPECT_SIZE(number_of(NULL, 64, caller), number);
    EXPECT_SIZE(number_of(memo, 0, caller), 0);
}

static void test_sizes(void)
{
    struct unwind_memo *memo = make_memo();
    check_sizes(memo);
    free(memo);
}

// ---- What is remembered -------------------------------------------------------------------------

static __attribute__((noinline)) uint32_t inner(struct unwind_memo *memo)
{
    return number_of(memo, FRAMES_MAX, __builtin_return_address(0));
}

static __attribute__((noinline)) uint32_t outer(struct unwind_memo *memo)
{
    uint32_t number = inner(memo);
    __asm__ volatile("" ::: "memory");
    return number;
}

static void claim_all(struct unwind_memo *memo, uint32_t number)
{
    for (size_t set = 0; set < MEMO_SETS; set++) {
        for (size_t way = 0; way < MEMO_WAYS; way++) {
            memo->stacks[set][way].number = number;
        }
    }
}

enum {
    CLAIM = 12345,
    CLAIMED = 6, // rounds before
    CHANGED = 8,
    ROUNDS = 10,
};

static __attribute__((noinline)) void prepare(struct unwind_memo *memo, size_t round)
{
    if (round == CLAIMED) {
        claim_all(memo, CLAIM);
    } else if (round == CHANGED) {
        unwind_modules_changed();
    }
}

static __attribute__((noinline)) void check_round(uint32_t *numbers, size_t round, uint32_t number)
{
    uint32_t *known = &numbers[round % 2];
    bool is_claimed = ARCH_CAN_UNWIND && round >= CLAIMED && round < CHANGED;
    *known = *known == 0 ? number : *known;
    EXPECT_SIZE(number, is_claimed ? CLAIM : *known);
}

// A stack that was met is not walked again, as what is noted of it shows; unless the modules have
// changed.  One place calls, so that there are two stacks.
static void test_stacks(void)
{
    static uint32_t (*volatile kinds[2])(struct unwind_memo *) = {outer, inner};
    struct unwind_memo *memo = make_memo();
    uint32_t numbers[2] = {0};
    for (volatile size_t round = 0; round < ROUNDS; round++) {
        prepare(memo, round);
        check_round(numbers, round, kinds[round % 2](memo));
    }
    EXPECT_TRUE(numbers[0] != 0 && numbers[1] != 0 && numbers[0] != numbers[1]);
    free(memo);
}

// A sum is that of the frames, however it comes about.
static void test_sums(void)
{
    uintptr_t frames[9];
    uint64_t sum = 0;
    for (size_t i = 9; i-- > 0;) {
        frames[i] = 0x550000001000 + i * 0x123457;
        sum = stack_depot_add(sum, frames[i]);
    }
    EXPECT_SIZE(stack_depot_put_summed(frames, 9, sum), stack_depot_put(frames, 9));
    uint64_t outer = 0;
    for (size_t i = 9; i-- > 4;) {
        outer = stack_depot_add(outer, frames[i]);
    }
    sum -= outer * stack_depot_power(4);
    EXPECT_SIZE(stack_depot_put_summed(frames, 4, sum), stack_depot_put(frames, 4));
}

int main(void)
{
    test_sums();
    test_sizes();
    test_stacks();
    pthread_t threads[2];
    uint64_t seeds[3] = {1, 2, 3};
    for (size_t i = 0; i < 2; i++) {
        EXPECT_TRUE(pthread_create(&threads[i], NULL, run_trees, &seeds[i]) == 0);
    }
    run_trees(&seeds[2]);
    for (size_t i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
    }
    return test_result();
}
