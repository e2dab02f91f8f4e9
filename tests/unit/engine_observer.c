// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The observer (observer.h) misses nothing that programs do with observed heaps, from any thread,
// and every block has a side record, in mixed spans too; notes and user info (user_info.h) do not
// mix.

#include "check.h"

#include "engine/block.h"
#include "engine/gate.h"
#include "engine/heap.h"
#include "engine/observer.h"
#include "engine/user_info.h"

#include <pthread.h>
#include <string.h>
#include <windows.h>

enum {
    RECORD_SIZE = 16,
    ROUNDS = 3000,
    THREAD_COUNT = 3,
};

struct record {
    uint64_t address;
    uint64_t size;
};

static struct {
    _Atomic(size_t) allocated, resized, released, destroyed;
} seen;

// ---- The observer -------------------------------------------------------------------------------

static struct record *record_of(const halde_heap *heap, const void *data)
{
    struct engine_block block;
    return engine_block_at(heap, data, &block) ? block.record : NULL;
}

static void *observe_allocate(
    halde_heap *heap, size_t size, size_t alignment, uint32_t flags, const void *caller)
{
    void *block = heap_alloc_plain(heap, size, alignment, flags);
    atomic_fetch_add(&seen.allocated, block != NULL);
    EXPECT_NOT_NULL(caller);
    return block;
}

static void *observe_reallocate(halde_heap *heap, void *block, size_t size, uint32_t flags,
    enum halde_status *status, const void *caller)
{
    void *resized = heap_realloc_plain(heap, block, size, flags, status);
    atomic_fetch_add(&seen.resized, resized != NULL);
    EXPECT_NOT_NULL(caller);
    return resized;
}

static enum halde_status observe_release(halde_heap *heap, void *block, uint32_t flags)
{
    enum halde_status status = heap_free_plain(heap, block, flags);
    atomic_fetch_add(&seen.released, status == HALDE_OK && block != NULL);
    return status;
}

static void observe_destroy(halde_heap *heap)
{
    EXPECT_TRUE(halde_heap_is_valid(heap));
    atomic_fetch_add(&seen.destroyed, 1);
}

static const struct heap_observer OBSERVER = {
    .record_size = RECORD_SIZE,
    .allocate = observe_allocate,
    .reallocate = observe_reallocate,
    .release = observe_release,
    .destroy = observe_destroy,
};

static void expect_seen(size_t allocated, size_t resized, size_t released)
{
    EXPECT_SIZE(atomic_exchange(&seen.allocated, 0), allocated);
    EXPECT_SIZE(atomic_exchange(&seen.resized, 0), resized);
    EXPECT_SIZE(atomic_exchange(&seen.released, 0), released);
}

// ---- Nothing is missed --------------------------------------------------------------------------

static size_t size_of_turn(size_t turn)
{
    static const size_t SIZES[] = {0, 1, 16, 64, 200, 2048, 9000, 40000, 200000, 700000};
    return SIZES[turn % (sizeof(SIZES) / sizeof(SIZES[0]))];
}

static void use(HANDLE heap)
{
    for (size_t turn = 0; turn < ROUNDS; turn++) {
        void *block = HeapAlloc(heap, turn % 3 == 0 ? HEAP_ZERO_MEMORY : 0, size_of_turn(turn));
        ASSERT_NOT_NULL(block);
        block = HeapReAlloc(heap, 0, block, size_of_turn(turn) / 2 + 1);
        ASSERT_NOT_NULL(block);
        ASSERT_TRUE(HeapFree(heap, 0, block));
        ASSERT_TRUE(HeapFree(heap, 0, NULL));
    }
}

static void *use_in_thread(void *heap)
{
    use(heap);
    return NULL;
}

