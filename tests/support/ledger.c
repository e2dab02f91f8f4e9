// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "ledger.h"

#include "check.h"
#include "pattern.h"

#include <stdlib.h>
#include <string.h>

enum {
    // More threads than any test has: each leaves at most one intent, each intent at most two open
    // questions.
    MAX_INTENTS = 128,
    MAX_UNCLAIMED = 2 * MAX_INTENTS,
};

// ---- The ledger ----

bool ledger_init(struct ledger *ledger, halde_heap *heap, size_t slot_count)
{
    ledger->heap = heap;
    ledger->slot_count = slot_count;
    ledger->slots = aligned_alloc(_Alignof(struct ledger_slot), slot_count * sizeof *ledger->slots);
    if (!ledger->slots) {
        return false;
    }
    memset(ledger->slots, 0, slot_count * sizeof *ledger->slots);
    return true;
}

void ledger_release(struct ledger *ledger)
{
    free(ledger->slots);
    ledger->slots = NULL;
}

static void publish(struct ledger_slot *slot, const struct ledger_state *state)
{
    uint32_t turn = atomic_load_explicit(&slot->turn, memory_order_relaxed) + 1;
    struct ledger_page *page = &slot->pages[turn % 2];
    // Released one by one: whoever sees one of these sees the turn before. Pairs with try_read().
    atomic_store_explicit(&page->intent, (uint32_t)state->intent, memory_order_release);
    atomic_store_explicit(&page->block, state->block, memory_order_release);
    atomic_store_explicit(&page->size, state->size, memory_order_release);
    atomic_store_explicit(&page->new_size, state->new_size, memory_order_release);
    atomic_store_explicit(&slot->turn, turn, memory_order_release);
}

static bool try_read(const struct ledger_slot *slot, struct ledger_state *state)
{
    uint32_t turn = atomic_load_explicit(&slot->turn, memory_order_acquire);
    const struct ledger_page *page = &slot->pages[turn % 2];
    state->intent = (enum ledger_intent)atomic_load_explicit(&page->intent, memory_order_acquire);
    state->block = atomic_load_explicit(&page->block, memory_order_acquire);
    state->size = atomic_load_explicit(&page->size, memory_order_acquire);
    state->new_size = atomic_load_explicit(&page->new_size, memory_order_acquire);
    return atomic_load_explicit(&slot->turn, memory_order_relaxed) == turn;
}

struct ledger_state ledger_read(const struct ledger_slot *slot)
{
    struct ledger_state state;
    while (!try_read(slot, &state)) {
        // The owner turned a page meanwhile; it is running, so the next try is as good as the
        // first.
    }
    return state;
}

static const struct ledger_page *own_page(const struct ledger_slot *slot)
{
    return &slot->pages[atomic_load_explicit(&slot->turn, memory_order_relaxed) % 2];
}

void *ledger_block(const struct ledger_slot *slot)
{
    return (void *)atomic_load_explicit(&own_page(slot)->block, memory_order_relaxed);
}

size_t ledger_size(const struct ledger_slot *slot)
{
    return atomic_load_explicit(&own_page(slot)->size, memory_order_relaxed);
}

void ledger_intend(struct ledger_slot *slot, enum ledger_intent intent, size_t new_size)
{
    publish(slot,
        &(struct ledger_state){intent, (uintptr_t)ledger_block(slot), ledger_size(slot), new_size});
}

void ledger_settle(struct ledger_slot *slot, const void *block, size_t size)
{
    publish(slot, &(struct ledger_state){LEDGER_SETTLED, (uintptr_t)block, size, 0});
}

void ledger_free_settled(struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->slot_count; i++) {
        struct ledger_slot *slot = &ledger->slots[i];
        struct ledger_state state = ledger_read(slot);
        if (state.intent == LEDGER_SETTLED && state.block != 0) {
            pattern_expect((void *)state.block, state.size, state.size, slot->key, "at the end");
            EXPECT_OK(halde_heap_free(ledger->heap, (void *)state.block, 0));
            ledger_settle(slot, NULL, 0);
        }
    }
}

// ---- What a walk saw ----

struct ledger_seen {
    uintptr_t block; // 0: empty
    size_t size;
    bool is_claimed; // by a settled slot
};

bool ledger_checker_init(struct ledger_checker *checker, size_t max_blocks)
{
    memset(checker, 0, sizeof *checker);
    checker->capacity = 64;
    while (checker->capacity < 2 * (max_blocks + MAX_UNCLAIMED)) {
        checker->capacity *= 2;
    }
    checker->seen = calloc(checker->capacity, sizeof *checker->seen);
    return checker->seen != NULL;
}

void ledger_checker_release(struct ledger_checker *checker)
{
    free(checker->seen);
    checker->seen = NULL;
}

