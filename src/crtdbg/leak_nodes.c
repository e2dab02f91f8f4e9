// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/leak_nodes.h"

#include "engine/fast.h"

static enum record_state state_of(const struct record *record)
{
    return (enum record_state)atomic_load_explicit(&record->state, memory_order_acquire);
}

static bool is_in_use(const struct record *record)
{
    const enum record_state state = state_of(record);
    return state == RECORD_LIVE || state == RECORD_IGNORED;
}

bool leak_node_of(
    const struct engine_block *found, struct debug_block *block, struct reach_block *node)
{
    struct record *record = found->record;
    if (record == NULL || !is_in_use(record)) {
        return false;
    }
    if (LIKELY(!record_is_shaped(record) && found->size >= FRONT_GAP_SIZE + TAIL_GAP_SIZE)) {
        *block = (struct debug_block){
            .base = found->data,
            .capacity = found->capacity,
            .user = (uint8_t *)found->data + FRONT_GAP_SIZE,
            .size = found->size - (FRONT_GAP_SIZE + TAIL_GAP_SIZE),
            .record = record,
        };
        *node = (struct reach_block){(uintptr_t)block->user, block->size};
        return true;
    }
    if (!debug_block_of_base(found->data, block)) {
        return false;
    }
    node->start = (uintptr_t)debug_block_data(block, &node->size);
    return true;
}

static void add(const halde_heap *heap, const struct engine_block *found, void *context)
{
    struct block_map *map = context;
    struct debug_block block;
    struct reach_block node;
    if (heap != debug_heap()) {
        block_map_add(map, (uintptr_t)found->data, found->size);
    } else if (leak_node_of(found, &block, &node)) {
        block_map_add(map, node.start, node.size);
        if (state_of(block.record) == RECORD_IGNORED) {
            block_map_pin(map, node.start);
        }
    }
}

bool leak_nodes_map(struct block_map *map)
{
    uintptr_t start;
    uintptr_t end;
    engine_pool(&start, &end);
    if (!block_map_init(map, start, end)) {
        return false;
    }
    engine_scan(NULL, add, map);
    block_map_finish(map);
    return true;
}

static const halde_heap *heap_around(uint64_t address)
{
    const struct slice *slice = slice_of((const void *)(uintptr_t)address);
    const struct heap *heap = slice == NULL ? NULL : slice_heap(slice);
    return heap == NULL ? NULL : (const halde_heap *)RELAXED_LOAD(heap->handle);
}

bool leak_nodes_describe(void *context, uint64_t granule, struct reach_block *node)
{
    const halde_heap *heap = heap_around(granule);
    struct engine_block found;
    struct debug_block block;
    (void)context;
    if (heap == NULL || !engine_block_around(heap, (const void *)(uintptr_t)granule, &found)) {
        return false;
    }
    if (heap == debug_heap()) {
        return leak_node_of(&found, &block, node);
    }
    *node = (struct reach_block){(uintptr_t)found.data, found.size};
    return true;
}

bool leak_node_at(uint64_t address, struct debug_block *block)
{
    struct engine_block found;
    struct reach_block node;
    return engine_block_around(debug_heap(), (const void *)(uintptr_t)address, &found) &&
           leak_node_of(&found, block, &node) && node.start == address;
}