static void test_misses_nothing(HANDLE heap)
{
    use(heap);
    expect_seen(ROUNDS, ROUNDS, ROUNDS);
    pthread_t threads[THREAD_COUNT];
    for (int i = 0; i < THREAD_COUNT; i++) {
        ASSERT_TRUE(pthread_create(&threads[i], NULL, use_in_thread, heap) == 0);
    }
    use(heap);
    for (int i = 0; i < THREAD_COUNT; i++) {
        pthread_join(threads[i], NULL);
    }
    const size_t ALL = (size_t)ROUNDS * (THREAD_COUNT + 1);
    expect_seen(ALL, ALL, ALL);
}

static void test_native(void)
{
    halde_heap *heap = NULL;
    ASSERT_OK(halde_heap_create(NULL, &heap));
    void *block = halde_heap_alloc(heap, 100, 0);
    void *aligned = halde_heap_alloc_aligned(heap, 3 << 20, 256, 0);
    EXPECT_TRUE(halde_heap_alloc_aligned(heap, 100, 0, 0) == NULL);
    EXPECT_TRUE(halde_heap_alloc_aligned(heap, 100, 3, 0) == NULL);
    block = halde_heap_realloc(heap, block, 1000, 0, NULL);
    EXPECT_OK(halde_heap_free(heap, block, 0));
    EXPECT_STATUS(halde_heap_free(heap, block, 0), HALDE_BLOCK_FREED);
    EXPECT_OK(halde_heap_free(heap, aligned, 0));
    expect_seen(2, 1, 2);
    EXPECT_OK(halde_heap_destroy(heap));
    EXPECT_SIZE(atomic_exchange(&seen.destroyed, 0), 1);
    EXPECT_STATUS(halde_heap_destroy(heap), HALDE_BAD_HEAP);
    EXPECT_STATUS(halde_heap_destroy(halde_process_heap()), HALDE_BAD_ARGUMENT);
    EXPECT_SIZE(seen.destroyed, 0);
}

static void test_global(void)
{
    HGLOBAL fixed = GlobalAlloc(GMEM_FIXED, 100);
    HGLOBAL movable = GlobalAlloc(GMEM_MOVEABLE, 100);
    expect_seen(2, 0, 0);
    fixed = GlobalReAlloc(fixed, 5000, GMEM_MOVEABLE);
    movable = GlobalReAlloc(movable, 5000, GMEM_MOVEABLE);
    expect_seen(0, 2, 0);
    EXPECT_TRUE(GlobalFree(fixed) == NULL && GlobalFree(movable) == NULL);
    expect_seen(0, 0, 2);
}

// ---- Side records -------------------------------------------------------------------------------

// Every block has one that is zero at first and is nobody else's.
static void test_records(HANDLE heap, size_t size, size_t count)
{
    static void *blocks[1000];
    ASSERT_TRUE(count <= 1000);
    for (size_t i = 0; i < count; i++) {
        blocks[i] = HeapAlloc(heap, 0, size);
        ASSERT_NOT_NULL(blocks[i]);
        struct record *record = record_of(heap, blocks[i]);
        ASSERT_NOT_NULL(record);
        EXPECT_TRUE(record->address == 0 && record->size == 0);
        *record = (struct record){(uintptr_t)blocks[i], i};
    }
    for (size_t i = 0; i < count; i++) {
        struct record *record = record_of(heap, blocks[i]);
        EXPECT_TRUE(record->address == (uintptr_t)blocks[i] && record->size == i);
        *record = (struct record){0};
        EXPECT_TRUE(HeapFree(heap, 0, blocks[i]));
    }
}

// A mixed span's block is not in a class's span: it may shrink in its place, as it may without an
// observer.
static void test_mixed(HANDLE heap)
{
    void *block = HeapAlloc(heap, 0, 100);
    EXPECT_FALSE(engine_block_is_in_span(block));
    EXPECT_POINTER(HeapReAlloc(heap, HEAP_REALLOC_IN_PLACE_ONLY, block, 50), block);
    EXPECT_NOT_NULL(record_of(heap, block));
    EXPECT_TRUE(HeapFree(heap, 0, block));
}

