// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Phase 1 follows pointers to the first bytes of blocks, from the roots on, and notes blocks whose
// inside is pointed at.  Phase 2 begins with those of the latter that are still only that, and
// follows every pointer.  Blocks come from a queue, so that the way to each is the shortest.

#include "reach/search.h"

#include "base/bits.h"

#include <string.h>

// ---- Blocks by their handles --------------------------------------------------------------------

static struct reach_block block_of(const struct search *search, uint64_t handle)
{
    if (search->map == NULL) {
        return block_index_get(&search->index, (uint32_t)handle);
    }
    struct reach_block block;
    const bool is_there = search->input->describe(search->input->context, handle, &block);
    return is_there ? block : (struct reach_block){handle, 0};
}

static enum reach_class class_of(const struct search *search, uint64_t handle)
{
    return search->map != NULL
               ? reach_class_in_map(search->map, handle)
               : (enum reach_class)(search->result->classes[handle] & ~CLASS_IS_PENDING);
}

static void set_class(const struct search *search, uint64_t handle, enum reach_class class)
{
    if (search->map == NULL) {
        search->result->classes[handle] = (uint8_t) class;
    } else if (class == REACH_REACHABLE) {
        block_map_cell(search->map, handle)->reached |= block_map_bit(handle);
    } else {
        block_map_cell(search->map, handle)->possible |= block_map_bit(handle);
    }
}

// Whether nothing more is to be learnt of a block in this phase.
ALWAYS_INLINE bool is_settled(const struct search *search, uint64_t handle)
{
    const enum reach_class class = class_of(search, handle);
    return class == REACH_REACHABLE || (search->is_possible && class != REACH_NOT_SEARCHED);
}

// ---- Queue --------------------------------------------------------------------------------------

static void set_pending(const struct search *search, uint64_t handle)
{
    if (search->map != NULL) {
        block_map_cell(search->map, handle)->pending |= block_map_bit(handle);
    } else {
        search->result->classes[handle] |= CLASS_IS_PENDING;
    }
}

static void clear_pending(const struct search *search, uint64_t handle)
{
    if (search->map != NULL) {
        block_map_cell(search->map, handle)->pending &= ~block_map_bit(handle);
    } else {
        search->result->classes[handle] &= (uint8_t)~CLASS_IS_PENDING;
    }
}

static uint64_t pending_of(const struct map_cell *cell)
{
    return cell->pending;
}

// The first pending block from a handle on, or NO_HANDLE.
static uint64_t next_pending(const struct search *search, uint64_t handle)
{
    if (search->map != NULL) {
        return block_map_next(search->map, handle, pending_of);
    }
    const uint8_t *classes = search->result->classes;
    while (handle < search->index.count && (classes[handle] & CLASS_IS_PENDING) == 0) {
        handle++;
    }
    return handle < search->index.count ? handle : NO_HANDLE;
}

static uint64_t *place_of(const struct queue *queue, size_t number)
{
    return &queue->handles[number & (queue->capacity - 1)];
}

static void put(struct search *search, uint64_t handle)
{
    struct queue *queue = &search->queue;
    if (LIKELY(queue->tail - queue->head < queue->capacity)) {
        *place_of(queue, queue->tail++) = handle;
        return;
    }
    set_pending(search, handle);
    queue->pending_from = handle < queue->pending_from ? handle : queue->pending_from;
}

// Fills the empty queue with pending blocks. False: there are none.
static bool refill(struct search *search)
{
    struct queue *queue = &search->queue;
    while (queue->tail - queue->head < queue->capacity) {
        const uint64_t handle = next_pending(search, queue->pending_from);
        if (handle == NO_HANDLE) {
            queue->pending_from = NO_HANDLE;
            break;
        }
        clear_pending(search, handle);
        queue->pending_from = handle + 1;
        put(search, handle);
    }
    return queue->tail != queue->head;
}

// ---- Pointers -----------------------------------------------------------------------------------

static void note_referrer(struct search *search, uint64_t handle, const struct candidate *candidate)
{
    if (search->result->referrers != NULL) {
        search->result->referrers[handle] = (struct reach_referrer){
            .address = candidate->address,
            .block = candidate->source.block,
            .root = candidate->source.root,
        };
    }
}

