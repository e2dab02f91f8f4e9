// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The judge is judged: the comparison behind exactness.c and fork.c must accept every state that a
 * pending operation allows, and reject each lie, be it one byte or one block.
 */
#include "check.h"
#include "child.h"
#include "ledger.h"

struct lie {
    const char *what;
    void (*tell)(struct ledger *ledger);
    bool is_accepted;
    bool is_strict;
};

static struct ledger_slot *slot_with(struct ledger *ledger, size_t index, size_t size)
{
    struct ledger_slot *slot = &ledger->slots[index];
    void *block = halde_heap_alloc(ledger->heap, size, 0);
    ASSERT_NOT_NULL(block);
    ledger_settle(slot, block, size);
    return slot;
}

static void tell_truth(struct ledger *ledger)
{
    slot_with(ledger, 0, 100);
    slot_with(ledger, 1, 0);
}

static void size_off_by_one(struct ledger *ledger)
{
    struct ledger_slot *slot = slot_with(ledger, 0, 100);
    ledger_settle(slot, ledger_block(slot), 101);
}

static void block_is_gone(struct ledger *ledger)
{
    struct ledger_slot *slot = slot_with(ledger, 0, 100);
    EXPECT_OK(halde_heap_free(ledger->heap, ledger_block(slot), 0));
}

static void block_is_nobodys(struct ledger *ledger)
{
    ASSERT_NOT_NULL(halde_heap_alloc(ledger->heap, 100, 0));
}

static void block_is_held_twice(struct ledger *ledger)
{
    struct ledger_slot *slot = slot_with(ledger, 0, 100);
    ledger_settle(&ledger->slots[1], ledger_block(slot), 100);
}

static void alloc_before(struct ledger *ledger)
{
    ledger_intend(&ledger->slots[0], LEDGER_ALLOC, 55);
}

static void alloc_after(struct ledger *ledger)
{
    ledger_intend(&ledger->slots[0], LEDGER_ALLOC, 55);
    ASSERT_NOT_NULL(halde_heap_alloc(ledger->heap, 55, 0));
}

static void alloc_of_another_size(struct ledger *ledger)
{
    ledger_intend(&ledger->slots[0], LEDGER_ALLOC, 55);
    ASSERT_NOT_NULL(halde_heap_alloc(ledger->heap, 56, 0));
}

static void alloc_twice(struct ledger *ledger)
{
    alloc_after(ledger);
    ASSERT_NOT_NULL(halde_heap_alloc(ledger->heap, 55, 0));
}

static void free_before(struct ledger *ledger)
{
    ledger_intend(slot_with(ledger, 0, 55), LEDGER_FREE, 0);
}

static void free_after(struct ledger *ledger)
{
    free_before(ledger);
    EXPECT_OK(halde_heap_free(ledger->heap, ledger_block(&ledger->slots[0]), 0));
}

static void realloc_before(struct ledger *ledger)
{
    ledger_intend(slot_with(ledger, 0, 55), LEDGER_REALLOC, 66);
}

static void realloc_after(struct ledger *ledger)
{
    realloc_before(ledger);
    ASSERT_NOT_NULL(halde_heap_realloc(ledger->heap, ledger_block(&ledger->slots[0]), 66, 0, NULL));
}

static void realloc_moved(struct ledger *ledger)
{
    realloc_before(ledger);
    ASSERT_NOT_NULL(halde_heap_alloc(ledger->heap, 66, 0));
    EXPECT_OK(halde_heap_free(ledger->heap, ledger_block(&ledger->slots[0]), 0));
}

static void realloc_neither(struct ledger *ledger)
{
    realloc_before(ledger);
    EXPECT_OK(halde_heap_free(ledger->heap, ledger_block(&ledger->slots[0]), 0));
}

static void realloc_both(struct ledger *ledger)
{
    realloc_before(ledger);
    ASSERT_NOT_NULL(halde_heap_alloc(ledger->heap, 66, 0));
}

// The freed block's address went to another slot's pending allocation at once.
static void address_changed_hands(struct ledger *ledger)
{
    free_after(ledger);
    ledger_intend(&ledger->slots[1], LEDGER_ALLOC, 55);
    ASSERT_NOT_NULL(halde_heap_alloc(ledger->heap, 55, 0));
}

// Only one choice explains this: the second intent must not take what only the first can explain.
static void choice_matters(struct ledger *ledger)
{
    ledger_intend(&ledger->slots[0], LEDGER_ALLOC, 66);
    ledger_intend(slot_with(ledger, 1, 55), LEDGER_REALLOC, 66);
    ASSERT_NOT_NULL(halde_heap_alloc(ledger->heap, 66, 0));
}

static const struct lie lies[] = {
    {"the truth", tell_truth, true, true},
    {"a size off by one byte", size_off_by_one, false, true},
    {"a block that is gone", block_is_gone, false, true},
    {"a block that is nobody's", block_is_nobodys, false, true},
    {"a block held twice", block_is_held_twice, false, true},
    {"an allocation before it", alloc_before, true, false},
    {"an allocation after it", alloc_after, true, false},
    {"a pending operation where none may be", alloc_before, false, true},
    {"an allocation of another size", alloc_of_another_size, false, false},
    {"an allocation twice", alloc_twice, false, false},
    {"a free before it", free_before, true, false},
    {"a free after it", free_after, true, false},
    {"a realloc before it", realloc_before, true, false},
    {"a realloc after it", realloc_after, true, false},
    {"a realloc that moved", realloc_moved, true, false},
    {"a realloc that lost both", realloc_neither, false, false},
    {"a realloc that left both", realloc_both, false, false},
    {"an address that changed hands", address_changed_hands, true, false},
    {"a choice that matters", choice_matters, true, false},
};

static void judge(void *context)
{
    const struct lie *lie = context;
    halde_heap *heap;
    struct ledger ledger;
    struct ledger_checker checker;
    ASSERT_OK(halde_heap_create(NULL, &heap));
    ASSERT_TRUE(ledger_init(&ledger, heap, 8));
    ASSERT_TRUE(ledger_checker_init(&checker, 8));
    lie->tell(&ledger);
    for (int walk = 0; walk < LEDGER_WALK_COUNT; walk++) {
        bool is_accepted =
            ledger_check_locked(&checker, &ledger, (enum ledger_walk)walk, lie->is_strict);
        test_reset(); // the judge's own report is not ours
        EXPECT_TRUE(is_accepted == lie->is_accepted);
    }
    ledger_checker_release(&checker);
    ledger_release(&ledger);
    EXPECT_OK(halde_heap_destroy(heap));
}

int main(void)
{
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        struct lie lie = lies[i];
        struct child child;
        child_run(&child, judge, &lie, true, 10);
        if (!child_expect_passed(CHECK_HERE, lie.what, &child)) {
            test_note("%s", child.text);
        }
    }
    return test_result();
}
