// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// HeapFree: win32-heap.md 2.7, 3.7.

#include "walk.h"

static struct walk walk;

static void test_null(HANDLE heap)
{
    case_begin("3.7", "NULL");
    SetLastError(SENTINEL);
    EXPECT("3.7", HeapFree(heap, 0, NULL) != FALSE, "a heap: TRUE");
    EXPECT(
        "3.7", HeapFree(heap, HEAP_NO_SERIALIZE, NULL) != FALSE, "a heap and NO_SERIALIZE: TRUE");
    EXPECT("3.7", HeapFree(GetProcessHeap(), 0, NULL) != FALSE, "the process heap: TRUE");
    EXPECT("3.7", HeapFree(NULL, 0, NULL) != FALSE, "heap NULL: TRUE");
    EXPECT_ERROR("3.7", SENTINEL, "the last error is left alone");
}

static void test_success(HANDLE heap)
{
    case_begin("3.7", "success");
    static const SIZE_T sizes[] = {0, 1, 16, 40, 1000, 20000, 100000, 0xFD000, 0x200000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        void *block = HeapAlloc(heap, 0, sizes[i]);
        SetLastError(SENTINEL);
        EXPECT("3.7", HeapFree(heap, 0, block) != FALSE, "%u bytes: nonzero", (unsigned)sizes[i]);
        EXPECT_ERROR("3.7", SENTINEL, "%u bytes: the last error is left alone", (unsigned)sizes[i]);
        EXPECT_EQUAL("3.9", FALSE, HeapValidate(heap, 0, block),
            "%u bytes: no valid block any more", (unsigned)sizes[i]);
    }
}

static void test_merging(void)
{
    case_begin("3.7", "adjacent free blocks merge at once");
    HANDLE heap = HeapCreate(0, 0, 0);
    static const int orders[][3] = {{0, 1, 2}, {2, 1, 0}, {0, 2, 1}, {1, 0, 2}};
    for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
        void *blocks[3];
        blocks[0] = HeapAlloc(heap, 0, 300);
        blocks[1] = HeapAlloc(heap, 0, 600);
        blocks[2] = HeapAlloc(heap, 0, 900);
        walk_take(&walk, heap);
        const size_t busy = walk_count_if(&walk, entry_is_busy);
        for (int j = 0; j < 3; j++) {
            HeapFree(heap, 0, blocks[orders[i][j]]);
        }
        walk_take(&walk, heap);
        EXPECT("3.7", busy == 3 && walk.count == 3,
            "freed in order %d %d %d: the fresh picture returns", orders[i][0], orders[i][1],
            orders[i][2]);
    }
    HeapDestroy(heap);
}

static void test_wrong_blocks(HANDLE heap)
{
    case_begin("2.7", "wrong blocks");
    if (!may_ask_wild()) {
        SKIP("2.7", "wrong blocks: current Windows ends the process");
        return;
    }
    HANDLE other = HeapCreate(0, 0, 0);
    HANDLE fixed = HeapCreate(0, 0, 0x10000);
    char *foreign = HeapAlloc(other, 0, 100);
    char *freed = HeapAlloc(heap, 0, 100);
    char *freed_large = HeapAlloc(heap, 0, 0x200000);
    char *busy = HeapAlloc(heap, 0, 100);
    char *large = HeapAlloc(heap, 0, 0x200000);
    HeapFree(heap, 0, freed);
    HeapFree(heap, 0, freed_large);
    void *libc_block = malloc(100);
    void *const wrong[] = {foreign, HeapAlloc(fixed, 0, 50), freed, freed_large, busy + 16,
        busy + 1, large + 16, large + 65536, heap, other, &heap, libc_block, unmapped_address(),
        (void *)(uintptr_t)1, (void *)(uintptr_t)-16};
    static const char *const names[] = {"a block of another heap", "a block of a fixed-size heap",
        "a freed block", "a freed large block", "block + 16", "block + 1", "large block + 16",
        "large block + 65536", "the heap's handle", "another heap's handle", "a local variable",
        "a block of malloc", "an unmapped address", "1", "-16"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (!may_try_block(wrong[i])) {
            continue;
        }
        SetLastError(SENTINEL);
        EXPECT_EQUAL("2.7", FALSE, HeapFree(heap, 0, wrong[i]), "%s: FALSE", names[i]);
        EXPECT_ERROR("2.7", ERROR_INVALID_PARAMETER, "%s: 87", names[i]);
    }
    SetLastError(SENTINEL);
    EXPECT_EQUAL("3.7", FALSE, HeapFree(NULL, 0, busy), "heap NULL with a block: FALSE");
    EXPECT_ERROR("1.6", ERROR_INVALID_HANDLE, "heap NULL with a block: 6");
    EXPECT("2.7", HeapSize(other, 0, foreign) == 100 && HeapSize(heap, 0, busy) == 100,
        "nothing has changed");
    EXPECT(
        "2.7", HeapValidate(heap, 0, NULL) && HeapValidate(other, 0, NULL), "both heaps are valid");
    EXPECT(
        "2.7", HeapFree(heap, 0, busy) && HeapFree(heap, 0, large), "right blocks are still freed");
    free(libc_block);
    HeapDestroy(other);
    HeapDestroy(fixed);
}

static void free_block(void *argument)
{
    void **pair = argument;
    pair[1] = (void *)(uintptr_t)(HeapFree(pair[0], 0, pair[1]) != FALSE);
}

static void test_other_thread(HANDLE heap)
{
    case_begin("3", "a block freed by another thread");
    static const SIZE_T sizes[] = {40, 3000, 100000, 0x200000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        void *block = HeapAlloc(heap, 0, sizes[i]);
        void *pair[2] = {heap, block};
        struct worker worker;
        worker_start(&worker, free_block, pair);
        worker_join(&worker);
        EXPECT("3", pair[1] != NULL, "%u bytes", (unsigned)sizes[i]);
        EXPECT_EQUAL("3.9", FALSE, HeapValidate(heap, 0, block),
            "%u bytes: no valid block any more", (unsigned)sizes[i]);
    }
}

int main(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    test_null(heap);
    test_success(heap);
    test_merging();
    test_wrong_blocks(heap);
    test_other_thread(heap);
    EXPECT("3.9", HeapValidate(heap, 0, NULL) != FALSE, "the heap is valid at the end");
    HeapDestroy(heap);
    return conformance_finish();
}
