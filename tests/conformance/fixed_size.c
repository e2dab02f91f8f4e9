// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Heaps with a maximum size: win32-heap.md 3.3.

#include "walk.h"

static struct walk walk;

static void expect_alloc_fails(HANDLE heap, SIZE_T size, const char *name)
{
    SetLastError(SENTINEL);
    EXPECT("3.3", HeapAlloc(heap, 0, size) == NULL, "%s: NULL", name);
    EXPECT_ERROR("3.3", ERROR_NOT_ENOUGH_MEMORY, "%s: 8", name);
}

static void test_limit(void)
{
    case_begin("3.3", "overhead lies inside the maximum size");
    static const struct {
        SIZE_T maximum;
        const char *name;
    } heaps[] = {{0x40000, "256 KiB"}, {0x80000, "512 KiB"}};
    for (size_t i = 0; i < sizeof(heaps) / sizeof(heaps[0]); i++) {
        const SIZE_T maximum = heaps[i].maximum;
        HANDLE heap = HeapCreate(0, 0, maximum);
        EXPECT("3.3", heap != NULL, "%s: a heap", heaps[i].name);
        char text[60];
        snprintf(text, sizeof(text), "%s: S + 1", heaps[i].name);
        expect_alloc_fails(heap, maximum + 1, text);
        snprintf(text, sizeof(text), "%s: S", heaps[i].name);
        expect_alloc_fails(heap, maximum, text);
        snprintf(text, sizeof(text), "%s: S - 0x600", heaps[i].name);
        expect_alloc_fails(heap, maximum - 0x600, text);
        SetLastError(SENTINEL);
        char *block = HeapAlloc(heap, 0, maximum - 0xC00);
        EXPECT("3.3", block != NULL, "%s: S - 0xC00 succeeds", heaps[i].name);
        EXPECT_ERROR("1.6", SENTINEL, "%s: and leaves the last error alone", heaps[i].name);
        if (block != NULL) {
            pattern_write(block, maximum - 0xC00, 1);
            EXPECT("3.3", pattern_matches(block, maximum - 0xC00, 1),
                "%s: every byte of it is usable", heaps[i].name);
            EXPECT("3.7", HeapFree(heap, 0, block) != FALSE, "%s: it is freed", heaps[i].name);
            EXPECT("3.3", HeapAlloc(heap, 0, maximum - 0xC00) != NULL,
                "%s: freed space is reusable", heaps[i].name);
        }
        HeapDestroy(heap);
    }
    HANDLE heap = HeapCreate(0, 0, 0x10000);
    expect_alloc_fails(heap, 0x10000, "64 KiB: all of it");
    EXPECT("3.3", HeapAlloc(heap, 0, 0x8000) != NULL, "64 KiB: half of it succeeds");
    HeapDestroy(heap);
}

static void test_single_block_limit(void)
{
    case_begin("3.3", "no single block of 1 MiB, even in a larger heap");
    HANDLE heap = HeapCreate(0, 0, 0x200000);
    expect_alloc_fails(heap, 0x100000, "2 MiB heap: 1 MiB");
    expect_alloc_fails(heap, 0x180000, "2 MiB heap: 1.5 MiB");
    expect_alloc_fails(heap, 0x1F0000, "2 MiB heap: 2 MiB less 64 KiB");
    char *block = HeapAlloc(heap, 0, 0x40000);
    EXPECT("3.3", block != NULL, "2 MiB heap: 256 KiB succeeds");
    pattern_write(block, 0x40000, 2);
    block = HeapReAlloc(heap, 0, block, 0x80000);
    EXPECT("3.3", block != NULL && pattern_matches(block, 0x40000, 2),
        "2 MiB heap: a realloc to 512 KiB succeeds");
    SetLastError(SENTINEL);
    EXPECT("3.3", HeapReAlloc(heap, 0, block, 0x100000) == NULL,
        "2 MiB heap: a realloc to 1 MiB: NULL");
    EXPECT_ERROR("3.3", ERROR_NOT_ENOUGH_MEMORY, "2 MiB heap: a realloc to 1 MiB: 8");
    EXPECT("3.6", HeapSize(heap, 0, block) == 0x80000 && pattern_matches(block, 0x40000, 2),
        "the block is untouched");
    walk_take(&walk, heap);
    EXPECT_EQUAL("3.3", 0, walk_count_if(&walk, entry_is_large), "no large block");
    HeapDestroy(heap);

    heap = HeapCreate(0, 0, 0x4000000);
    expect_alloc_fails(heap, 0x100000, "64 MiB heap: 1 MiB");
    int count = 0;
    while (count < 100 && HeapAlloc(heap, 0, 0x7F000) != NULL) {
        count++;
    }
    EXPECT("3.3", count == 100, "64 MiB heap: 100 blocks of 508 KiB");
    HeapDestroy(heap);
}

