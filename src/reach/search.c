// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "reach/search.h"

#include "base/bits.h"
#include "reach/pages.h"

enum {
    COPIES_LIMIT = 256 << 20,
    QUEUE_CAPACITY = 1 << 15,
};

// The results lie one behind the other, the largest items first.
static bool take_results(struct reach *reach, size_t count, bool has_referrers)
{
    const size_t referrers_size = has_referrers ? count * sizeof(struct reach_referrer) : 0;
    const size_t leaders_size = count * sizeof(uint32_t);
    reach->memory_size = referrers_size + leaders_size + count;
    uint8_t *memory = pages_take(reach->memory_size);
    if (memory == NULL) {
        return false;
    }
    reach->memory = memory;
    reach->referrers = has_referrers ? (struct reach_referrer *)(void *)memory : NULL;
    reach->leaders = (uint32_t *)(void *)(memory + referrers_size);
    reach->classes = memory + referrers_size + leaders_size;
    return true;
}

// ---- What a search needs ----------------------------------------------------------------------

static size_t queue_size(const struct search *search)
{
    return search->queue.capacity * sizeof(*search->queue.handles);
}

// For the shortest way to each block all of them must find room.
static bool take_queue(struct search *search)
{
    const size_t wanted =
        search->input->has_referrers ? search->input->block_count : QUEUE_CAPACITY;
    search->queue.capacity = 1;
    while (search->queue.capacity < wanted) {
        search->queue.capacity *= 2;
    }
    search->queue.handles = pages_take(queue_size(search));
    return search->queue.handles != NULL;
}

// Whether blocks fill a good part of the addresses from the first to the last.
static bool is_dense(const struct search *search)
{
    uint64_t size = 0;
    for (size_t i = 0; i < search->input->block_count; i++) {
        size += reach_block_of(search->input, i).size;
    }
    return size >= search->size / 4;
}

static bool take_copies(struct search *search)
{
    const struct reach_input *input = search->input;
    const struct copies_source source = {
        .read = input->read,
        .hold = input->hold,
        .context = input->context,
        .direct = input->direct,
        .range_size = search->size,
        .is_dense = search->map == NULL && is_dense(search),
        .limit = input->memory_limit == 0 ? COPIES_LIMIT : input->memory_limit,
    };
    return copies_init(&search->copies, &source);
}

// Blocks from now on are those of a list.
static bool take_index(
    struct search *search, const struct reach_block *blocks, size_t count, size_t stride)
{
    if (!block_index_init(&search->index, blocks, count, stride)) {
        return false;
    }
    search->map = NULL;
    search->low = search->index.low;
    search->size = search->index.size;
    return true;
}

static bool take_blocks(struct search *search)
{
    const struct reach_input *input = search->input;
    if (input->map == NULL) {
        return take_results(search->result, input->block_count, input->has_referrers) &&
               take_index(search, input->blocks, input->block_count, input->block_stride);
    }
    search->map = input->map;
    search->low = input->map->base;
    search->size = input->map->used;
    return true;
}

static void release_own(struct search *search)
{
    if (search->queue.handles != NULL) {
        pages_give_back(search->queue.handles, queue_size(search));
    }
    block_index_release(&search->index);
    copies_release(&search->copies);
}

// ---- The lost blocks of a map -----------------------------------------------------------------

static uint64_t lost_of(const struct map_cell *cell)
{
    return cell->starts & ~(cell->reached | cell->possible);
}

static size_t count_lost(const struct block_map *map)
{
    size_t count = 0;
    uint64_t at = block_map_next(map, 0, lost_of);
    for (; at != MAP_NO_GRANULE; at = block_map_next(map, at + 1, lost_of)) {
        count++;
    }
    return count;
}

static void list_lost(const struct search *search, struct reach_block *blocks)
{
    const struct reach_input *input = search->input;
    uint64_t end = 0;
    uint64_t at = block_map_next(search->map, 0, lost_of);
    for (; at != MAP_NO_GRANULE; at = block_map_next(search->map, at + 1, lost_of)) {
        struct reach_block *block = &blocks[search->result->lost_count];
        if (input->describe(input->context, at, block) && block->start >= end &&
            block->size <= UINT64_MAX - block->start) {
            end = block->start + block->size;
            search->result->lost_count++;
        }
    }
}

// From here on they are all blocks that there are.
static bool take_lost(struct search *search)
{
    struct reach *reach = search->result;
    const size_t count = count_lost(search->map);
    reach->lost_size = count * sizeof(*reach->lost);
    struct reach_block *lost = pages_take(reach->lost_size);
    reach->lost = lost;
    if (count > REACH_BLOCKS_MAX || lost == NULL || !take_results(reach, count, false)) {
        return false;
    }
    list_lost(search, lost);
    return take_index(search, lost, reach->lost_count, 0);
}

