// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The stack depot: equal stacks once, the limit, forged numbers, several threads, its layout.

#include "unwind/stack_depot.h"

#include "check.h"
#include "child.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// A stack that its number and length determine.
static size_t make_stack(uint64_t number, uintptr_t *frames)
{
    size_t count = 1 + number % 61;
    uint64_t state = number * UINT64_C(0x2545f4914f6cdd1d) + 1;
    for (size_t i = 0; i < count; i++) {
        // Outer frames are shared by many, as in real stacks.
        uint64_t value = i > 2 ? i : (state >> 13) + i;
        frames[i] = (uintptr_t)(UINT64_C(0x7f0000000000) + (value & 0xffffffff));
    }
    frames[0] = (uintptr_t)(UINT64_C(0x550000000000) + number);
    return count;
}

static void expect_stack(uint32_t id, uint64_t number)
{
    uintptr_t expected[64];
    uintptr_t frames[64];
    size_t count = make_stack(number, expected);
    EXPECT_SIZE(stack_depot_get(id, frames, 64), count);
    EXPECT_TRUE(memcmp(frames, expected, count * sizeof(frames[0])) == 0);
}

static uint32_t put_stack(uint64_t number)
{
    uintptr_t frames[64];
    size_t count = make_stack(number, frames);
    return stack_depot_put(frames, count);
}

// ---- One thread -------------------------------------------------------------------------------

static void test_empty(void)
{
    uintptr_t frames[4] = {1, 2, 3, 4};
    EXPECT_SIZE(stack_depot_get(0, frames, 4), 0);
    EXPECT_SIZE(stack_depot_get(1234, frames, 4), 0);
    EXPECT_SIZE(stack_depot_put(frames, 0), 0);
    EXPECT_SIZE(frames[0], 1);
}

static void test_equal_stacks(void)
{
    enum {
        COUNT = 5000
    };
    static uint32_t ids[COUNT];
    for (uint64_t i = 0; i < COUNT; i++) {
        ids[i] = put_stack(i);
        ASSERT_TRUE(ids[i] != 0);
    }
    for (uint64_t i = 0; i < COUNT; i++) {
        ASSERT_SIZE(put_stack(i), ids[i]);
        expect_stack(ids[i], i);
    }
    struct stack_depot_usage usage;
    stack_depot_usage_read(&usage);
    EXPECT_SIZE(usage.stack_count, COUNT);
    EXPECT_FALSE(usage.is_full);
}

static void test_near_stacks(void)
{
    uintptr_t frames[64];
    uintptr_t back[64];
    for (size_t i = 0; i < 64; i++) {
        frames[i] = 0x1000 + i;
    }
    uint32_t whole = stack_depot_put(frames, 64);
    for (size_t count = 1; count < 64; count++) {
        uint32_t id = stack_depot_put(frames, count);
        EXPECT_TRUE(id != 0 && id != whole);
        EXPECT_SIZE(stack_depot_get(id, back, 64), count);
    }
    for (size_t i = 0; i < 64; i++) {
        frames[i]++;
        EXPECT_TRUE(stack_depot_put(frames, 64) != whole);
        frames[i]--;
    }
    EXPECT_SIZE(stack_depot_put(frames, 64), whole);
    EXPECT_SIZE(stack_depot_get(whole, back, 3), 3);
    EXPECT_TRUE(memcmp(back, frames, 3 * sizeof(back[0])) == 0);
}

static void test_forged_numbers(void)
{
    struct stack_depot_usage usage;
    stack_depot_usage_read(&usage);
    uint32_t end = (uint32_t)((usage.size >> 3) + 100);
    uintptr_t frames[64];
    size_t found = 0;
    for (uint32_t id = 0; id < end; id++) {
        found += stack_depot_get(id, frames, 64) != 0;
    }
    EXPECT_SIZE(found, usage.stack_count);
    for (uint32_t id = UINT32_MAX; id > UINT32_MAX - 1000; id--) {
        EXPECT_SIZE(stack_depot_get(id, frames, 64), 0);
    }
}