static void test_exhaustion(void)
{
    case_begin("3.3", "exhaustion");
    HANDLE heap = HeapCreate(0, 0, 0x20000);
    enum {
        BLOCKS = 2000
    };
    static char *blocks[BLOCKS];
    size_t count = 0;
    SetLastError(SENTINEL);
    while (count < BLOCKS && (blocks[count] = HeapAlloc(heap, 0, 1000)) != NULL) {
        pattern_write(blocks[count], 1000, (unsigned)count);
        count++;
    }
    EXPECT_ERROR("3.3", ERROR_NOT_ENOUGH_MEMORY, "blocks of 1000 bytes until NULL: 8");
    EXPECT("3.3", count >= 100 && count <= 131, "128 KiB hold about 120 of them");
    bool all_hold = true;
    for (size_t i = 0; i < count; i++) {
        all_hold = all_hold && pattern_matches(blocks[i], 1000, (unsigned)i);
    }
    EXPECT("3.3", all_hold, "all keep their contents");
    EXPECT("3.9", HeapValidate(heap, 0, NULL) != FALSE, "the heap is valid");
    walk_take(&walk, heap);
    EXPECT_EQUAL("4.6", count, walk_count_if(&walk, entry_is_busy), "the walk shows each of them");
    EXPECT_EQUAL("3.3", 1, walk_count_if(&walk, entry_is_region), "there is one region");
    const PROCESS_HEAP_ENTRY *region = &walk.entries[0];
    EXPECT_EQUAL("3.3", 0x20000, region->Region.dwCommittedSize + region->Region.dwUnCommittedSize,
        "it is of the maximum size");

    EXPECT("3.7", HeapFree(heap, 0, blocks[count / 2]) != FALSE, "one block is freed");
    EXPECT("3.3", HeapAlloc(heap, 0, 1000) != NULL, "its space serves another one");
    expect_alloc_fails(heap, 1000, "one more");
    for (size_t i = 0; i < count; i++) {
        if (i != count / 2) {
            HeapFree(heap, 0, blocks[i]);
        }
    }
    EXPECT("3.3", HeapAlloc(heap, 0, 0xC000) != NULL, "freed neighbours serve a larger block");
    HeapDestroy(heap);
}

static void test_many_rounds(void)
{
    case_begin("3.3", "full and empty, again and again, with changing sizes");
    HANDLE heap = HeapCreate(0, 0, 0x40000);
    enum {
        BLOCKS = 9000
    };
    static void *blocks[BLOCKS];
    bool all_full = true;
    bool all_serve_largest = true;
    static const SIZE_T sizes[] = {16, 5000, 40, 60000, 300, 1, 20000, 100};
    for (size_t round = 0; round < sizeof(sizes) / sizeof(sizes[0]); round++) {
        size_t count = 0;
        while (count < BLOCKS && (blocks[count] = HeapAlloc(heap, 0, sizes[round])) != NULL) {
            count++;
        }
        all_full = all_full && count * (sizes[round] + 64) >= 0x28000;
        for (size_t i = 0; i < count; i += 2) {
            HeapFree(heap, 0, blocks[i]);
        }
        for (size_t i = 1; i < count; i += 2) {
            HeapFree(heap, 0, blocks[i]);
        }
        void *largest = HeapAlloc(heap, 0, 0x40000 - 0xC00);
        all_serve_largest = all_serve_largest && largest != NULL;
        HeapFree(heap, 0, largest);
    }
    EXPECT("3.3", all_full, "each round fills most of 256 KiB");
    EXPECT("3.3", all_serve_largest, "after each round S - 0xC00 succeeds again");
    EXPECT("3.9", HeapValidate(heap, 0, NULL) != FALSE, "the heap is valid");
    HeapDestroy(heap);
}

static void test_rounding(void)
{
    case_begin("3.3", "the maximum size is rounded up to a page");
    HANDLE heap = HeapCreate(0, 0, 0x20001);
    walk_take(&walk, heap);
    const PROCESS_HEAP_ENTRY *region = &walk.entries[0];
    EXPECT_EQUAL("3.3", 0,
        (region->Region.dwCommittedSize + region->Region.dwUnCommittedSize) % 0x1000,
        "0x20001: the region is whole pages");
    EXPECT("3.3", region->Region.dwCommittedSize + region->Region.dwUnCommittedSize >= 0x20001,
        "0x20001: and not less");
    HeapDestroy(heap);
    heap = HeapCreate(0, 0, 1);
    OBSERVE("3.3 HeapCreate(0, 0, 1) gives a heap", "%d", heap != NULL);
    if (heap != NULL) {
        HeapAlloc(heap, 0, 1);
        EXPECT(
            "3.9", HeapValidate(heap, 0, NULL) != FALSE, "a maximum size of 1: the heap is valid");
        HeapDestroy(heap);
    }
}

static void test_realloc_at_limit(void)
{
    case_begin("3.3", "realloc in a full heap");
    HANDLE heap = HeapCreate(HEAP_NO_SERIALIZE, 0, 0x20000);
    char *block = HeapAlloc(heap, 0, 0x12000);
    pattern_write(block, 0x12000, 3);
    SetLastError(SENTINEL);
    EXPECT("3.6", HeapReAlloc(heap, 0, block, 0x20000) == NULL, "to all of the heap: NULL");
    EXPECT_ERROR("3.6", ERROR_NOT_ENOUGH_MEMORY, "to all of the heap: 8");
    EXPECT("3.6", pattern_matches(block, 0x12000, 3), "contents intact");
    // There is no room for a second copy, so this can only be done where the block is.
    char *grown = HeapReAlloc(heap, 0, block, 0x1C000);
    EXPECT("3.6", grown == block && pattern_matches(grown, 0x12000, 3),
        "72 to 112 KiB grows where it is");
    EXPECT("3.6", HeapReAlloc(heap, 0, block, 100) != NULL, "shrinking always succeeds");
    EXPECT("3.9", HeapValidate(heap, 0, NULL) != FALSE, "the heap is valid");
    HeapDestroy(heap);
}

int main(void)
{
    test_limit();
    test_single_block_limit();
    test_exhaustion();
    test_many_rounds();
    test_rounding();
    test_realloc_at_limit();
    return conformance_finish();
}
