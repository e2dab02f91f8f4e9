// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 120

/**
 * A byte string drives the whole native API, right and wrong calls alike, and an oracle that knows
 * what every heap holds judges each result.
 *
 * Built with CONFIG_LIBFUZZER=1 this is a libFuzzer target.  Otherwise a test that runs the files
 * given as arguments, or else the kept inputs in seeds/operations/ and then random inputs for
 * HALDE_STRESS_SECONDS.  A random input that fails is written to a file, to be run again as an
 * argument and kept as a seed.
 */
#include "check.h"
#include "child.h"
#include "fault_page.h"
#include "pattern.h"
#include "process.h"
#include "seed.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    HEAPS = 6,
    BLOCKS = 48, // of each heap
    GRAVES = 16, // freed blocks that are remembered, of each heap
    MIB = 1 << 20,
    MAX_TOTAL = 96 * MIB, // of all blocks of one input
    PLAIN_SIZE = 16 << 10,
    LARGE_SIZE = MIB - 8192, // from here on blocks lie outside of regions
};

// ---- Input ----

struct input {
    const uint8_t *next;
    const uint8_t *end;
};

static uint8_t take_byte(struct input *input)
{
    return input->next < input->end ? *input->next++ : 0;
}

static size_t take_word(struct input *input)
{
    size_t low = take_byte(input);
    return low | (size_t)take_byte(input) << 8;
}

// Three bytes choose a size: mostly small, sometimes at an edge, seldom large, rarely impossible.
static size_t take_size(struct input *input)
{
    static const size_t edges[] = {0, 1, 15, 16, 17, 512, 513, 1024, 1025, 2048, 4095, 4096, 4097,
        8192, 8193, 32768, 65535, 65536, 65537, 131072, MIB - 12288, MIB - 4096, MIB, MIB + 1,
        2 * MIB};
    uint8_t kind = take_byte(input);
    size_t value = take_word(input);
    if (kind < 140) {
        return value % 1100;
    }
    if (kind < 190) {
        return value % 9000;
    }
    if (kind < 215) {
        return value;
    }
    if (kind < 240) {
        return edges[value % (sizeof edges / sizeof edges[0])];
    }
    if (kind < 252) {
        return value * 61;
    }
    return SIZE_MAX - value;
}

// ---- The oracle ----

struct block {
    void *data; // NULL: none
    size_t size;
    // Small ever since it was there and without an alignment: not in slices of its own.
    bool is_plain;
    // When it came there: then it lies outside of regions, also after it shrank.
    bool was_large;
    uint64_t key;
    bool has_info;
    struct halde_user_info info;
};

struct grave {
    void *data;
    bool is_plain; // of the block
};

struct heap {
    halde_heap *handle; // NULL: none
    struct halde_heap_options options;
    size_t lock_depth;
    struct block blocks[BLOCKS];
    struct grave graves[GRAVES];
    size_t grave_count; // ever dug; the last GRAVES are kept
};

struct oracle {
    struct input input;
    struct heap heaps[HEAPS];
    halde_heap *dead_handle; // of a heap that was destroyed
    size_t total;
    uint64_t next_key;
};

static struct heap *take_heap(struct oracle *oracle)
{
    return &oracle->heaps[take_byte(&oracle->input) % HEAPS];
}

static struct block *take_block(struct oracle *oracle, struct heap *heap)
{
    return &heap->blocks[take_byte(&oracle->input) % BLOCKS];
}

static bool can_refuse(const struct heap *heap, size_t size)
{
    return heap->options.maximum_size != 0 || size > (size_t)1 << 40;
}

static bool is_zeroed(const struct heap *heap, uint32_t flags)
{
    return flags & HALDE_ZERO || heap->options.flags & HALDE_HEAP_ZERO;
}

static struct block *find_block(struct heap *heap, const void *data)
{
    for (size_t i = 0; i < BLOCKS; i++) {
        if (heap->blocks[i].data && heap->blocks[i].data == data) {
            return &heap->blocks[i];
        }
    }
    return NULL;
}

