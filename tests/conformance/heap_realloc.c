// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// HeapReAlloc: win32-heap.md 2.4, 2.6, 3.6.

#include "conformance.h"

#define KIB ((SIZE_T)1024)

static void test_null(HANDLE heap)
{
    case_begin("3.6", "NULL is not an allocation");
    SetLastError(SENTINEL);
    EXPECT("3.6", HeapReAlloc(heap, 0, NULL, 100) == NULL, "HeapReAlloc of NULL to 100: NULL");
    EXPECT_ERROR("3.6", 0, "and the last error is 0");
    SetLastError(SENTINEL);
    EXPECT("3.6", HeapReAlloc(heap, 0, NULL, 0) == NULL, "HeapReAlloc of NULL to 0: NULL");
    EXPECT_ERROR("3.6", 0, "and the last error is 0, again");
    SetLastError(SENTINEL);
    EXPECT("3.6", HeapReAlloc(heap, HEAP_REALLOC_IN_PLACE_ONLY | HEAP_ZERO_MEMORY, NULL, 9) == NULL,
        "with flags: NULL");
    EXPECT_ERROR("3.6", 0, "with flags: 0");
}

static void test_zero_size(HANDLE heap)
{
    case_begin("2.4", "size 0 keeps a block");
    static const SIZE_T sizes[] = {0, 1, 100, 5000, 100000, 0x180000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        void *block = HeapAlloc(heap, 0, sizes[i]);
        SetLastError(SENTINEL);
        void *empty = HeapReAlloc(heap, 0, block, 0);
        EXPECT("2.4", empty != NULL, "from %u bytes: a pointer", (unsigned)sizes[i]);
        EXPECT_ERROR(
            "1.6", SENTINEL, "from %u bytes: the last error is left alone", (unsigned)sizes[i]);
        EXPECT_EQUAL(
            "2.4", 0, HeapSize(heap, 0, empty), "from %u bytes: size 0", (unsigned)sizes[i]);
        EXPECT("2.4", HeapFree(heap, 0, empty) != FALSE, "from %u bytes: it must be freed",
            (unsigned)sizes[i]);
    }
}

static void test_contents(HANDLE heap)
{
    case_begin("3.6", "contents survive");
    static const SIZE_T path[] = {1, 16, 17, 40, 41, 500, 130, 5000, 16000, 17000, 300, 70000,
        400000, 0x180000, 0x300000, 0x200000, 600000, 20, 0x140000, 3};
    SIZE_T size = 1;
    void *block = HeapAlloc(heap, 0, size);
    pattern_write(block, size, 9);
    for (size_t i = 1; i < sizeof(path) / sizeof(path[0]); i++) {
        block = HeapReAlloc(heap, 0, block, path[i]);
        const SIZE_T kept = size < path[i] ? size : path[i];
        EXPECT("3.6", block != NULL && pattern_matches(block, kept, 9), "%u to %u bytes",
            (unsigned)size, (unsigned)path[i]);
        EXPECT_EQUAL(
            "2.4", path[i], HeapSize(heap, 0, block), "size %u after a realloc", (unsigned)path[i]);
        size = path[i];
        pattern_write(block, size, 9);
    }
    EXPECT("3.9", HeapValidate(heap, 0, NULL) != FALSE, "the heap is valid");
    HeapFree(heap, 0, block);
}

static bool zero_from_old_size(HANDLE heap, SIZE_T from, SIZE_T to)
{
    // Dirty memory all around, so that a zero is the function's doing.
    void *dirty[8];
    for (int i = 0; i < 8; i++) {
        dirty[i] = HeapAlloc(heap, 0, i % 2 ? to : from);
        memset(dirty[i], 0xEE, i % 2 ? to : from);
    }
    for (int i = 0; i < 8; i++) {
        HeapFree(heap, 0, dirty[i]);
    }
    unsigned char *block = HeapAlloc(heap, 0, to);
    memset(block, 0xEE, to);
    block = HeapReAlloc(heap, 0, block, from);
    const unsigned char *grown = HeapReAlloc(heap, HEAP_ZERO_MEMORY, block, to);
    const bool is_right =
        grown != NULL && is_filled(grown, 0xEE, from) && is_filled(grown + from, 0, to - from);
    HeapFree(heap, 0, (void *)(uintptr_t)grown);
    return is_right;
}

