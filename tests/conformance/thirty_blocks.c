// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The thirty behaviours of win32-heap.md 14, numbers 1 to 10: types and blocks.

#include "walk.h"

static void test_1_types(void)
{
    case_begin("14.1 (1.1)", "DWORD and LONG are 32 bits");
    EXPECT("14.1", sizeof(DWORD) == 4 && sizeof(LONG) == 4 && sizeof(ULONG) == 4,
        "DWORD, LONG and ULONG have 4 bytes");
    EXPECT_EQUAL("14.1", 40, sizeof(PROCESS_HEAP_ENTRY), "so PROCESS_HEAP_ENTRY has 40");
    DWORD all = 0;
    all--;
    EXPECT("14.1", (all >> 16 >> 16) == 0 && all == 0xFFFFFFFFu, "arithmetic wraps at 32 bits");
}

static void test_2_requested_size(void)
{
    case_begin("14.2 (2.4)", "the requested size, not the usable one");
    static struct walk walk;
    HANDLE heap = HeapCreate(0, 0, 0);
    bool all_exact = true;
    for (SIZE_T size = 1; size < 40000; size += size / 11 + 1) {
        void *block = HeapAlloc(heap, 0, size);
        walk_take(&walk, heap);
        const PROCESS_HEAP_ENTRY *entry = walk_find_busy(&walk, block);
        all_exact =
            all_exact && HeapSize(heap, 0, block) == size && entry != NULL && entry->cbData == size;
        HeapFree(heap, 0, block);
    }
    EXPECT("14.2", all_exact, "HeapSize and the walk agree with the request, up to 40000 bytes");
    HeapDestroy(heap);
}

static void test_3_zero_bytes(void)
{
    case_begin("14.3 (2.4)", "zero bytes are a block");
    HANDLE heap = HeapCreate(0, 0, 0);
    void *first = HeapAlloc(heap, 0, 0);
    void *second = HeapAlloc(heap, 0, 0);
    EXPECT("14.3", first != NULL && second != NULL && first != second,
        "each call gives a pointer of its own");
    EXPECT(
        "14.3", HeapSize(heap, 0, first) == 0 && HeapSize(heap, 0, second) == 0, "HeapSize is 0");
    EXPECT("14.3", HeapFree(heap, 0, first) && HeapFree(heap, 0, second), "both are freed");
    HeapDestroy(heap);
}

static void test_4_realloc_edges(void)
{
    case_begin("14.4 (3.6)", "realloc to 0 keeps a block, realloc of NULL makes none");
    HANDLE heap = HeapCreate(0, 0, 0);
    void *block = HeapReAlloc(heap, 0, HeapAlloc(heap, 0, 100), 0);
    EXPECT(
        "14.4", block != NULL && HeapSize(heap, 0, block) == 0, "realloc to 0: a block of size 0");
    block = HeapReAlloc(heap, 0, block, 100);
    EXPECT("14.4", block != NULL && HeapSize(heap, 0, block) == 100, "which can grow again");
    SetLastError(SENTINEL);
    EXPECT("14.4", HeapReAlloc(heap, 0, NULL, 100) == NULL, "realloc of NULL: NULL");
    EXPECT_ERROR("14.4", 0, "realloc of NULL: last error 0");
    HeapDestroy(heap);
}

static void test_5_zero_on_realloc(void)
{
    case_begin("14.5 (2.6)", "ZERO_MEMORY zeroes from the old requested size");
    HANDLE heap = HeapCreate(0, 0, 0);
    bool all_zero = true;
    for (SIZE_T size = 1; size < 3000; size += size / 7 + 1) {
        unsigned char *block = HeapAlloc(heap, 0, size + 15);
        memset(block, 0xEE, size + 15);
        block = HeapReAlloc(heap, 0, block, size);
        block = HeapReAlloc(heap, HEAP_ZERO_MEMORY, block, size + 15);
        all_zero = all_zero && is_filled(block, 0xEE, size) && is_filled(block + size, 0, 15);
        HeapFree(heap, 0, block);
    }
    EXPECT("14.5", all_zero, "also the slack of the old block");
    HeapDestroy(heap);
}