static void check_block(const struct heap *heap, const struct block *block)
{
    size_t size = SIZE_MAX;
    EXPECT_OK(halde_heap_size(heap->handle, block->data, &size));
    EXPECT_SIZE(size, block->size);
    EXPECT_POINTER(halde_heap_of_block(block->data), heap->handle);
    pattern_expect(block->data, block->size, block->size, block->key, "contents");
}

// ---- Right calls ----

static void do_create(struct oracle *oracle)
{
    struct heap *heap = take_heap(oracle);
    uint8_t kind = take_byte(&oracle->input);
    size_t value = take_word(&oracle->input);
    if (heap->handle) {
        return;
    }
    struct halde_heap_options options = {0};
    options.flags =
        (kind & 1 ? HALDE_HEAP_NO_SERIALIZE : 0) | (value % 5 == 0 ? HALDE_HEAP_ZERO : 0);
    options.checks = kind & 2 ? (kind >> 2) & 7u : 0;
    options.maximum_size = kind & 0x20 ? (value + 1) * 64 : 0; // 64 bytes to 4 MiB
    options.initial_size = kind & 0x40 ? value * 16 : 0;
    halde_heap *handle = NULL;
    enum halde_status status = halde_heap_create(kind & 0x80 ? &options : NULL, &handle);
    heap->options = kind & 0x80 ? options : (struct halde_heap_options){0};
    if (status != HALDE_OK && heap->options.maximum_size != 0) {
        EXPECT_STATUS_IN(status, STATUS_BIT(HALDE_NO_MEMORY) | STATUS_BIT(HALDE_BAD_ARGUMENT));
        EXPECT_POINTER(handle, NULL);
        return; // too small for a heap
    }
    EXPECT_OK(status);
    EXPECT_TRUE(halde_heap_is_valid(handle));
    EXPECT_SIZE((uintptr_t)handle % 65536, 0);
    struct halde_heap_options kept = heap->options;
    memset(heap, 0, sizeof *heap);
    heap->options = kept;
    heap->handle = handle;
}

static void do_destroy(struct oracle *oracle, struct heap *heap)
{
    if (!heap->handle) {
        return;
    }
    for (size_t i = 0; i < BLOCKS; i++) {
        oracle->total -= heap->blocks[i].data ? heap->blocks[i].size : 0;
    }
    EXPECT_OK(halde_heap_destroy(heap->handle));
    EXPECT_FALSE(halde_heap_is_valid(heap->handle));
    oracle->dead_handle = heap->handle;
    memset(heap, 0, sizeof *heap);
}

static void expect_fresh(
    struct oracle *oracle, const struct heap *heap, const void *data, size_t size)
{
    for (size_t h = 0; h < HEAPS; h++) {
        for (size_t i = 0; i < BLOCKS; i++) {
            const struct block *other = &oracle->heaps[h].blocks[i];
            if (!other->data) {
                continue;
            }
            uintptr_t start = (uintptr_t)other->data;
            uintptr_t end = start + (other->size ? other->size : 1);
            uintptr_t new_end = (uintptr_t)data + (size ? size : 1);
            EXPECT_TRUE(end <= (uintptr_t)data || new_end <= start);
        }
    }
    EXPECT_POINTER(halde_heap_of_block(data), heap->handle);
}

