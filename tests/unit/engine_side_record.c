// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Side records (engine.h, engine_heap_create()): one for every block, at first zero, found from a
// block's start and from every address inside it, and nobody else's.

#include "check.h"

#include "engine/engine.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    RECORD_SIZE = 48,
    BLOCK_COUNT = 20000,
    THREAD_COUNT = 3,
};

struct record {
    uint64_t address;
    uint64_t size;
    uint64_t rest[4];
};
static_assert(sizeof(struct record) == RECORD_SIZE, "a record is as large as the heap was told");

static halde_heap *heap;

static size_t size_of_turn(uint32_t turn)
{
    static const size_t SIZES[] = {0, 1, 16, 40, 64, 200, 1000, 1024, 4000, 9000, 40000};
    if (turn % 997 == 0) {
        return turn % 2 == 0 ? 200000 : (size_t)3 << 20;
    }
    return SIZES[turn % (sizeof(SIZES) / sizeof(SIZES[0]))];
}

static struct record *record_of(const void *data)
{
    struct engine_block block;
    ASSERT_TRUE(engine_block_at(heap, data, &block));
    ASSERT_TRUE(block.data == data);
    ASSERT_TRUE(block.capacity >= block.size);
    ASSERT_TRUE(block.record != NULL);
    return block.record;
}

static void *make(uint32_t turn)
{
    size_t size = size_of_turn(turn);
    void *data = halde_heap_alloc(heap, size, 0);
    ASSERT_TRUE(data != NULL);
    struct record *record = record_of(data);
    static const struct record ZERO;
    ASSERT_TRUE(memcmp(record, &ZERO, sizeof(ZERO)) == 0);
    *record = (struct record){(uintptr_t)data, size, {1, 2, 3, UINT64_MAX}};
    memset(data, 0xff, size);
    return data;
}

static void end(void *data)
{
    struct record *record = record_of(data);
    ASSERT_TRUE(record->address == (uintptr_t)data);
    ASSERT_TRUE(record->rest[3] == UINT64_MAX);
    memset(record, 0, sizeof(*record));
    ASSERT_TRUE(halde_heap_free(heap, data, 0) == HALDE_OK);
}

static void check_inside(const void *data)
{
    struct engine_block block;
    struct engine_block around;
    ASSERT_TRUE(engine_block_at(heap, data, &block));
    const size_t offsets[] = {0, 1, block.capacity / 2, block.capacity - 1};
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        const char *address = (const char *)data + offsets[i];
        ASSERT_TRUE(engine_block_around(heap, address, &around));
        ASSERT_TRUE(memcmp(&around, &block, sizeof(block)) == 0);
        ASSERT_TRUE(offsets[i] == 0 || !engine_block_at(heap, address, &around));
    }
}

static bool count_blocks(const struct halde_block *blocks, size_t count, void *context)
{
    for (size_t i = 0; i < count; i++) {
        ASSERT_TRUE(record_of(blocks[i].data)->size == blocks[i].size);
    }
    *(size_t *)context += count;
    return true;
}

static void *work(void *argument)
{
    uint32_t seed = (uint32_t)(uintptr_t)argument;
    static _Thread_local void *blocks[BLOCK_COUNT / 8];
    for (uint32_t i = 0; i < BLOCK_COUNT * 4; i++) {
        seed = seed * 1664525 + 1013904223;
        void **place = &blocks[(seed >> 8) % (BLOCK_COUNT / 8)];
        if (*place != NULL) {
            end(*place);
        }
        *place = make(seed >> 12);
    }
    for (uint32_t i = 0; i < BLOCK_COUNT / 8; i++) {
        if (blocks[i] != NULL) {
            end(blocks[i]);
        }
    }
    return NULL;
}

static void test_one_thread(void)
{
    static void *blocks[BLOCK_COUNT];
    for (uint32_t i = 0; i < BLOCK_COUNT; i++) {
        blocks[i] = make(i);
    }
    for (uint32_t i = 0; i < BLOCK_COUNT; i++) {
        check_inside(blocks[i]);
    }
    size_t count = 0;
    ASSERT_TRUE(halde_heap_walk_blocks(heap, count_blocks, &count) == HALDE_OK);
    ASSERT_TRUE(count == BLOCK_COUNT);
    for (uint32_t i = 0; i < BLOCK_COUNT; i++) {
        end(blocks[i]);
    }
    struct engine_block block;
    ASSERT_TRUE(!engine_block_at(heap, blocks[5], &block));
    ASSERT_TRUE(!engine_block_around(heap, blocks[5], &block));
    ASSERT_TRUE(!engine_block_at(heap, &block, &block));
    ASSERT_TRUE(!engine_block_around(heap, NULL, &block));
}

static void test_threads(void)
{
    pthread_t threads[THREAD_COUNT];
    for (uintptr_t i = 0; i < THREAD_COUNT; i++) {
        ASSERT_TRUE(pthread_create(&threads[i], NULL, work, (void *)(i + 1)) == 0);
    }
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        ASSERT_TRUE(pthread_join(threads[i], NULL) == 0);
    }
}

static void test_other_heaps(void)
{
    void *data = halde_heap_alloc(halde_process_heap(), 100, 0);
    struct engine_block block;
    ASSERT_TRUE(!engine_block_at(heap, data, &block));
    ASSERT_TRUE(engine_block_at(halde_process_heap(), data, &block));
    ASSERT_TRUE(block.record == NULL && block.size == 100);
    ASSERT_TRUE(engine_block_around(halde_process_heap(), (char *)data + 99, &block));
    ASSERT_TRUE(block.data == data);
    halde_heap_free(halde_process_heap(), data, 0);
}

int main(void)
{
    ASSERT_TRUE(engine_heap_create(7) == NULL);
    ASSERT_TRUE(engine_heap_create(ENGINE_RECORD_SIZE_MAX + 8) == NULL);
    heap = engine_heap_create(RECORD_SIZE);
    ASSERT_TRUE(heap != NULL);
    test_one_thread();
    test_threads();
    test_other_heaps();
    ASSERT_TRUE(halde_heap_destroy(heap) == HALDE_OK);
    return test_result();
}
