// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// HeapCompact: win32-heap.md 3.10.

#include "walk.h"

static struct walk walk;

static void test_usable_heap(void)
{
    case_begin("3.10", "the largest committed free block");
    HANDLE heap = HeapCreate(0, 0, 0);
    SetLastError(SENTINEL);
    const SIZE_T fresh = HeapCompact(heap, 0);
    EXPECT("3.10", fresh > 0, "a fresh heap: nonzero");
    EXPECT_ERROR("1.6", SENTINEL, "and the last error is left alone");
    EXPECT("3.10", HeapCompact(heap, HEAP_NO_SERIALIZE) > 0,
        "a fresh heap with NO_SERIALIZE: nonzero");
    EXPECT("3.10", HeapCompact(GetProcessHeap(), 0) > 0, "the process heap: nonzero");

    char *keeper = HeapAlloc(heap, 0, 64);
    char *freed = HeapAlloc(heap, 0, 300000);
    void *last = HeapAlloc(heap, 0, 64);
    memset(freed, 1, 300000);
    pattern_write(keeper, 64, 5);
    HeapFree(heap, 0, freed);
    const SIZE_T compacted = HeapCompact(heap, 0);
    EXPECT("3.10", compacted > 0, "a heap with a hole: nonzero");
    walk_take(&walk, heap);
    DWORD largest = 0;
    DWORD largest_with_overhead = 0;
    for (size_t i = 0; i < walk.count; i++) {
        const PROCESS_HEAP_ENTRY *entry = &walk.entries[i];
        if (entry_is_free(entry) && entry->cbData > largest) {
            largest = entry->cbData;
            largest_with_overhead = entry->cbData + 2u * entry->cbOverhead;
        }
    }
    EXPECT("3.10", compacted >= largest && compacted <= largest_with_overhead,
        "it agrees with the largest free entry of a walk");
    EXPECT("3.10", pattern_matches(keeper, 64, 5), "busy blocks stay as they are");
    EXPECT("3.9", HeapValidate(heap, 0, NULL) && HeapValidate(heap, 0, last), "the heap is valid");
    EXPECT("3.5", HeapAlloc(heap, 0, 300000) != NULL, "the heap goes on serving");
    HeapDestroy(heap);
}

static void test_full_heap(void)
{
    case_begin("3.10", "a fixed-size heap without a free byte");
    HANDLE heap = HeapCreate(0, 0x10000, 0x10000);
    for (SIZE_T size = 0x8000; size > 0; size /= 2) {
        while (HeapAlloc(heap, 0, size) != NULL) {
        }
    }
    while (HeapAlloc(heap, 0, 0) != NULL) {
    }
    SetLastError(SENTINEL);
    const SIZE_T largest = HeapCompact(heap, 0);
    const DWORD error = GetLastError();
    EXPECT("3.10", largest < 64, "next to nothing is free");
    EXPECT("3.10", largest != 0 || error == NO_ERROR, "if the answer is 0, the last error is 0");
    EXPECT("3.9", HeapValidate(heap, 0, NULL) != FALSE, "the heap is valid");
    HeapDestroy(heap);
}

static void test_deferred_merging(void)
{
    case_begin("3.10", "heap without coalescing on free");
    HANDLE heap = HeapCreate(HEAP_DISABLE_COALESCE_ON_FREE, 0, 0);
    void *blocks[40];
    for (int i = 0; i < 40; i++) {
        blocks[i] = HeapAlloc(heap, 0, (SIZE_T)(1000 + i * 20));
    }
    for (int i = 0; i < 40; i++) {
        HeapFree(heap, 0, blocks[i]);
    }
    EXPECT("3.10", HeapCompact(heap, 0) >= 2000, "neighbours are merged by HeapCompact");
    EXPECT("3.9", HeapValidate(heap, 0, NULL) != FALSE, "the heap is valid");
    HeapDestroy(heap);
}

static void test_wrong_heap(void)
{
    case_begin("3.10", "invalid heap handles");
    if (!may_ask_wild()) {
        SKIP("3.10", "invalid heap handles: undefined on Windows");
        return;
    }
    HANDLE dead = HeapCreate(0, 0, 0);
    HeapDestroy(dead);
    const HANDLE wrong[] = {NULL, dead, &dead};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (!may_try_heap(wrong[i])) {
            continue;
        }
        SetLastError(SENTINEL);
        EXPECT_EQUAL("3.10", 0, HeapCompact(wrong[i], 0), "wrong handle %u: 0", (unsigned)i);
        EXPECT_ERROR(
            "3.10", ERROR_INVALID_HANDLE, "wrong handle %u: 6, so it is an error", (unsigned)i);
    }
}

int main(void)
{
    test_usable_heap();
    test_full_heap();
    test_deferred_merging();
    test_wrong_heap();
    return conformance_finish();
}