static void do_alloc(struct oracle *oracle)
{
    struct heap *heap = take_heap(oracle);
    struct block *block = take_block(oracle, heap);
    uint8_t how = take_byte(&oracle->input);
    size_t size = take_size(&oracle->input);
    if (!heap->handle || block->data) {
        return;
    }
    if (size < SIZE_MAX / 2 && size + oracle->total > MAX_TOTAL) {
        return;
    }
    uint32_t flags = (how & 1 ? HALDE_ZERO : 0) | (how & 2 ? HALDE_UNLOCKED : 0);
    size_t alignment = how & 4 ? (size_t)1 << (how >> 3) % 21 : 16;
    void *data = how & 4 ? halde_heap_alloc_aligned(heap->handle, size, alignment, flags)
                         : halde_heap_alloc(heap->handle, size, flags);
    if (!data) {
        EXPECT_TRUE(can_refuse(heap, size));
        return;
    }
    EXPECT_SIZE((uintptr_t)data % (alignment < 16 ? 16 : alignment), 0);
    expect_fresh(oracle, heap, data, size);
    if (is_zeroed(heap, flags)) {
        pattern_expect_zero(data, 0, size, "zeroed allocation");
    }
    bool is_plain = size <= PLAIN_SIZE && alignment <= 4096;
    *block = (struct block){
        .data = data,
        .size = size,
        .is_plain = is_plain,
        .was_large = size >= LARGE_SIZE,
        .key = oracle->next_key++,
    };
    oracle->total += size;
    pattern_fill(data, size, block->key);
    check_block(heap, block);
}

static struct grave grave_of(const struct block *block)
{
    return (struct grave){block->data, block->is_plain};
}

static void bury(struct heap *heap, const struct block *block)
{
    heap->graves[heap->grave_count++ % GRAVES] = grave_of(block);
}

static void do_realloc(struct oracle *oracle)
{
    struct heap *heap = take_heap(oracle);
    struct block *block = take_block(oracle, heap);
    uint8_t how = take_byte(&oracle->input);
    size_t size = take_size(&oracle->input);
    if (how & 8) { // a small step, which often stays in place
        size = block->size + size % 64 - (block->size >= 32 ? 32 : 0);
    }
    if (!heap->handle || !block->data ||
        (size < SIZE_MAX / 2 && size + oracle->total > MAX_TOTAL)) {
        return;
    }
    uint32_t flags = (how & 1 ? HALDE_ZERO : 0) | (how & 2 ? HALDE_IN_PLACE : 0) |
                     (how & 4 ? HALDE_UNLOCKED : 0);
    enum halde_status status = HALDE_NOT_FOUND;
    void *data = halde_heap_realloc(heap->handle, block->data, size, flags, &status);
    if (!data) {
        EXPECT_STATUS(status, HALDE_NO_MEMORY);
        EXPECT_TRUE(can_refuse(heap, size) || (flags & HALDE_IN_PLACE));
        check_block(heap, block);
        return;
    }
    EXPECT_TRUE(!(flags & HALDE_IN_PLACE) || data == block->data);
    EXPECT_SIZE((uintptr_t)data % 16, 0);
    pattern_expect(
        data, block->size, block->size < size ? block->size : size, block->key, "realloc");
    if (is_zeroed(heap, flags)) {
        pattern_expect_zero(data, block->size, size, "zeroed realloc");
    }
    if (data != block->data) {
        bury(heap, block);
        block->is_plain = true;
        block->was_large = size >= LARGE_SIZE;
    }
    block->is_plain = block->is_plain && size <= PLAIN_SIZE;
    oracle->total = oracle->total - block->size + size;
    block->data = data;
    block->size = size;
    pattern_fill(data, size, block->key);
    check_block(heap, block);
}

// What was in a span is recognised as freed; slices of its own may have merged with free neighbours
// or gone back to the process.
static uint32_t statuses_of_freed(const struct grave *grave)
{
    uint32_t merged = STATUS_BIT(HALDE_BLOCK_INTERIOR) | STATUS_BIT(HALDE_BLOCK_UNKNOWN);
    return STATUS_BIT(HALDE_BLOCK_FREED) | (grave->is_plain ? 0 : merged);
}