static void test_6_in_place(void)
{
    case_begin("14.6 (3.6)", "IN_PLACE_ONLY never moves");
    HANDLE heap = HeapCreate(0, 0, 0);
    bool all_right = true;
    for (SIZE_T size = 1; size < 0x300000; size *= 3) {
        void *block = HeapAlloc(heap, 0, size);
        void *fence = HeapAlloc(heap, 0, size);
        pattern_write(block, size, 1);
        SetLastError(SENTINEL);
        const void *result = HeapReAlloc(heap, HEAP_REALLOC_IN_PLACE_ONLY, block, size * 2);
        const SIZE_T expected = result != NULL ? size * 2 : size;
        all_right =
            all_right &&
            (result == block || (result == NULL && GetLastError() == ERROR_NOT_ENOUGH_MEMORY)) &&
            HeapSize(heap, 0, block) == expected && pattern_matches(block, size, 1);
        HeapFree(heap, 0, fence);
        HeapFree(heap, 0, block);
    }
    EXPECT("14.6", all_right, "the same pointer, or NULL with 8 and the block as it was");
    HeapDestroy(heap);
}

static void test_7_failed_realloc(void)
{
    case_begin("14.7 (3.6)", "a failed realloc leaves the old block");
    HANDLE heap = HeapCreate(0, 0, 0);
    void *block = HeapAlloc(heap, 0, 100);
    pattern_write(block, 100, 1);
    EXPECT("14.7", HeapReAlloc(heap, 0, block, ~(SIZE_T)0 - 100) == NULL, "the realloc fails");
    EXPECT("14.7",
        HeapValidate(heap, 0, block) && HeapSize(heap, 0, block) == 100 &&
            pattern_matches(block, 100, 1),
        "the block is valid, with its size and contents");
    EXPECT("14.7", HeapFree(heap, 0, block) != FALSE, "and still owned");
    HeapDestroy(heap);
}

static void test_8_free_null(void)
{
    case_begin("14.8 (3.7)", "HeapFree of NULL");
    HANDLE heap = HeapCreate(0, 0, 0);
    EXPECT("14.8",
        HeapFree(heap, 0, NULL) && HeapFree(GetProcessHeap(), 0, NULL) && HeapFree(NULL, 0, NULL),
        "succeeds for any heap, NULL included");
    HeapDestroy(heap);
}

static void test_9_size_failure(void)
{
    case_begin("14.9 (3.8)", "HeapSize fails with -1");
    HANDLE heap = HeapCreate(0, 0, 0);
    char *block = HeapAlloc(heap, HEAP_ZERO_MEMORY, 100);
    EXPECT_EQUAL(
        "14.9", ~(SIZE_T)0, HeapSize(heap, 0, block + 48), "an interior pointer: (SIZE_T)-1");
    HeapDestroy(heap);
}

static void test_10_destroy(void)
{
    case_begin("14.10 (3.4)", "HeapDestroy releases everything");
    const DWORD before = GetProcessHeaps(0, NULL);
    HANDLE heap = HeapCreate(0, 0, 0);
    char *large = HeapAlloc(heap, HEAP_ZERO_MEMORY, 0x300000);
    for (int i = 0; i < 1000; i++) {
        HeapAlloc(heap, 0, (SIZE_T)i);
    }
    EXPECT_EQUAL("14.10", before + 1, GetProcessHeaps(0, NULL), "the heap is on the process list");
    EXPECT("14.10", HeapDestroy(heap) != FALSE, "HeapDestroy with 1001 busy blocks");
    EXPECT_EQUAL("14.10", before, GetProcessHeaps(0, NULL), "the heap is off the process list");
    bool none_owned = true;
    HANDLE other = HeapCreate(0, 0, 0);
    for (SIZE_T offset = 0; offset < 0x300000; offset += 0x10000) {
        none_owned = none_owned && !HeapValidate(other, 0, large + offset) &&
                     !HeapValidate(GetProcessHeap(), 0, large + offset);
    }
    EXPECT("14.10", none_owned, "nothing of its large block is a block any more");
    HeapDestroy(other);
}

int main(void)
{
    test_1_types();
    test_2_requested_size();
    test_3_zero_bytes();
    test_4_realloc_edges();
    test_5_zero_on_realloc();
    test_6_in_place();
    test_7_failed_realloc();
    test_8_free_null();
    test_9_size_failure();
    test_10_destroy();
    return conformance_finish();
}