// The entry of `block`, or the empty one where it belongs.
static struct ledger_seen *find_seen(const struct ledger_checker *checker, uintptr_t block)
{
    size_t mask = checker->capacity - 1;
    size_t i = (size_t)((block * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & mask;
    while (checker->seen[i].block != 0 && checker->seen[i].block != block) {
        i = (i + 1) & mask;
    }
    return &checker->seen[i];
}

static void note_problem(struct ledger_checker *checker, const char *problem, const void *address)
{
    if (!checker->problem) {
        checker->problem = problem;
        checker->problem_address = address;
    }
}

static void add_seen(struct ledger_checker *checker, const void *block, size_t size)
{
    if (checker->count >= checker->capacity / 2) {
        checker->is_full = true; // more blocks than all threads together can hold
        return;
    }
    struct ledger_seen *seen = find_seen(checker, (uintptr_t)block);
    if (seen->block != 0) {
        note_problem(checker, "the walk shows one block twice", block);
        return;
    }
    *seen = (struct ledger_seen){(uintptr_t)block, size, false};
    checker->count++;
    checker->busy_size += size;
    uint64_t mixed = ((uint64_t)(uintptr_t)block ^ size << 40) * UINT64_C(0xd1342543de82ef95);
    checker->fingerprint += (mixed ^ mixed >> 29) * UINT64_C(0x94d049bb133111eb);
}

static bool visit_entry(const struct halde_entry *entry, void *context)
{
    struct ledger_checker *checker = context;
    if (entry->kind == HALDE_ENTRY_BUSY) {
        add_seen(checker, entry->data, entry->size);
    }
    return !checker->is_full;
}

static bool visit_blocks(const struct halde_block *blocks, size_t count, void *context)
{
    struct ledger_checker *checker = context;
    for (size_t i = 0; i < count; i++) {
        add_seen(checker, blocks[i].data, blocks[i].size);
    }
    return !checker->is_full;
}

// What every element must satisfy: addresses rise inside a region, and nothing reaches into the
// next element.
static void check_order(struct ledger_checker *checker, const struct halde_entry *entry,
    const struct halde_entry *before)
{
    if (entry->kind == HALDE_ENTRY_REGION || before->kind == HALDE_ENTRY_REGION ||
        entry->region_index == HALDE_REGION_LARGE) {
        return;
    }
    if (entry->region_index != before->region_index) {
        note_problem(checker, "a region begins without its entry", entry->data);
    } else if ((uintptr_t)entry->data < (uintptr_t)before->data + before->size) {
        note_problem(checker, "the walk goes back or two elements overlap", entry->data);
    }
}

static enum halde_status walk_steps(struct ledger_checker *checker, const halde_heap *heap)
{
    struct halde_entry before = {.kind = HALDE_ENTRY_REGION};
    struct halde_entry entry = before;
    enum halde_status status = halde_heap_walk_next(heap, NULL, false, &entry);
    if (status == HALDE_OK && entry.kind != HALDE_ENTRY_REGION) {
        note_problem(checker, "the first element is no region", entry.data);
    }
    while (status == HALDE_OK) {
        if (!visit_entry(&entry, checker)) {
            return HALDE_OK;
        }
        check_order(checker, &entry, &before);
        before = entry;
        status = halde_heap_walk_next(heap, before.data, before.kind == HALDE_ENTRY_BUSY, &entry);
    }
    if (status != HALDE_NO_MORE_ENTRIES) {
        test_note("the walk breaks off after the element of kind %d at %p of %zu bytes",
            (int)before.kind, before.data, before.size);
    }
    return status == HALDE_NO_MORE_ENTRIES ? HALDE_OK : status;
}

static bool walk_heap(
    struct ledger_checker *checker, const struct ledger *ledger, enum ledger_walk walk)
{
    memset(checker->seen, 0, checker->capacity * sizeof *checker->seen);
    checker->count = 0;
    checker->busy_size = 0;
    checker->fingerprint = 0;
    checker->is_full = false;
    checker->problem = NULL;
    enum halde_status status;
    if (walk == LEDGER_WALK_STEPS) {
        status = walk_steps(checker, ledger->heap);
    } else if (walk == LEDGER_WALK_VISIT) {
        status = halde_heap_walk(ledger->heap, visit_entry, checker);
    } else {
        status = halde_heap_walk_blocks(ledger->heap, visit_blocks, checker);
    }
    if (checker->problem) {
        test_fail(CHECK_HERE, "heap %p, walk kind %d: %s: %p", (void *)ledger->heap, (int)walk,
            checker->problem, checker->problem_address);
        return false;
    }
    if (checker->is_full) {
        test_fail(CHECK_HERE, "heap %p, walk kind %d: more than %zu blocks for %zu slots",
            (void *)ledger->heap, (int)walk, checker->count, ledger->slot_count);
        return false;
    }
    return EXPECT_OK(status);
}

// ---- Settled slots ----

// Takes the block of a slot without intent out of what the walk saw: exactly this block, exactly
// this size.
static bool claim_settled(
    struct ledger_checker *checker, const struct ledger *ledger, const struct ledger_state *state)
{
    struct ledger_seen *seen = find_seen(checker, state->block);
    if (seen->block == 0) {
        test_fail(CHECK_HERE, "heap %p: the walk misses block %p of %zu bytes",
            (void *)ledger->heap, (void *)state->block, state->size);
        return false;
    }
    if (seen->size != state->size) {
        test_fail(CHECK_HERE, "heap %p: block %p has %zu bytes in the walk, %zu in the ledger",
            (void *)ledger->heap, (void *)state->block, seen->size, state->size);
        return false;
    }
    if (seen->is_claimed) {
        test_fail(CHECK_HERE, "heap %p: two slots hold block %p", (void *)ledger->heap,
            (void *)state->block);
        return false;
    }
    seen->is_claimed = true;
    return true;
}

// ---- Slots with an intent: find the choice of before and after that explains the rest ----

struct open_question {
    size_t intent_count;
    struct ledger_state intents[MAX_INTENTS];
    size_t unclaimed_count;
    struct ledger_seen unclaimed[MAX_UNCLAIMED];
};

static bool explain(struct open_question *question, size_t index, size_t claimed_count);

static bool try_claim(
    struct open_question *question, size_t index, size_t claimed_count, size_t which)
{
    question->unclaimed[which].is_claimed = true;
    bool is_explained = explain(question, index + 1, claimed_count + 1);
    question->unclaimed[which].is_claimed = is_explained;
    return is_explained;
}

// Whether the intended operation, before or after it took effect, can stand for this block.
static bool can_stand_for(const struct ledger_state *intent, const struct ledger_seen *seen)
{
    bool is_before = seen->block == intent->block && seen->size == intent->size;
    bool is_after = seen->size == intent->new_size;
    switch (intent->intent) {
    case LEDGER_ALLOC:
        return is_after;
    case LEDGER_FREE:
        return is_before;
    case LEDGER_REALLOC:
        return is_before || is_after; // in place or moved: its address is not known yet
    case LEDGER_SETTLED:
        break;
    }
    return false;
}

// A plain search: the intents are as few as the threads, and nearly every one has a single
// candidate.
static bool explain(struct open_question *question, size_t index, size_t claimed_count)
{
    if (index == question->intent_count) {
        return claimed_count == question->unclaimed_count;
    }
    const struct ledger_state *intent = &question->intents[index];
    for (size_t i = 0; i < question->unclaimed_count; i++) {
        if (!question->unclaimed[i].is_claimed && can_stand_for(intent, &question->unclaimed[i]) &&
            try_claim(question, index, claimed_count, i)) {
            return true;
        }
    }
    // Not yet allocated, or already freed: no block. A reallocation always has exactly one.
    return intent->intent != LEDGER_REALLOC && explain(question, index + 1, claimed_count);
}

static bool collect_unclaimed(const struct ledger_checker *checker, struct open_question *question)
{
    for (size_t i = 0; i < checker->capacity; i++) {
        if (checker->seen[i].block == 0 || checker->seen[i].is_claimed) {
            continue;
        }
        if (question->unclaimed_count == MAX_UNCLAIMED) {
            return false;
        }
        question->unclaimed[question->unclaimed_count++] = checker->seen[i];
    }
    return true;
}

static const char *intent_text(enum ledger_intent intent)
{
    static const char *const texts[] = {"settled", "alloc", "free", "realloc"};
    return texts[intent];
}

static void report_unexplained(const struct ledger *ledger, const struct open_question *question)
{
    test_fail(CHECK_HERE,
        "heap %p: %zu blocks belong to no slot and %zu pending operations cannot explain them",
        (void *)ledger->heap, question->unclaimed_count, question->intent_count);
    for (size_t i = 0; i < question->intent_count && i < 16; i++) {
        const struct ledger_state *intent = &question->intents[i];
        test_note("  pending: %s of block %p, %zu bytes, to %zu bytes", intent_text(intent->intent),
            (void *)intent->block, intent->size, intent->new_size);
    }
    for (size_t i = 0; i < question->unclaimed_count && i < 16; i++) {
        test_note("  block in the walk: %p of %zu bytes", (void *)question->unclaimed[i].block,
            question->unclaimed[i].size);
    }
}

static bool compare_slots(
    struct ledger_checker *checker, const struct ledger *ledger, struct open_question *question)
{
    bool agrees = true;
    for (size_t i = 0; i < ledger->slot_count; i++) {
        struct ledger_state state = ledger_read(&ledger->slots[i]);
        if (state.intent == LEDGER_SETTLED) {
            agrees &= state.block == 0 || claim_settled(checker, ledger, &state);
        } else if (question->intent_count < MAX_INTENTS) {
            question->intents[question->intent_count++] = state;
        } else {
            test_fail(CHECK_HERE, "more than %d pending operations", MAX_INTENTS);
            return false;
        }
    }
    return agrees;
}

bool ledger_check_locked(struct ledger_checker *checker, const struct ledger *ledger,
    enum ledger_walk walk, bool is_strict)
{
    if (!walk_heap(checker, ledger, walk)) {
        return false;
    }
    struct open_question question = {0};
    if (!compare_slots(checker, ledger, &question)) {
        return false;
    }
    if (is_strict && !EXPECT_SIZE(question.intent_count, 0)) {
        return false;
    }
    if (!collect_unclaimed(checker, &question) || !explain(&question, 0, 0)) {
        report_unexplained(ledger, &question);
        return false;
    }
    return true;
}