static void do_free(struct oracle *oracle)
{
    struct heap *heap = take_heap(oracle);
    struct block *block = take_block(oracle, heap);
    uint8_t how = take_byte(&oracle->input);
    if (!heap->handle || !block->data) {
        return;
    }
    check_block(heap, block);
    uint32_t flags = how & 1 ? HALDE_UNLOCKED : 0;
    EXPECT_OK(halde_heap_free(heap->handle, block->data, flags));
    if (how & 2) { // again at once
        struct grave grave = grave_of(block);
        if (!EXPECT_STATUS_IN(
                halde_heap_free(heap->handle, block->data, flags), statuses_of_freed(&grave))) {
            test_note("  block %p of %zu bytes, heap of at most %zu", block->data, block->size,
                heap->options.maximum_size);
        }
    }
    bury(heap, block);
    oracle->total -= block->size;
    *block = (struct block){0};
}

static void do_lock(struct oracle *oracle)
{
    struct heap *heap = take_heap(oracle);
    if (heap->handle && heap->lock_depth < 100) {
        EXPECT_OK(halde_heap_lock(heap->handle));
        heap->lock_depth++;
    }
}

static void do_unlock(struct oracle *oracle)
{
    struct heap *heap = take_heap(oracle);
    if (!heap->handle) {
        return;
    }
    enum halde_status status = halde_heap_unlock(heap->handle);
    if (heap->options.flags & HALDE_HEAP_NO_SERIALIZE) {
        EXPECT_OK(status);
        return;
    }
    EXPECT_STATUS(status, heap->lock_depth > 0 ? HALDE_OK : HALDE_NOT_OWNER);
    heap->lock_depth -= heap->lock_depth > 0;
}

// ---- Walks ----

struct seen {
    struct heap *heap;
    size_t count;
    size_t size;
    uintptr_t end; // of the element before, in the same region
};

static void see_block(struct seen *seen, void *data, size_t size)
{
    const struct block *block = find_block(seen->heap, data);
    if (!block) {
        test_fail(CHECK_HERE, "the walk shows %p of %zu bytes, which nobody has", data, size);
        return;
    }
    EXPECT_SIZE(size, block->size);
    seen->count++;
    seen->size += size;
}

static bool see_entry(const struct halde_entry *entry, void *context)
{
    struct seen *seen = context;
    if (entry->kind == HALDE_ENTRY_REGION) {
        seen->end = 0;
        return true;
    }
    if (entry->region_index != HALDE_REGION_LARGE) {
        EXPECT_TRUE((uintptr_t)entry->data >= seen->end);
        seen->end = (uintptr_t)entry->data + entry->size;
    }
    if (entry->kind == HALDE_ENTRY_BUSY) {
        see_block(seen, entry->data, entry->size);
        const struct block *block = find_block(seen->heap, entry->data);
        EXPECT_TRUE(!block || entry->has_user_info == block->has_info);
        EXPECT_TRUE(!block || !block->has_info || entry->user_info.value == block->info.value);
    }
    return true;
}

static bool see_blocks(const struct halde_block *blocks, size_t count, void *context)
{
    for (size_t i = 0; i < count; i++) {
        see_block(context, blocks[i].data, blocks[i].size);
    }
    return true;
}

static void walk_in_steps(struct seen *seen)
{
    struct halde_entry entry = {0};
    enum halde_status status = halde_heap_walk_next(seen->heap->handle, NULL, false, &entry);
    EXPECT_POINTER(entry.data, seen->heap->handle);
    size_t steps = 0;
    while (status == HALDE_OK && steps++ < 2000000) {
        see_entry(&entry, seen);
        status = halde_heap_walk_next(
            seen->heap->handle, entry.data, entry.kind == HALDE_ENTRY_BUSY, &entry);
    }
    EXPECT_STATUS(status, HALDE_NO_MORE_ENTRIES);
}