static void test_zero_memory(HANDLE heap)
{
    case_begin("2.6", "HEAP_ZERO_MEMORY zeroes from the old requested size");
    static const SIZE_T steps[][2] = {{1, 2}, {1, 16}, {1, 24}, {5, 11}, {17, 24}, {24, 25},
        {0, 24}, {30, 100}, {100, 1000}, {1000, 1001}, {1001, 1009}, {5000, 5100}, {5000, 20000},
        {20000, 20001}, {70000, 70015}, {1, 0x100000}, {100000, 0x180000}, {0x180000, 0x200000},
        {0x180001, 0x180010}};
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        EXPECT("2.6", zero_from_old_size(heap, steps[i][0], steps[i][1]), "%u to %u bytes",
            (unsigned)steps[i][0], (unsigned)steps[i][1]);
    }
    unsigned char *block = HeapAlloc(heap, 0, 1);
    *block = 0x5A;
    block = HeapReAlloc(heap, HEAP_ZERO_MEMORY, block, 0x100000);
    EXPECT("2.6", block != NULL && block[0] == 0x5A && is_filled(block + 1, 0, 0xFFFFF),
        "1 byte to 1 MiB");
    memset(block, 0xEE, 0x100000);
    block = HeapReAlloc(heap, HEAP_ZERO_MEMORY, block, 500);
    EXPECT("2.6", block != NULL && is_filled(block, 0xEE, 500),
        "shrinking zeroes nothing that is kept");
    HeapFree(heap, 0, block);
}

static void test_failure_keeps_block(HANDLE heap)
{
    case_begin("3.6", "a failed realloc leaves the old block");
    static const SIZE_T sizes[] = {0, 10, 40, 5000, 100000, 0x180000};
    static const SIZE_T belows[] = {1, 8, 0x20, 0x10000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        void *block = HeapAlloc(heap, 0, sizes[i]);
        pattern_write(block, sizes[i], 4);
        bool all_null = true;
        bool all_eight = true;
        for (size_t j = 0; j < sizeof(belows) / sizeof(belows[0]); j++) {
            SetLastError(SENTINEL);
            all_null = all_null && HeapReAlloc(heap, j % 2 ? HEAP_ZERO_MEMORY : 0, block,
                                       (SIZE_T)0 - belows[j]) == NULL;
            all_eight = all_eight && GetLastError() == ERROR_NOT_ENOUGH_MEMORY;
        }
        EXPECT("2.4", all_null, "%u bytes to ~0, ~0 - 7 and so on: NULL", (unsigned)sizes[i]);
        EXPECT("0.3", all_eight, "%u bytes: 8", (unsigned)sizes[i]);
        EXPECT("2.4", HeapValidate(heap, 0, block) != FALSE, "%u bytes: the old block is valid",
            (unsigned)sizes[i]);
        EXPECT_EQUAL("3.6", sizes[i], HeapSize(heap, 0, block), "%u bytes: its size is unchanged",
            (unsigned)sizes[i]);
        EXPECT("3.6", pattern_matches(block, sizes[i], 4), "%u bytes: its contents are unchanged",
            (unsigned)sizes[i]);
        EXPECT("3.6", HeapFree(heap, 0, block) != FALSE, "%u bytes: it is freed as ever",
            (unsigned)sizes[i]);
    }
}

/** One in-place step: the same pointer with the new size, or NULL with 8 and nothing changed. */
static bool resize_in_place(HANDLE heap, void *block, SIZE_T size)
{
    SetLastError(SENTINEL);
    return HeapReAlloc(heap, HEAP_REALLOC_IN_PLACE_ONLY, block, size) == block &&
           GetLastError() == SENTINEL && HeapSize(heap, 0, block) == size;
}