// -----------------------------------------------------------------------------------------------

static bool search_all(struct search *search)
{
    if (!take_blocks(search) || !take_queue(search) || !take_copies(search)) {
        return false;
    }
    search_mark(search);
    return (search->map == NULL || take_lost(search)) && search_lost(search);
}

bool reach_search(const struct reach_input *input, struct reach *reach)
{
    *reach = (struct reach){0};
    if (input->block_count > REACH_BLOCKS_MAX) {
        return false;
    }
    struct search search = {.input = input, .result = reach};
    const bool is_done = search_all(&search);
    reach->read_size = search.copies.read_size;
    reach->is_cut = copies_are_exhausted(&search.copies);
    release_own(&search);
    if (!is_done) {
        reach_release(reach);
    }
    return is_done;
}

void reach_release(struct reach *reach)
{
    pages_give_back(reach->memory, reach->memory_size);
    pages_give_back((void *)(uintptr_t)reach->lost, reach->lost_size);
    *reach = (struct reach){0};
}

// ---- Single questions -------------------------------------------------------------------------

uint32_t reach_block_at(const struct reach_input *input, uint64_t address)
{
    const struct block_index index = {
        .blocks = (const char *)input->blocks,
        .stride = input->block_stride != 0 ? input->block_stride : sizeof(*input->blocks),
    };
    const uint32_t found =
        block_index_last_before(&index, 0, (uint32_t)input->block_count, address);
    if (found == UINT32_MAX) {
        return REACH_NO_BLOCK;
    }
    const struct reach_block block = reach_block_of(input, found);
    return address - block.start < block_extent(&block) ? found : REACH_NO_BLOCK;
}

struct pointer_search {
    struct reach_range target;
    bool (*visit)(const struct reach_pointer *pointer, void *context);
    void *context;
    struct copies copies;
    uint32_t block; // where words are read just now
    uint32_t root;
};

// False: the visitor has seen enough.
static bool visit_words(
    const struct pointer_search *search, const uint64_t *words, size_t count, uint64_t address)
{
    const uint64_t target_size = search->target.end - search->target.start;
    for (size_t i = 0; i < count; i++) {
        if (LIKELY(words[i] - search->target.start >= target_size)) {
            continue;
        }
        const struct reach_pointer pointer = {
            .address = address + i * WORD_SIZE,
            .value = words[i],
            .block = search->block,
            .root = search->root,
        };
        if (!search->visit(&pointer, search->context)) {
            return false;
        }
    }
    return true;
}

static bool visit_range(struct pointer_search *search, uint64_t start, uint64_t end)
{
    uint64_t address = words_start(start);
    end = words_end(end);
    while (address < end && !copies_are_exhausted(&search->copies)) {
        size_t size;
        const uint64_t *words =
            (const uint64_t *)(const void *)copies_at(&search->copies, address, &size);
        size = size_min(size, end - address);
        if (!visit_words(search, words, size / WORD_SIZE, address)) {
            return false;
        }
        address += size;
    }
    return true;
}

static bool visit_roots(struct pointer_search *search, const struct reach_input *input)
{
    search->block = REACH_NO_BLOCK;
    for (uint32_t i = 0; i < input->root_count; i++) {
        search->root = i;
        if (!visit_range(search, input->roots[i].start, input->roots[i].end)) {
            return false;
        }
    }
    search->root = (uint32_t)input->root_count;
    for (size_t i = 0; i < input->word_count; i++) {
        if (!visit_words(search, &input->words[i], 1, i)) {
            return false;
        }
    }
    return true;
}

static void visit_blocks(struct pointer_search *search, const struct reach_input *input)
{
    search->root = 0;
    for (uint32_t i = 0; i < input->block_count; i++) {
        const struct reach_block block = reach_block_of(input, i);
        search->block = i;
        if (!visit_range(search, block.start, block.start + block.size)) {
            return;
        }
    }
}

bool reach_find_pointers(const struct reach_input *input, struct reach_range target,
    bool (*visit)(const struct reach_pointer *pointer, void *context), void *context)
{
    struct pointer_search search = {.target = target, .visit = visit, .context = context};
    const struct copies_source source = {
        .read = input->read, .hold = input->hold, .context = input->context};
    if (!copies_init(&search.copies, &source)) {
        return false;
    }
    if (visit_roots(&search, input)) {
        visit_blocks(&search, input);
    }
    copies_release(&search.copies);
    return true;
}