static void walk(struct heap *heap, uint8_t how)
{
    struct seen seen = {.heap = heap};
    if (how % 3 == 0) {
        walk_in_steps(&seen);
    } else if (how % 3 == 1) {
        EXPECT_OK(halde_heap_walk(heap->handle, see_entry, &seen));
    } else {
        EXPECT_OK(halde_heap_walk_blocks(heap->handle, see_blocks, &seen));
    }
    size_t count = 0;
    size_t size = 0;
    for (size_t i = 0; i < BLOCKS; i++) {
        count += heap->blocks[i].data != NULL;
        size += heap->blocks[i].data ? heap->blocks[i].size : 0;
    }
    EXPECT_SIZE(seen.count, count);
    EXPECT_SIZE(seen.size, size);
    struct halde_heap_summary summary;
    EXPECT_OK(halde_heap_summarize(heap->handle, &summary));
    EXPECT_SIZE(summary.busy_count, count);
    EXPECT_SIZE(summary.busy_size, size);
    EXPECT_AT_MOST(summary.committed_size, summary.reserved_size);
    EXPECT_AT_MOST(summary.reserved_size, summary.max_reserve_size);
}

static void do_walk(struct oracle *oracle)
{
    struct heap *heap = take_heap(oracle);
    uint8_t how = take_byte(&oracle->input);
    if (heap->handle) {
        walk(heap, how);
    }
}

static bool stop_at_once(const struct halde_entry *entry, void *context)
{
    (void)entry;
    ++*(size_t *)context;
    return false;
}

static void do_maintain(struct oracle *oracle)
{
    struct heap *heap = take_heap(oracle);
    uint8_t how = take_byte(&oracle->input);
    if (!heap->handle) {
        return;
    }
    size_t visits = 0;
    switch (how % 3) {
    case 0:
        halde_heap_compact(heap->handle);
        break;
    case 1:
        EXPECT_VALID(heap->handle, NULL);
        break;
    default:
        EXPECT_OK(halde_heap_walk(heap->handle, stop_at_once, &visits));
        EXPECT_SIZE(visits, 1);
        break;
    }
}

static void do_user_info(struct oracle *oracle)
{
    struct heap *heap = take_heap(oracle);
    struct block *block = take_block(oracle, heap);
    uint8_t how = take_byte(&oracle->input);
    if (!heap->handle || !block->data) {
        return;
    }
    if (how % 2) {
        block->has_info = true;
        block->info = (struct halde_user_info){(void *)(uintptr_t)(how * 1001u), how};
        EXPECT_OK(halde_heap_set_user_info(heap->handle, block->data, &block->info));
        return;
    }
    struct halde_user_info info = {0};
    enum halde_status status = halde_heap_get_user_info(heap->handle, block->data, &info);
    EXPECT_STATUS(status, block->has_info ? HALDE_OK : HALDE_NOT_FOUND);
    EXPECT_TRUE(
        !block->has_info || (info.value == block->info.value && info.flags == block->info.flags));
}

static void do_list(struct oracle *oracle)
{
    halde_heap *list[HEAPS + 1];
    size_t expected = 1;
    for (size_t h = 0; h < HEAPS; h++) {
        expected += oracle->heaps[h].handle != NULL;
    }
    EXPECT_SIZE(halde_heap_list(list, HEAPS + 1), expected);
    EXPECT_POINTER(list[0], halde_process_heap());
}

// ---- Damage and wrong calls ----

// One byte behind a block of a heap with tail checks: found, named, and good again when repaired.
static void do_damage(struct oracle *oracle)
{
    struct heap *heap = take_heap(oracle);
    struct block *block = take_block(oracle, heap);
    uint8_t how = take_byte(&oracle->input);
    bool has_tail = heap->handle && block->data && !block->was_large &&
                    (heap->options.checks & HALDE_CHECK_TAIL) != 0;
    if (!has_tail) {
        return;
    }
    uint8_t *byte = (uint8_t *)block->data + block->size + how % 16;
    struct halde_damage damage = {0};
    EXPECT_SIZE(*byte, 0xab);
    *byte = (uint8_t)(0xab ^ (1u << how % 8));
    EXPECT_STATUS(halde_heap_validate(heap->handle, how & 16 ? block->data : NULL, &damage),
        HALDE_BLOCK_DAMAGED);
    EXPECT_POINTER(damage.block, block->data);
    EXPECT_POINTER(damage.address, byte);
    EXPECT_STATUS(halde_heap_free(heap->handle, block->data, 0), HALDE_BLOCK_DAMAGED);
    *byte = 0xab;
    EXPECT_VALID(heap->handle, block->data);
}