static bool resize_in_place_fails(HANDLE heap, void *block, SIZE_T size)
{
    const SIZE_T old_size = HeapSize(heap, 0, block);
    SetLastError(SENTINEL);
    return HeapReAlloc(heap, HEAP_REALLOC_IN_PLACE_ONLY, block, size) == NULL &&
           GetLastError() == ERROR_NOT_ENOUGH_MEMORY && HeapSize(heap, 0, block) == old_size &&
           HeapValidate(heap, 0, block);
}

static void test_in_place_region(void)
{
    case_begin("3.6", "HEAP_REALLOC_IN_PLACE_ONLY, block of a region");
    HANDLE heap = HeapCreate(0, 0, 0);
    void *block = HeapAlloc(heap, 0, 768 * KIB);
    pattern_write(block, 384 * KIB, 6);
    EXPECT("3.6", resize_in_place(heap, block, 384 * KIB), "fresh growable heap: 768 to 384 KiB");
    EXPECT("3.6", resize_in_place(heap, block, 512 * KIB), "fresh growable heap: 384 to 512 KiB");
    EXPECT("3.6", pattern_matches(block, 384 * KIB, 6), "contents survive");
    EXPECT("3.9", HeapValidate(heap, 0, NULL) != FALSE, "the heap is valid");
    EXPECT("3.7", HeapFree(heap, 0, block) != FALSE, "the block is freed");
    HeapDestroy(heap);

    heap = HeapCreate(0, 0, 2048 * KIB);
    block = HeapAlloc(heap, 0, 512 * KIB);
    pattern_write(block, 384 * KIB, 6);
    EXPECT("3.6", resize_in_place(heap, block, 384 * KIB), "fixed-size heap: 512 to 384 KiB");
    EXPECT("3.6", resize_in_place(heap, block, 512 * KIB), "fixed-size heap: 384 to 512 KiB");
    EXPECT("3.6", pattern_matches(block, 384 * KIB, 6), "contents survive in the fixed-size heap");
    HeapDestroy(heap);
}

static void test_in_place_large(void)
{
    case_begin("3.6", "HEAP_REALLOC_IN_PLACE_ONLY, large block");
    HANDLE heap = HeapCreate(0, 0, 0);
    void *block = HeapAlloc(heap, 0, 1024 * KIB);
    pattern_write(block, 384 * KIB, 7);
    EXPECT("3.6", resize_in_place(heap, block, 384 * KIB), "1 MiB to 384 KiB");
    EXPECT("3.6", resize_in_place_fails(heap, block, 512 * KIB),
        "384 to 512 KiB fails: the tail was released");
    EXPECT("3.6", pattern_matches(block, 384 * KIB, 7), "contents survive");
    EXPECT("3.7", HeapFree(heap, 0, block) != FALSE, "the block is freed");
    HeapDestroy(heap);
}

static void test_in_place_small(HANDLE heap)
{
    case_begin("3.6", "HEAP_REALLOC_IN_PLACE_ONLY, any block: same pointer or NULL with 8");
    static const SIZE_T steps[][2] = {{10, 10}, {10, 16}, {10, 100}, {100, 1}, {100, 0}, {0, 1},
        {40, 41}, {1000, 100000}, {5000, 4000}, {20000, 20001}, {100000, 50000}, {100000, 900000},
        {0x180000, 0x180001}, {0x180000, 0x8000000}};
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        void *block = HeapAlloc(heap, 0, steps[i][0]);
        void *neighbour = HeapAlloc(heap, 0, steps[i][0]);
        const SIZE_T kept = steps[i][0] < steps[i][1] ? steps[i][0] : steps[i][1];
        pattern_write(block, steps[i][0], 8);
        SetLastError(SENTINEL);
        void *result = HeapReAlloc(heap, HEAP_REALLOC_IN_PLACE_ONLY, block, steps[i][1]);
        const DWORD error = GetLastError();
        const bool is_done =
            result == block && error == SENTINEL && HeapSize(heap, 0, block) == steps[i][1];
        const bool is_refused = result == NULL && error == ERROR_NOT_ENOUGH_MEMORY &&
                                HeapSize(heap, 0, block) == steps[i][0];
        EXPECT("3.6", is_done || is_refused, "%u to %u bytes: done or refused",
            (unsigned)steps[i][0], (unsigned)steps[i][1]);
        EXPECT("3.6", pattern_matches(block, kept, 8), "%u to %u bytes: contents intact",
            (unsigned)steps[i][0], (unsigned)steps[i][1]);
        HeapFree(heap, 0, block);
        HeapFree(heap, 0, neighbour);
    }
    void *block = HeapAlloc(heap, 0, 0x8000);
    void *fence = HeapAlloc(heap, 0, 0x8000);
    EXPECT("3.6", resize_in_place_fails(heap, block, 0x7000000),
        "32 KiB to 112 MiB cannot be met: NULL with 8");
    HeapFree(heap, 0, block);
    HeapFree(heap, 0, fence);
}

