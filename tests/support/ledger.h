// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * A ledger: what the threads of a test believe to hold in one heap, to be compared with the heap
 * itself.
 *
 * The difficulty: an operation on the heap and the note about it are two steps, and a thread can be
 * stopped between them (by the heap's lock, too).  So each slot of the ledger, which stands for one
 * block or none, also carries an *intent*: before the call its owner writes what it is about to do,
 * afterwards it writes the outcome and takes the intent away, in one step.
 *
 *     intent published  ->  heap operation  ->  outcome and end of the intent published
 *
 * While the heap is locked no operation takes effect, so that for whoever holds the lock:
 *   - a slot without an intent tells the truth, whenever it is read: its last operation took effect
 *     before the lock was granted, and its next one publishes its intent before it can take effect;
 *   - a slot with an intent stands for exactly the state before or the state after that operation;
 *   - a thread has at most one intent, so the blocks in doubt are few, and ledger_check_locked()
 *     finds out exactly whether one choice of before and after for each explains all of them.
 *
 * A slot is written by its owner only; ownership is handed over by other means (churn.h: a locked
 * mailbox). The publishing stores are plain on x86: the ledger adds no fence that could hide one
 * missing in the engine.
 */
#ifndef SUPPORT_LEDGER_H
#define SUPPORT_LEDGER_H

#include <halde/heap.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ledger_intent {
    LEDGER_SETTLED, // no intent
    LEDGER_ALLOC,
    LEDGER_FREE,
    LEDGER_REALLOC,
};

/** What a slot says. */
struct ledger_state {
    enum ledger_intent intent;
    uintptr_t block; ///< 0: none
    size_t size;     ///< user size
    size_t new_size; ///< of the intended allocation or reallocation
};

// Every field: the owner stores (release), readers load (acquire).
struct ledger_page {
    _Atomic uint32_t intent;
    _Atomic uintptr_t block;
    _Atomic size_t size;
    _Atomic size_t new_size;
};

// Two pages in turn: the owner writes the one that is not shown and then turns over.  A reader that
// sees a field of a page being rewritten also sees (release, acquire) that the page was turned in
// between, and reads again.  There is always a whole page to read, also in a forked child whose
// parent's thread was stopped in the middle of writing.
struct ledger_slot {
    // The page shown is turn % 2. The owner stores (release), readers load (acquire).
    _Atomic uint32_t turn;
    uint64_t key; // of the block's pattern; owner only
    struct ledger_page pages[2];
} __attribute__((aligned(64)));

struct ledger {
    halde_heap *heap;
    struct ledger_slot *slots;
    size_t slot_count;
};

/** All slots settled and empty. false: out of memory. */
bool ledger_init(struct ledger *ledger, halde_heap *heap, size_t slot_count);
void ledger_release(struct ledger *ledger);

/** Publishes what the owner is about to do. */
void ledger_intend(struct ledger_slot *slot, enum ledger_intent intent, size_t new_size);

/** Publishes the outcome: the slot's block (NULL: none) and size. */
void ledger_settle(struct ledger_slot *slot, const void *block, size_t size);

/** The owner's view of its slot. */
void *ledger_block(const struct ledger_slot *slot);
size_t ledger_size(const struct ledger_slot *slot);

/** A slot as another thread sees it, in one piece. Never waits. */
struct ledger_state ledger_read(const struct ledger_slot *slot);

/** How the checker looks at the heap. */
enum ledger_walk {
    LEDGER_WALK_STEPS,  ///< halde_heap_walk_next()
    LEDGER_WALK_VISIT,  ///< halde_heap_walk()
    LEDGER_WALK_BLOCKS, ///< halde_heap_walk_blocks()
    LEDGER_WALK_COUNT,
};

/** Room for a checker; one thread. */
struct ledger_checker {
    struct ledger_seen *seen; // hash table of the blocks of the last walk
    size_t capacity;          // a power of two
    size_t count;
    size_t busy_size;     // sum of user sizes of the last walk
    uint64_t fingerprint; // of all blocks and sizes of the last walk, in any order
    bool is_full;
    const char *problem; // first thing wrong in the walk itself
    const void *problem_address;
};
bool ledger_checker_init(struct ledger_checker *checker, size_t max_blocks);
void ledger_checker_release(struct ledger_checker *checker);

/**
 * Walks the heap and compares it with the ledger: equal to the block and the byte.  Failures are
 * EXPECT failures that name the block.
 *
 * @param ledger     its heap is locked by the caller, or no other thread runs
 * @param is_strict  no intent may be pending: the test itself made the threads pause
 * @return whether everything agreed
 */
bool ledger_check_locked(struct ledger_checker *checker, const struct ledger *ledger,
    enum ledger_walk walk, bool is_strict);

/** Frees the blocks of all settled slots. Only when no thread uses the ledger any more. */
void ledger_free_settled(struct ledger *ledger);

#endif