static void expect_refused(const struct heap *heap, void *address, uint32_t allowed, uint8_t how)
{
    size_t size = 99;
    struct halde_user_info info = {0};
    enum halde_status status = HALDE_OK;
    switch (how % 5) {
    case 0:
        status = halde_heap_free(heap->handle, address, 0);
        break;
    case 1:
        status = halde_heap_size(heap->handle, address, &size);
        EXPECT_SIZE(size, 99);
        break;
    case 2:
        EXPECT_POINTER(halde_heap_realloc(heap->handle, address, 50, 0, &status), NULL);
        break;
    case 3:
        status = halde_heap_validate(heap->handle, address, NULL);
        break;
    default:
        status = halde_heap_set_user_info(heap->handle, address, &info);
        break;
    }
    EXPECT_STATUS_IN(status, allowed);
}

// Whether somebody has a block there now: then it is no wrong pointer.
static bool is_reused(struct oracle *oracle, const void *data)
{
    for (size_t h = 0; h < HEAPS; h++) {
        if (find_block(&oracle->heaps[h], data)) {
            return true;
        }
    }
    return false;
}

static void do_wrong_block(struct oracle *oracle)
{
    static const uintptr_t wild[] = {1, 16, 4096, 0x10000, UINT64_C(0x7fffffffeff0),
        UINT64_C(0x800000000000), UINT64_C(0xdeadbeefdeadbeef), UINTPTR_MAX, UINTPTR_MAX - 15,
        UINTPTR_MAX - 65535};
    struct heap *heap = take_heap(oracle);
    struct heap *other = take_heap(oracle);
    struct block *block = take_block(oracle, other);
    uint8_t how = take_byte(&oracle->input);
    size_t value = take_word(&oracle->input);
    if (!heap->handle) {
        return;
    }
    uint32_t inside = STATUS_BIT(HALDE_BLOCK_FREED) | STATUS_BIT(HALDE_BLOCK_INTERIOR) |
                      STATUS_BIT(HALDE_BLOCK_UNKNOWN) | STATUS_BIT(HALDE_BLOCK_OTHER_HEAP);
    const struct grave *grave = &heap->graves[value % GRAVES];
    char *address = (char *)heap->handle + value * 16;
    switch (how % 4) {
    case 0: // inside a block, or inside another heap's
        if (block->data && block->size > 1) {
            uint32_t allowed =
                STATUS_BIT(other == heap ? HALDE_BLOCK_INTERIOR : HALDE_BLOCK_OTHER_HEAP);
            expect_refused(
                heap, (char *)block->data + 1 + value % (block->size - 1), allowed, how >> 2);
        }
        break;
    case 1: // another heap's block
        if (block->data && other != heap) {
            expect_refused(heap, block->data, STATUS_BIT(HALDE_BLOCK_OTHER_HEAP), how >> 2);
        }
        break;
    case 2: // freed before
        if (grave->data && !is_reused(oracle, grave->data)) {
            expect_refused(heap, grave->data, inside, how >> 2);
        }
        break;
    default: // anywhere
        if (value % 2) {
            expect_refused(heap, (void *)wild[value / 2 % (sizeof wild / sizeof wild[0])],
                STATUS_BIT(HALDE_BLOCK_UNKNOWN), how >> 2);
        } else if (!is_reused(oracle, address)) {
            expect_refused(heap, address, inside, how >> 2);
        }
        break;
    }
}

static bool is_live_handle(const struct oracle *oracle, const void *value)
{
    for (size_t h = 0; h < HEAPS; h++) {
        if (oracle->heaps[h].handle == value) {
            return true;
        }
    }
    return value == halde_process_heap();
}

