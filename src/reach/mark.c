// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Phase 1 follows pointers to the first bytes of blocks, from the roots on, and notes blocks whose
// inside is pointed at.  Phase 2 begins with those of the latter that are still only that, and
// follows every pointer.  Blocks come from a queue, so that the way to each is the shortest.

#include "reach/search.h"

#include "base/bits.h"

#include <string.h>

static void note_referrer(struct search *search, uint32_t block, const struct candidate *candidate)
{
    if (search->result->referrers != NULL) {
        search->result->referrers[block] = (struct reach_referrer){
            .address = candidate->address,
            .block = candidate->source.block,
            .root = candidate->source.root,
        };
    }
}

static void put(struct search *search, uint32_t block)
{
    search->queue[search->queue_tail++] = block;
}

// A word leads into a block.
static void reach_block(struct search *search, uint32_t block, const struct candidate *candidate)
{
    uint8_t *class = &search->result->classes[block];
    if (*class == REACH_REACHABLE || (search->is_possible && *class != REACH_NOT_SEARCHED)) {
        return;
    }
    if (search->is_possible) {
        *class = REACH_POSSIBLE;
        put(search, block);
    } else if (candidate->word == block_index_get(&search->index, block).start ||
               heuristics_accept(search, block, candidate->word)) {
        *class = REACH_REACHABLE;
        put(search, block);
    } else if (*class == REACH_POSSIBLE) {
        return;
    } else {
        *class = REACH_POSSIBLE; // until phase 1 finds better
    }
    note_referrer(search, block, candidate);
}

// ---- Candidates -------------------------------------------------------------------------------
// Words that may be pointers wait until there are some of them: what their look-up needs is on its
// way to the processor's cache meanwhile.

static void resolve_candidates(struct search *search)
{
    const struct block_index *index = &search->index;
    for (size_t i = 0; i < search->candidate_count; i++) {
        const size_t bucket = (search->candidates[i].word - index->low) >> index->shift;
        const uint32_t first = index->firsts[bucket];
        __builtin_prefetch(block_index_place(index, first));
        __builtin_prefetch(&search->result->classes[first]);
    }
    for (size_t i = 0; i < search->candidate_count; i++) {
        const struct candidate *candidate = &search->candidates[i];
        const uint32_t block = block_index_find(index, candidate->word);
        if (block != REACH_NO_BLOCK) {
            reach_block(search, block, candidate);
        }
    }
    search->candidate_count = 0;
}

static void follow_words(struct search *search, const uint64_t *words, size_t count,
    const struct source *source, uint64_t address)
{
    const struct block_index *index = &search->index;
    for (size_t i = 0; i < count; i++) {
        if (LIKELY(!block_index_covers(index, words[i]))) {
            continue;
        }
        __builtin_prefetch(&index->firsts[(words[i] - index->low) >> index->shift]);
        search->candidates[search->candidate_count++] = (struct candidate){
            .word = words[i],
            .address = address + i * WORD_SIZE,
            .source = *source,
        };
        if (search->candidate_count == CANDIDATES_MAX) {
            resolve_candidates(search);
        }
    }
}

// ---- Roots ------------------------------------------------------------------------------------

static void follow_root(struct search *search, uint32_t number)
{
    enum {
        PIECE_WORDS = 2048
    };
    uint64_t words[PIECE_WORDS];
    const struct source source = {.block = REACH_NO_BLOCK, .root = number};
    const uint64_t end = words_end(search->input->roots[number].end);
    uint64_t address = words_start(search->input->roots[number].start);
    while (address < end && !copies_are_exhausted(&search->copies)) {
        const size_t size = size_min(sizeof(words), end - address);
        const size_t got = copies_read_through(&search->copies, address, words, size);
        search->result->unreadable_size += size - got;
        follow_words(search, words, size / WORD_SIZE, &source, address);
        address += size;
    }
}

static void follow_single_words(struct search *search)
{
    const struct reach_input *input = search->input;
    const struct source source = {.block = REACH_NO_BLOCK, .root = (uint32_t)input->root_count};
    for (size_t i = 0; i < input->word_count; i++) {
        // The address of a single word is its index.
        follow_words(search, &input->words[i], 1, &source, i);
    }
}

// ---- Blocks -----------------------------------------------------------------------------------

static void follow_block(struct search *search, uint32_t block)
{
    const struct source source = {.block = block};
    const struct reach_block own = block_index_get(&search->index, block);
    const uint64_t end = words_end(own.start + own.size);
    uint64_t address = words_start(own.start);
    while (address < end && !copies_are_exhausted(&search->copies)) {
        size_t size;
        const uint8_t *bytes = copies_at(&search->copies, address, &size);
        size = size_min(size, end - address);
        search->kept = address;
        follow_words(
            search, (const uint64_t *)(const void *)bytes, size / WORD_SIZE, &source, address);
        address += size;
    }
}

// What a block that comes soon will need.
static void prefetch_block(const struct search *search, size_t place)
{
    if (place < search->queue_tail) {
        __builtin_prefetch(block_index_place(&search->index, search->queue[place]));
    }
}

static void prefetch_bytes(const struct search *search, size_t place)
{
    if (place < search->queue_tail) {
        copies_prefetch(
            &search->copies, block_index_get(&search->index, search->queue[place]).start);
    }
}

static void follow_queue(struct search *search)
{
    enum {
        AHEAD = 8
    };
    resolve_candidates(search);
    while (search->queue_head < search->queue_tail) {
        prefetch_block(search, search->queue_head + 2 * AHEAD);
        prefetch_bytes(search, search->queue_head + AHEAD);
        follow_block(search, search->queue[search->queue_head++]);
        if (search->queue_head == search->queue_tail) {
            resolve_candidates(search);
        }
    }
}

static void put_possible(struct search *search)
{
    const uint8_t *classes = search->result->classes;
    for (uint32_t i = 0; i < search->index.count; i++) {
        if (classes[i] == REACH_POSSIBLE) {
            put(search, i);
        }
    }
}

void search_mark(struct search *search)
{
    for (uint32_t i = 0; i < search->input->root_count; i++) {
        follow_root(search, i);
    }
    follow_single_words(search);
    follow_queue(search);
    search->is_possible = true;
    put_possible(search);
    follow_queue(search);
}
