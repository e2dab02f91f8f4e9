// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Phase 3, among the blocks that nothing has reached.  A first search in depth, begun at each of
// them in order of addresses, writes down in which order it is finished with them.  A second one
// begins with the block that was finished last: no lost block outside of its own cycle leads there,
// so it is definite, and whatever it leads to is indirect.  The next one that is left is such a
// block again, and so on.

#include "reach/search.h"

#include "base/bits.h"
#include "reach/pages.h"

// A block that is being searched, and how far.
struct step {
    uint64_t address;
    uint32_t block;
};

struct lost {
    struct search *search;
    uint32_t *finished; // blocks in the order in which the first search was done with them
    size_t finished_count;
    struct step *steps; // room for all lost blocks: none is on the way twice
    size_t step_count;
};

static bool is_unseen(const struct lost *lost, uint32_t block)
{
    const struct reach *result = lost->search->result;
    return result->classes[block] == REACH_NOT_SEARCHED && result->leaders[block] == REACH_NO_BLOCK;
}

static bool is_unclassed(const struct lost *lost, uint32_t block)
{
    return lost->search->result->classes[block] == REACH_NOT_SEARCHED;
}

static void push(struct lost *lost, uint32_t block)
{
    lost->steps[lost->step_count++] = (struct step){
        .address = words_start(block_index_get(&lost->search->index, block).start),
        .block = block,
    };
}

// Reads on until a word leads to a block that `is_wanted`; REACH_NO_BLOCK at the end.
static uint32_t next_block(struct lost *lost, struct step *step,
    bool (*is_wanted)(const struct lost *lost, uint32_t block))
{
    struct search *search = lost->search;
    const struct reach_block own = block_index_get(&search->index, step->block);
    const uint64_t end = words_end(own.start + own.size);
    while (step->address < end && !copies_are_exhausted(&search->copies)) {
        size_t size;
        const uint64_t *words =
            (const uint64_t *)(const void *)copies_at(&search->copies, step->address, &size);
        const size_t count = size_min(size, end - step->address) / WORD_SIZE;
        for (size_t i = 0; i < count; i++) {
            const uint64_t word = RELAXED_LOAD(words[i]); // once, as in follow_words()
            if (LIKELY(!search_covers(search, word))) {
                continue;
            }
            const uint32_t block = block_index_find(&search->index, word);
            if (block != REACH_NO_BLOCK && is_wanted(lost, block)) {
                step->address += (i + 1) * WORD_SIZE;
                return block;
            }
        }
        step->address += count * WORD_SIZE;
    }
    return REACH_NO_BLOCK;
}

// ---- First search: the order ------------------------------------------------------------------

static void see(struct lost *lost, uint32_t block)
{
    lost->search->result->leaders[block] = block;
    push(lost, block);
}

static void finish_from(struct lost *lost, uint32_t first)
{
    see(lost, first);
    while (lost->step_count > 0) {
        struct step *step = &lost->steps[lost->step_count - 1];
        const uint32_t next = next_block(lost, step, is_unseen);
        if (next != REACH_NO_BLOCK) {
            see(lost, next);
            continue;
        }
        lost->finished[lost->finished_count++] = step->block;
        lost->step_count--;
    }
}

// ---- Second search: the classes ---------------------------------------------------------------

static void give_class(struct lost *lost, uint32_t block, enum reach_class class, uint32_t leader)
{
    lost->search->result->classes[block] = (uint8_t) class;
    lost->search->result->leaders[block] = leader;
    push(lost, block);
}

static void lead_from(struct lost *lost, uint32_t leader)
{
    give_class(lost, leader, REACH_DEFINITE, leader);
    while (lost->step_count > 0) {
        struct step *step = &lost->steps[lost->step_count - 1];
        const uint32_t next = next_block(lost, step, is_unclassed);
        if (next != REACH_NO_BLOCK) {
            give_class(lost, next, REACH_INDIRECT, leader);
        } else {
            lost->step_count--;
        }
    }
}

// -----------------------------------------------------------------------------------------------

// Sets the leaders of all blocks, too: unseen is REACH_NO_BLOCK.
static size_t count_lost(const struct search *search)
{
    size_t count = 0;
    for (uint32_t i = 0; i < search->index.count; i++) {
        const bool is_lost = search->result->classes[i] == REACH_NOT_SEARCHED;
        search->result->leaders[i] = is_lost ? REACH_NO_BLOCK : i;
        count += is_lost;
    }
    return count;
}

static void class_all(struct lost *lost)
{
    for (uint32_t i = 0; i < lost->search->index.count; i++) {
        if (is_unseen(lost, i)) {
            finish_from(lost, i);
        }
    }
    for (size_t i = lost->finished_count; i-- > 0;) {
        if (is_unclassed(lost, lost->finished[i])) {
            lead_from(lost, lost->finished[i]);
        }
    }
}

bool search_lost(struct search *search)
{
    const size_t count = count_lost(search);
    if (count == 0) {
        return true;
    }
    const size_t steps_size = count * sizeof(struct step);
    const size_t finished_size = count * sizeof(uint32_t);
    struct lost lost = {
        .search = search,
        .finished = pages_take(finished_size),
        .steps = pages_take(steps_size),
    };
    const bool has_memory = lost.finished != NULL && lost.steps != NULL;
    if (has_memory) {
        class_all(&lost);
    }
    pages_give_back(lost.finished, finished_size);
    pages_give_back(lost.steps, steps_size);
    return has_memory;
}