static void do_wrong_heap(struct oracle *oracle)
{
    struct heap *heap = take_heap(oracle);
    struct block *block = take_block(oracle, heap);
    size_t value = take_word(&oracle->input);
    struct halde_entry entry;
    halde_heap *handle = (halde_heap *)((uintptr_t)heap->handle + value * 64);
    if (value % 4 == 0) {
        handle = oracle->dead_handle;
    } else if (value % 4 == 1) {
        handle = block->data;
    }
    if (is_live_handle(oracle, handle)) {
        return;
    }
    EXPECT_FALSE(halde_heap_is_valid(handle));
    EXPECT_POINTER(halde_heap_alloc(handle, 1, 0), NULL);
    EXPECT_STATUS(halde_heap_lock(handle), HALDE_BAD_HEAP);
    EXPECT_STATUS(halde_heap_unlock(handle), HALDE_BAD_HEAP);
    EXPECT_STATUS(halde_heap_validate(handle, block->data, NULL), HALDE_BAD_HEAP);
    EXPECT_STATUS(halde_heap_walk_next(handle, NULL, false, &entry), HALDE_BAD_HEAP);
    EXPECT_STATUS(halde_heap_destroy(handle), HALDE_BAD_HEAP);
    if (block->data) {
        EXPECT_STATUS(halde_heap_free(handle, block->data, 0), HALDE_BAD_HEAP);
        check_block(heap, block);
    }
}

static void do_wrong_position(struct oracle *oracle)
{
    struct heap *heap = take_heap(oracle);
    size_t value = take_word(&oracle->input);
    struct halde_entry entry;
    if (!heap->handle) {
        return;
    }
    const void *position = (char *)heap->handle + value * 8;
    enum halde_status status = halde_heap_walk_next(heap->handle, position, value & 1, &entry);
    EXPECT_STATUS_IN(status,
        STATUS_BIT(HALDE_OK) | STATUS_BIT(HALDE_NO_MORE_ENTRIES) | STATUS_BIT(HALDE_BAD_ARGUMENT));
}

// ---- The program ----

static void do_one(struct oracle *oracle)
{
    uint8_t operation = take_byte(&oracle->input);
    switch (operation % 32) {
    case 0:
        do_create(oracle);
        break;
    case 1:
        if (operation < 96) { // a third as often as it would be
            do_destroy(oracle, take_heap(oracle));
        }
        break;
    case 2:
        do_lock(oracle);
        break;
    case 3:
        do_unlock(oracle);
        break;
    case 4:
        do_walk(oracle);
        break;
    case 5:
        do_maintain(oracle);
        break;
    case 6:
        do_user_info(oracle);
        break;
    case 7:
        do_list(oracle);
        break;
    case 8:
        do_damage(oracle);
        break;
    case 9:
    case 10:
        do_wrong_block(oracle);
        break;
    case 11:
        do_wrong_heap(oracle);
        break;
    case 12:
        do_wrong_position(oracle);
        break;
    default:
        if (operation % 32 < 22) {
            do_alloc(oracle);
        } else if (operation % 32 < 26) {
            do_realloc(oracle);
        } else {
            do_free(oracle);
        }
        break;
    }
}