ALWAYS_INLINE bool is_inside(const struct reach_block *block, uint64_t address)
{
    return address - block->start < block_extent(block);
}

// The block that a covered address lies in, if there is something to be learnt of it; else
// NO_HANDLE.  `*is_start`: it is the block's first byte.
ALWAYS_INLINE uint64_t find_unsettled(const struct search *search, uint64_t address, bool *is_start)
{
    if (search->map == NULL) {
        const uint32_t number = block_index_find(&search->index, address);
        if (number == REACH_NO_BLOCK || is_settled(search, number)) {
            return NO_HANDLE;
        }
        *is_start = block_index_get(&search->index, number).start == address;
        return number;
    }
    const uint64_t granule = block_map_find(search->map, address);
    if (granule == MAP_NO_GRANULE || is_settled(search, granule)) {
        return NO_HANDLE;
    }
    *is_start = true;
    if (granule == address && !search->map->has_odd) {
        return granule;
    }
    const struct reach_block block = block_of(search, granule);
    *is_start = block.start == address;
    return is_inside(&block, address) ? granule : NO_HANDLE;
}

static bool counts_as_start(struct search *search, uint64_t handle, uint64_t address)
{
    const struct reach_block block = block_of(search, handle);
    return heuristics_accept(search, &block, address);
}

static void reach_block(struct search *search, const struct candidate *candidate)
{
    bool is_start;
    const uint64_t handle = find_unsettled(search, candidate->word, &is_start);
    if (handle == NO_HANDLE) {
        return;
    }
    if (search->is_possible) {
        set_class(search, handle, REACH_POSSIBLE);
        put(search, handle);
    } else if (is_start || counts_as_start(search, handle, candidate->word)) {
        set_class(search, handle, REACH_REACHABLE);
        put(search, handle);
    } else if (class_of(search, handle) == REACH_POSSIBLE) {
        return;
    } else {
        set_class(search, handle, REACH_POSSIBLE); // until phase 1 finds better
    }
    note_referrer(search, handle, candidate);
}

// ---- Candidates ---------------------------------------------------------------------------------
// Words that may be pointers wait until there are some of them: what their look-up needs is on its
// way to the processor's cache meanwhile.

static void ask_for_look_up(const struct search *search, uint64_t word)
{
    if (search->map != NULL) {
        __builtin_prefetch(block_map_cell(search->map, word));
    } else {
        __builtin_prefetch(&search->index.firsts[(word - search->low) >> search->index.shift]);
    }
}

static void ask_for_descriptions(const struct search *search)
{
    const struct block_index *index = &search->index;
    for (size_t i = 0; i < search->candidate_count; i++) {
        const size_t bucket = (search->candidates[i].word - search->low) >> index->shift;
        const uint32_t first = index->firsts[bucket];
        __builtin_prefetch(block_index_place(index, first));
        __builtin_prefetch(&search->result->classes[first]);
    }
}

static void resolve_candidates(struct search *search)
{
    if (search->map == NULL) {
        ask_for_descriptions(search);
    }
    for (size_t i = 0; i < search->candidate_count; i++) {
        reach_block(search, &search->candidates[i]);
    }
    search->candidate_count = 0;
}

static void follow_words(struct search *search, const uint64_t *words, size_t count,
    const struct source *source, uint64_t address)
{
    const uint64_t low = search->low;
    const uint64_t size = search->size;
    for (size_t i = 0; i < count; i++) {
        // Once: what is read where it lies may change, if somebody shares this process's memory.
        const uint64_t word = RELAXED_LOAD(words[i]);
        if (LIKELY(word - low >= size)) {
            continue;
        }
        ask_for_look_up(search, word);
        search->candidates[search->candidate_count++] = (struct candidate){
            .word = word,
            .address = address + i * WORD_SIZE,
            .source = *source,
        };
        if (search->candidate_count == CANDIDATES_MAX) {
            resolve_candidates(search);
        }
    }
}

// ---- Roots --------------------------------------------------------------------------------------

// Follows a piece of a root that is here already. Returns its bytes; 0: it is not.
static size_t follow_held(
    struct search *search, const struct source *source, uint64_t address, uint64_t end)
{
    const struct reach_input *input = search->input;
    size_t size = 0;
    const void *words = input->hold == NULL ? NULL : input->hold(input->context, address, &size);
    size = words == NULL ? 0 : words_end(size_min(size, end - address));
    follow_words(search, words, size / WORD_SIZE, source, address);
    search->copies.read_size += size;
    return size;
}