static void test_all_records(void)
{
    HANDLE growable = HeapCreate(0, 0, 0);
    HANDLE fixed = HeapCreate(0, 0, 1 << 20);
    HANDLE large_fixed = HeapCreate(0, 0, 32 << 20);
    test_mixed(growable);
    test_mixed(fixed);
    const HANDLE HEAPS[] = {growable, fixed, large_fixed};
    for (size_t i = 0; i < 3; i++) {
        test_records(HEAPS[i], 24, 12);
        test_records(HEAPS[i], 24, 12); // the places of the first time
        test_records(HEAPS[i], 500, 1000);
        test_records(HEAPS[i], 20000, 20);
        test_records(HEAPS[i], 300000, 2);
    }
    for (size_t i = 0; i < 3; i++) {
        EXPECT_TRUE(HeapDestroy(HEAPS[i]));
    }
}

// ---- Notes --------------------------------------------------------------------------------------

static bool set_note(HANDLE heap, void *data, uint64_t value)
{
    struct session session;
    struct block block;
    const struct info_note note = {.value = value, .weight = 1};
    session_begin_central(&session, heap_of(heap), 0);
    bool is_set = block_find(heap_of(heap), data, &block) == HALDE_OK &&
                  user_info_set_note(heap_of(heap), data, &note);
    if (is_set) {
        block_set_info_flag(&block, true);
    }
    session_end(&session);
    return is_set;
}

static bool has_note(HANDLE heap, const void *data, uint64_t value)
{
    struct info_note note;
    return user_info_get_note(heap_of(heap), data, &note) && note.value == value;
}

static void test_notes(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    void *block = HeapAlloc(heap, 0, 100);
    struct halde_user_info info = {.value = heap, .flags = 7};
    EXPECT_TRUE(set_note(heap, block, 11));
    EXPECT_STATUS(halde_heap_get_user_info(heap, block, &info), HALDE_NOT_FOUND);
    EXPECT_OK(halde_heap_set_user_info(heap, block, &info));
    EXPECT_TRUE(has_note(heap, block, 11));
    EXPECT_TRUE(user_info_remove_note(heap_of(heap), block)); // the user info stays
    EXPECT_OK(halde_heap_get_user_info(heap, block, &info));
    EXPECT_TRUE(info.value == heap && info.flags == 7);
    EXPECT_TRUE(set_note(heap, block, 12));
    void *moved =
        HeapReAlloc(heap, 0, block, 100000); // takes the user info along, and nothing else
    EXPECT_OK(halde_heap_get_user_info(heap, moved, &info));
    EXPECT_FALSE(has_note(heap, moved, 12) || has_note(heap, block, 12));
    EXPECT_TRUE(HeapFree(heap, 0, moved));

    void *noted = HeapAlloc(heap, 0, 200);
    EXPECT_TRUE(set_note(heap, noted, 13));
    EXPECT_SIZE(heap_of(heap)->info->count, 1);
    EXPECT_TRUE(HeapFree(heap, 0, noted));
    EXPECT_SIZE(heap_of(heap)->info->count, 0);
    EXPECT_TRUE(HeapDestroy(heap));
}

int main(void)
{
    HANDLE before = HeapCreate(0, 0, 0);
    use(before);
    HANDLE home = GetProcessHeap();
    use(home); // has an opening now
    engine_set_observer(&OBSERVER);
    test_misses_nothing(home);
    HANDLE heap = HeapCreate(0, 0, 0);
    test_misses_nothing(heap);
    test_misses_nothing(HeapCreate(0, 0, 8 << 20));
    test_native();
    test_global();
    test_all_records();
    test_notes();
    use(before); // works as ever, seen or not
    EXPECT_TRUE(HeapDestroy(before) && HeapDestroy(heap));
    return test_result();
}
