// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/listing.h"

#include "base/bits.h"
#include "crtdbg/section.h"
#include "os/os.h"

#include <string.h>

enum {
    FEW = 32, // blocks of a round when the system gives no memory
    FIRST_SIZE = 256 * 1024,
};

// ---- Walk -------------------------------------------------------------------------------------

struct walk {
    void (*visit)(const struct debug_block *block, void *context);
    void *context;
};

static bool visit_batch(const struct halde_block *batch, size_t count, void *context)
{
    const struct walk *walk = context;
    for (size_t i = 0; i < count; i++) {
        struct debug_block block;
        if (debug_block_of_base(batch[i].data, &block)) {
            walk->visit(&block, walk->context);
        }
    }
    return true;
}

void debug_walk(void (*visit)(const struct debug_block *block, void *context), void *context)
{
    struct walk walk = {.visit = visit, .context = context};
    if (debug_heap() != NULL) {
        halde_heap_walk_blocks(debug_heap(), visit_batch, &walk);
    }
}

// ---- A round: the newest blocks below a number --------------------------------------------------

struct round {
    const struct listing *listing;
    uint64_t below;        // only blocks of a smaller number
    struct listed *blocks; // a heap by number once it is full: the oldest first
    size_t count;
    size_t capacity;
    size_t mapped_size; // bytes of `blocks` from the system; 0: the few are the caller's
    bool is_full;       // older blocks were left out
};

static bool is_older(const struct listed *a, const struct listed *b)
{
    return a->facts.number < b->facts.number;
}

static void swap(struct listed *a, struct listed *b)
{
    struct listed kept = *a;
    *a = *b;
    *b = kept;
}

// Restores the order of the heap below `i`: no block is newer than those beneath it.
static void sift_down(struct listed *blocks, size_t count, size_t i)
{
    for (;;) {
        size_t oldest = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < count; child++) {
            if (is_older(&blocks[child], &blocks[oldest])) {
                oldest = child;
            }
        }
        if (oldest == i) {
            return;
        }
        swap(&blocks[i], &blocks[oldest]);
        i = oldest;
    }
}

static void make_heap(struct listed *blocks, size_t count)
{
    for (size_t i = count / 2; i-- > 0;) {
        sift_down(blocks, count, i);
    }
}

// Newest first. The blocks are a heap.
static void sort(struct listed *blocks, size_t count)
{
    while (count > 1) {
        count--;
        swap(&blocks[0], &blocks[count]);
        sift_down(blocks, count, 0);
    }
}

static void unmap(const struct round *round)
{
    if (round->mapped_size != 0) {
        os_unreserve(round->blocks, round->mapped_size);
    }
}

// Twice the room. False when the system refuses.
static bool grow(struct round *round)
{
    size_t size = size_max(2 * round->mapped_size, FIRST_SIZE);
    void *blocks = os_reserve(size);
    if (blocks == NULL) {
        return false;
    }
    if (os_commit(blocks, size, false) != 0) {
        os_unreserve(blocks, size);
        return false;
    }
    memcpy(blocks, round->blocks, round->count * sizeof(*round->blocks));
    unmap(round);
    round->blocks = blocks;
    round->mapped_size = size;
    round->capacity = size / sizeof(*round->blocks);
    return true;
}

static void copy_block(
    const struct round *round, struct listed *listed, const struct debug_block *block)
{
    debug_block_facts(block, &listed->facts);
    listed->record = block->record;
    memcpy(listed->preview, block->user, size_min(block->size, PREVIEW_SIZE));
    if (round->listing->has_damage) {
        damage_find(block, &listed->damage);
    }
}

static void add(const struct debug_block *block, void *context)
{
    struct round *round = context;
    uint64_t number = record_number(block->record);
    if (number == 0 || number >= round->below ||
        !round->listing->is_wanted(block, round->listing->context)) {
        return;
    }
    if (round->count < round->capacity || grow(round)) {
        copy_block(round, &round->blocks[round->count++], block);
        return;
    }
    if (!round->is_full) {
        round->is_full = true;
        make_heap(round->blocks, round->count);
    }
    if (number > round->blocks[0].facts.number) {
        copy_block(round, &round->blocks[0], block);
        sift_down(round->blocks, round->count, 0);
    }
}

static void collect(struct round *round)
{
    section_stop();
    debug_walk(add, round);
    section_resume();
    make_heap(round->blocks, round->count);
    sort(round->blocks, round->count);
}

static void show(const struct round *round)
{
    for (size_t i = 0; i < round->count; i++) {
        round->listing->show(&round->blocks[i], round->listing->context);
    }
}

size_t listing_run(const struct listing *listing)
{
    size_t count = 0;
    uint64_t below = UINT64_MAX;
    bool is_over = false;
    while (!is_over) {
        struct listed few[FEW];
        struct round round = {.listing = listing, .below = below, .blocks = few, .capacity = FEW};
        collect(&round);
        show(&round);
        count += round.count;
        is_over = !round.is_full;
        below = round.count == 0 ? 0 : round.blocks[round.count - 1].facts.number;
        unmap(&round);
    }
    return count;
}

bool listed_is_still_there(const struct listed *listed)
{
    struct debug_block now;
    // A freed block that delayed free or quarantine keeps has its record and number still.
    return debug_block_find(listed->facts.user, &now) && now.record == listed->record &&
           debug_block_state(&now) == RECORD_LIVE &&
           record_number(now.record) == listed->facts.number;
}