static size_t follow_copied(
    struct search *search, const struct source *source, uint64_t address, uint64_t end)
{
    enum {
        PIECE_WORDS = 2048
    };
    uint64_t words[PIECE_WORDS];
    const size_t size = size_min(sizeof(words), end - address);
    const size_t got = copies_read_through(&search->copies, address, words, size);
    search->result->unreadable_size += size - got;
    follow_words(search, words, size / WORD_SIZE, source, address);
    return size;
}

static void follow_root(struct search *search, uint32_t number)
{
    const struct source source = {.block = REACH_NO_BLOCK, .root = number};
    const uint64_t end = words_end(search->input->roots[number].end);
    uint64_t address = words_start(search->input->roots[number].start);
    while (address < end && !copies_are_exhausted(&search->copies)) {
        size_t size = follow_held(search, &source, address, end);
        if (size == 0) {
            size = follow_copied(search, &source, address, end);
        }
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

// ---- Blocks -------------------------------------------------------------------------------------

// The whole words of a block.
static struct reach_range words_of(const struct search *search, uint64_t handle)
{
    const uint64_t end = search->map == NULL ? 0 : block_map_words_end(search->map, handle);
    if (end != 0) {
        return (struct reach_range){handle, end};
    }
    const struct reach_block block = block_of(search, handle);
    return (struct reach_range){words_start(block.start), words_end(block.start + block.size)};
}

static void follow_block(struct search *search, uint64_t handle)
{
    const struct source source = {.block = (uint32_t)handle};
    const struct reach_range words = words_of(search, handle);
    for (uint64_t address = words.start;
         address < words.end && !copies_are_exhausted(&search->copies);) {
        size_t size;
        const uint8_t *bytes = copies_at(&search->copies, address, &size);
        size = size_min(size, words.end - address);
        search->kept = address;
        follow_words(
            search, (const uint64_t *)(const void *)bytes, size / WORD_SIZE, &source, address);
        address += size;
    }
}

// What a block that comes soon will need.
static void ask_for_block(const struct search *search, size_t number)
{
    const struct queue *queue = &search->queue;
    if (number >= queue->tail) {
        return;
    }
    const uint64_t handle = *place_of(queue, number);
    if (search->map == NULL) {
        __builtin_prefetch(block_index_place(&search->index, (uint32_t)handle));
    } else {
        block_map_prefetch_end(search->map, handle);
        copies_prefetch(&search->copies, handle);
    }
}

static void ask_for_bytes(const struct search *search, size_t number)
{
    if (search->map == NULL && number < search->queue.tail) {
        const uint64_t handle = *place_of(&search->queue, number);
        copies_prefetch(&search->copies, block_index_get(&search->index, (uint32_t)handle).start);
    }
}

static void follow_queue(struct search *search)
{
    enum {
        AHEAD = 8
    };
    struct queue *queue = &search->queue;
    do {
        while (queue->head != queue->tail) {
            ask_for_block(search, queue->head + 2 * AHEAD);
            ask_for_bytes(search, queue->head + AHEAD);
            follow_block(search, *place_of(queue, queue->head++));
            if (queue->head == queue->tail) {
                resolve_candidates(search);
            }
        }
    } while (refill(search));
}

static void set_all_possible_pending(struct search *search)
{
    search->queue.pending_from = 0;
    if (search->map != NULL) {
        block_map_set_pending(search->map);
        return;
    }
    uint8_t *classes = search->result->classes;
    for (uint32_t i = 0; i < search->index.count; i++) {
        classes[i] |= classes[i] == REACH_POSSIBLE ? CLASS_IS_PENDING : 0;
    }
}

void search_mark(struct search *search)
{
    search->queue.pending_from = 0; // a map may have blocks that are reached anyway
    for (uint32_t i = 0; i < search->input->root_count; i++) {
        follow_root(search, i);
    }
    follow_single_words(search);
    resolve_candidates(search);
    follow_queue(search);
    search->is_possible = true;
    set_all_possible_pending(search);
    follow_queue(search);
}