// Reads the depot as another process would: by its header alone.
static void test_layout(void)
{
    struct stack_depot_usage usage;
    stack_depot_usage_read(&usage);
    const char *base = (const char *)usage.header;
    ASSERT_TRUE(base != NULL && memcmp(base, "HaldeStk", 8) == 0);
    const struct stack_depot_header *header = usage.header;
    EXPECT_SIZE(header->version, 1);
    EXPECT_SIZE(header->frame_size, 8);
    EXPECT_SIZE(header->entry_header_size, 16);
    const uint32_t *buckets = (const uint32_t *)(const void *)(base + header->buckets_offset);
    size_t count = 0;
    uint64_t bytes = header->entries_offset;
    for (uint64_t i = 0; i < header->bucket_count; i++) {
        for (uint32_t id = buckets[i]; id != 0;) {
            uint32_t fields[4]; // next, hash, frame_count, self
            memcpy(fields, base + ((uint64_t)id << header->number_shift), sizeof(fields));
            ASSERT_SIZE(fields[3], id);
            EXPECT_SIZE(fields[1] & (header->bucket_count - 1), i);
            bytes += header->entry_header_size + (uint64_t)fields[2] * header->frame_size;
            count++;
            id = fields[0];
        }
    }
    EXPECT_SIZE(count, usage.stack_count);
    // Two threads that put the same stack at once may leave a gap: more often the slower they are.
    EXPECT_AT_MOST(bytes, usage.size);
    EXPECT_AT_LEAST(bytes, usage.size - usage.size / (CONFIG_TSAN ? 4 : 10));
}

// ---- Several threads --------------------------------------------------------------------------

enum {
    THREAD_COUNT = 4,
    SHARED_COUNT = 20000
};

static uint32_t seen[THREAD_COUNT][SHARED_COUNT];

static void *put_all(void *context)
{
    uint32_t *ids = context;
    for (uint64_t i = 0; i < SHARED_COUNT; i++) {
        ids[i] = put_stack(i + 1000000);
    }
    return NULL;
}

static void test_threads(void)
{
    struct stack_depot_usage before;
    struct stack_depot_usage after;
    stack_depot_usage_read(&before);
    pthread_t threads[THREAD_COUNT];
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        ASSERT_TRUE(pthread_create(&threads[i], NULL, put_all, seen[i]) == 0);
    }
    for (size_t i = 0; i < THREAD_COUNT; i++) {
        pthread_join(threads[i], NULL);
    }
    for (size_t i = 0; i < SHARED_COUNT; i++) {
        ASSERT_TRUE(seen[0][i] != 0);
        for (size_t j = 1; j < THREAD_COUNT; j++) {
            ASSERT_SIZE(seen[j][i], seen[0][i]);
        }
        if (i % 100 == 0) {
            expect_stack(seen[0][i], i + 1000000);
        }
    }
    stack_depot_usage_read(&after);
    EXPECT_SIZE(after.stack_count, before.stack_count + SHARED_COUNT);
}

// ---- The limit --------------------------------------------------------------------------------

static void fill(void *context)
{
    (void)context;
    stack_depot_init(1); // too little: the least there is
    uint64_t number = 0;
    uint32_t last = 0;
    uint32_t id;
    while ((id = put_stack(number)) != 0) {
        last = id;
        number++;
        ASSERT_TRUE(number < 100000);
    }
    struct stack_depot_usage usage;
    stack_depot_usage_read(&usage);
    EXPECT_TRUE(usage.is_full);
    EXPECT_AT_MOST(usage.size, STACK_DEPOT_LIMIT_MIN);
    EXPECT_AT_LEAST(usage.size, STACK_DEPOT_LIMIT_MIN - 4096);
    EXPECT_SIZE(usage.stack_count, number);
    // What is there stays, and is found.
    EXPECT_SIZE(put_stack(number - 1), last);
    expect_stack(last, number - 1);
    stack_depot_init(64 << 20); // too late
    EXPECT_SIZE(put_stack(number), 0);
}

static void put_long(void *context)
{
    (void)context;
    static uintptr_t frames[STACK_DEPOT_FRAMES_MAX + 10];
    static uintptr_t back[STACK_DEPOT_FRAMES_MAX + 10];
    for (size_t i = 0; i < STACK_DEPOT_FRAMES_MAX + 10; i++) {
        frames[i] = i;
    }
    uint32_t id = stack_depot_put(frames, STACK_DEPOT_FRAMES_MAX + 10);
    EXPECT_SIZE(stack_depot_get(id, back, STACK_DEPOT_FRAMES_MAX + 10), STACK_DEPOT_FRAMES_MAX);
    EXPECT_SIZE(stack_depot_put(frames, STACK_DEPOT_FRAMES_MAX), id);
}

int main(void)
{
    test_empty();
    EXPECT_CHILD_PASSES("a depot that is full", fill, NULL, 30);
    EXPECT_CHILD_PASSES("a long stack", put_long, NULL, 30);
    test_equal_stacks();
    test_near_stacks();
    test_forged_numbers();
    test_threads();
    test_layout();
    return test_result();
}