// Everything is still as the oracle has it, and can be given back.
static void finish(struct oracle *oracle)
{
    for (size_t h = 0; h < HEAPS; h++) {
        struct heap *heap = &oracle->heaps[h];
        if (!heap->handle) {
            continue;
        }
        EXPECT_VALID(heap->handle, NULL);
        walk(heap, (uint8_t)h);
        // Every second heap is destroyed with all its blocks.
        for (size_t i = 0; i < BLOCKS && h % 2; i++) {
            if (heap->blocks[i].data) {
                check_block(heap, &heap->blocks[i]);
                EXPECT_OK(halde_heap_free(heap->handle, heap->blocks[i].data, 0));
                oracle->total -= heap->blocks[i].size;
                heap->blocks[i].data = NULL;
            }
        }
        walk(heap, 2);
        do_destroy(oracle, heap);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct oracle oracle; // large; reset below
    memset(&oracle, 0, sizeof oracle);
    oracle.input = (struct input){data, data + size};
    while (oracle.input.next < oracle.input.end) {
        do_one(&oracle);
#if CONFIG_LIBFUZZER
        if (test_failures() != 0) {
            abort();
        }
#endif
    }
    finish(&oracle);
#if CONFIG_LIBFUZZER
    if (test_failures() != 0) {
        abort();
    }
#endif
    return 0;
}

#if !CONFIG_LIBFUZZER

enum {
    INPUT_CAPACITY = 1 << 16,
};

static uint8_t input_bytes[INPUT_CAPACITY];

static size_t input_size;

// In a process of its own: what a failing input needs is then in the input alone.
static void run_input(void *context)
{
    (void)context;
    LLVMFuzzerTestOneInput(input_bytes, input_size);
}

static bool run_in_child(const char *name)
{
    return EXPECT_CHILD_PASSES(name, run_input, NULL, 30);
}

static bool read_input(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        test_fail(CHECK_HERE, "cannot read %s", path);
        return false;
    }
    input_size = fread(input_bytes, 1, INPUT_CAPACITY, file);
    fclose(file);
    return true;
}

static size_t run_kept_inputs(void)
{
    char folder[512];
    snprintf(folder, sizeof folder, "%s", __FILE__);
    char *slash = strrchr(folder, '/');
    size_t length = slash ? (size_t)(slash - folder) : 0;
    snprintf(folder + length, sizeof folder - length, "%sseeds/operations", length ? "/" : "");
    DIR *directory = opendir(folder);
    if (!directory) {
        test_fail(CHECK_HERE, "cannot open %s", folder);
        return 0;
    }
    size_t count = 0;
    struct dirent *entry;
    while ((entry = readdir(directory))) {
        if (entry->d_name[0] != '.') {
            char path[1024];
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            count += read_input(path);
            run_in_child(path);
        }
    }
    closedir(directory);
    return count;
}

static void keep_input(void)
{
    char path[] = "/tmp/halde-operations-XXXXXX";
    int descriptor = mkstemp(path);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "wb");
    if (file) {
        fwrite(input_bytes, 1, input_size, file);
        fclose(file);
        test_note("the failing input is in %s", path);
    }
}

// Heaps are created first, so that the rest of a random input finds something to work on.
static void make_random_input(struct random *random)
{
    input_size = random_log(random, 100, INPUT_CAPACITY - 1);
    for (size_t i = 0; i < input_size; i++) {
        input_bytes[i] = (uint8_t)random_next(random);
    }
    for (size_t h = 0; h < HEAPS; h++) {
        input_bytes[5 * h] = 0;
        input_bytes[5 * h + 1] = (uint8_t)h;
    }
}

static void run_random_inputs(uint64_t seed, double seconds)
{
    struct random random = random_make(seed, 0);
    uint64_t deadline = deadline_after(seconds);
    size_t count = 0;
    bool is_good;
    do {
        make_random_input(&random);
        is_good = run_in_child("a random input");
        count++;
    } while (is_good && !deadline_is_over(deadline));
    if (!is_good) {
        keep_input();
    }
    test_note("%zu random inputs", count);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (read_input(argv[i])) {
            run_input(NULL); // here, for the debugger's sake
        }
    }
    if (argc > 1) {
        return test_result();
    }
    uint64_t seed = seed_start("operations");
    size_t kept = run_kept_inputs();
    test_note("%zu kept inputs", kept);
    EXPECT_AT_LEAST(kept, 1);
    if (test_failures() == 0) {
        run_random_inputs(seed, stress_seconds(3));
    }
    return test_result();
}

#endif
