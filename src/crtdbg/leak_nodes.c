// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/leak_nodes.h"

#include "base/bits.h"
#include "crtdbg/listing.h"

#include <string.h>

enum {
    HEAPS_MAX = 256, // other heaps whose blocks are looked at
    SPARE = 1024,    // blocks of other heaps that may come meanwhile
};

struct node {
    uint64_t start;
    uint64_t size;
    const struct record *record;
};
static_assert(sizeof(struct node) == sizeof(struct reach_block) + sizeof(struct record *),
    "the arrays take as much room as the nodes from which they are made");

struct gathering {
    struct node *nodes;
    size_t count;
    size_t capacity;
    uint64_t *ignored;
    size_t ignored_count;
    bool (*is_told)(const struct debug_block *block, void *context);
    void *context;
};

// ---- Other heaps ------------------------------------------------------------------------------

// Step by step, without the heap's lock: who holds it may wait for us.
static size_t visit_heap(
    halde_heap *heap, void (*visit)(const struct halde_entry *entry, void *context), void *context)
{
    struct halde_entry entry;
    size_t count = 0;
    enum halde_status status = halde_heap_walk_next(heap, NULL, false, &entry);
    while (status == HALDE_OK) {
        const bool is_busy = entry.kind == HALDE_ENTRY_BUSY;
        if (is_busy) {
            count++;
            visit(&entry, context);
        }
        status = halde_heap_walk_next(heap, entry.data, is_busy, &entry);
    }
    return count;
}

static size_t visit_other_heaps(
    void (*visit)(const struct halde_entry *entry, void *context), void *context)
{
    halde_heap *heaps[HEAPS_MAX];
    const size_t heap_count = size_min(halde_heap_list(heaps, HEAPS_MAX), HEAPS_MAX);
    size_t count = 0;
    for (size_t i = 0; i < heap_count; i++) {
        if (heaps[i] != debug_heap()) {
            count += visit_heap(heaps[i], visit, context);
        }
    }
    return count;
}

static void pass_over(const struct halde_entry *entry, void *context)
{
    (void)entry;
    (void)context;
}

static void add_plain(const struct halde_entry *entry, void *context)
{
    struct gathering *gathering = context;
    if (gathering->count < gathering->capacity) {
        gathering->nodes[gathering->count++] =
            (struct node){.start = (uintptr_t)entry->data, .size = entry->size};
    }
}

// ---- Debug blocks -----------------------------------------------------------------------------

static void count_debug(const struct debug_block *block, void *context)
{
    size_t *count = context;
    (void)block;
    (*count)++;
}

static void add_debug(const struct debug_block *block, void *context)
{
    struct gathering *gathering = context;
    const struct record *record = block->record;
    const enum record_state state = debug_block_state(block);
    if ((state != RECORD_LIVE && state != RECORD_IGNORED) ||
        gathering->count == gathering->capacity) {
        return;
    }
    const uint64_t start = (uintptr_t)block->user + record->inner;
    if (state == RECORD_IGNORED) {
        gathering->ignored[gathering->ignored_count++] = start;
    }
    gathering->nodes[gathering->count++] = (struct node){
        .start = start,
        .size = record->inner != 0 ? record_inner_size(record) : record_size(record),
        .record = gathering->is_told(block, gathering->context) ? record : NULL,
    };
}

// ---- Order ------------------------------------------------------------------------------------
// Walks give long runs in order of addresses: so runs are merged.

static size_t run_end(const struct node *nodes, size_t start, size_t count)
{
    size_t end = start + 1;
    while (end < count && nodes[end].start >= nodes[end - 1].start) {
        end++;
    }
    return size_min(end, count);
}

static void merge(const struct node *from, size_t first, size_t middle, size_t end, struct node *to)
{
    size_t left = first;
    size_t right = middle;
    for (size_t i = first; i < end; i++) {
        const bool takes_left =
            left < middle && (right == end || from[left].start <= from[right].start);
        to[i] = takes_left ? from[left++] : from[right++];
    }
}

// Merges each two runs. Returns how many there were.
static size_t merge_pairs(const struct node *from, struct node *to, size_t count)
{
    size_t runs = 0;
    for (size_t start = 0; start < count;) {
        const size_t middle = run_end(from, start, count);
        const size_t end = middle < count ? run_end(from, middle, count) : middle;
        merge(from, start, middle, end, to);
        runs += middle < count ? 2 : 1;
        start = end;
    }
    return runs;
}

// Sorted nodes are in `nodes` afterwards; `other` has as much room.
static void sort(struct node *nodes, struct node *other, size_t count)
{
    while (merge_pairs(nodes, other, count) > 2) {
        if (merge_pairs(other, nodes, count) <= 2) {
            return;
        }
    }
    memcpy(nodes, other, count * sizeof(*nodes));
}

// -----------------------------------------------------------------------------------------------

size_t leak_nodes_count(void)
{
    size_t count = 0;
    debug_walk(count_debug, &count);
    const size_t plain = visit_other_heaps(pass_over, NULL);
    return count + plain + plain / 8 + SPARE;
}

size_t leak_nodes_memory(size_t capacity)
{
    return capacity * (2 * sizeof(struct node) + sizeof(uint64_t));
}

void leak_nodes_gather(struct leak_nodes *nodes,
    bool (*is_told)(const struct debug_block *block, void *context), void *context)
{
    struct gathering gathering = {
        .nodes = nodes->memory,
        .capacity = nodes->capacity,
        .is_told = is_told,
        .context = context,
    };
    struct node *other = gathering.nodes + nodes->capacity;
    gathering.ignored = (uint64_t *)(void *)(other + nodes->capacity);
    debug_walk(add_debug, &gathering);
    visit_other_heaps(add_plain, &gathering);
    sort(gathering.nodes, other, gathering.count);
    nodes->blocks = (struct reach_block *)(void *)other;
    nodes->records = (const struct record **)(void *)(nodes->blocks + nodes->capacity);
    nodes->ignored = gathering.ignored;
    nodes->ignored_count = gathering.ignored_count;
    uint64_t end = 0;
    for (size_t i = 0; i < gathering.count; i++) {
        const struct node *node = &gathering.nodes[i];
        if (node->start < end) {
            continue; // it came while a heap was walked
        }
        end = node->start + node->size;
        nodes->records[nodes->count] = node->record;
        nodes->blocks[nodes->count++] = (struct reach_block){node->start, node->size};
    }
}