static void test_in_place_zero(void)
{
    case_begin("2.6", "in place and zero together");
    HANDLE heap = HeapCreate(0, 0, 0);
    unsigned char *block = HeapAlloc(heap, 0, 768 * KIB);
    memset(block, 0xEE, 768 * KIB);
    block = HeapReAlloc(heap, HEAP_REALLOC_IN_PLACE_ONLY, block, 384 * KIB);
    unsigned char *grown =
        HeapReAlloc(heap, HEAP_REALLOC_IN_PLACE_ONLY | HEAP_ZERO_MEMORY, block, 512 * KIB);
    EXPECT("3.6", grown != NULL && grown == block, "384 to 512 KiB in place");
    EXPECT("2.6", grown != NULL && is_filled(grown, 0xEE, 384 * KIB), "the old bytes are kept");
    EXPECT("2.6", grown != NULL && is_filled(grown + 384 * KIB, 0, 128 * KIB),
        "the new bytes are zero");
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
    char *foreign = HeapAlloc(other, 0, 100);
    char *freed = HeapAlloc(heap, 0, 100);
    char *busy = HeapAlloc(heap, 0, 100);
    char *large = HeapAlloc(heap, 0, 0x200000);
    HeapFree(heap, 0, freed);
    void *libc_block = malloc(100);
    void *const wrong[] = {foreign, freed, busy + 16, busy + 1, large + 4096, &heap, libc_block,
        unmapped_address(), (void *)(uintptr_t)1};
    static const char *const names[] = {"a block of another heap", "a freed block", "block + 16",
        "block + 1", "large block + 4096", "a local variable", "a block of malloc",
        "an unmapped address", "1"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (!may_try_block(wrong[i])) {
            continue;
        }
        SetLastError(SENTINEL);
        EXPECT("2.7", HeapReAlloc(heap, 0, wrong[i], 200) == NULL, "%s: NULL", names[i]);
        EXPECT_ERROR("2.7", ERROR_INVALID_PARAMETER, "%s: 87", names[i]);
    }
    SetLastError(SENTINEL);
    EXPECT("3.6", HeapReAlloc(NULL, 0, busy, 200) == NULL, "heap NULL: NULL");
    EXPECT_ERROR("3.6", ERROR_INVALID_HANDLE, "heap NULL: 6");
    EXPECT("2.7", HeapSize(other, 0, foreign) == 100 && HeapSize(heap, 0, busy) == 100,
        "nothing has changed");
    EXPECT(
        "3.9", HeapValidate(heap, 0, NULL) && HeapValidate(other, 0, NULL), "both heaps are valid");
    free(libc_block);
    HeapFree(heap, 0, busy);
    HeapFree(heap, 0, large);
    HeapDestroy(other);
}

int main(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    test_null(heap);
    test_zero_size(heap);
    test_contents(heap);
    test_zero_memory(heap);
    test_failure_keeps_block(heap);
    test_in_place_region();
    test_in_place_large();
    test_in_place_small(heap);
    test_in_place_zero();
    test_wrong_blocks(heap);
    EXPECT("3.9", HeapValidate(heap, 0, NULL) != FALSE, "the heap is valid at the end");
    HeapDestroy(heap);
    return conformance_finish();
}
