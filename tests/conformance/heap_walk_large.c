// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Large blocks: win32-heap.md 2.4, 2.6, 4.7.

#include "walk.h"

static struct walk fresh, walk;

static void expect_from_region(HANDLE heap, SIZE_T size, const char *name)
{
    void *block = HeapAlloc(heap, 0, size);
    walk_take(&walk, heap);
    const PROCESS_HEAP_ENTRY *entry = walk_find_busy(&walk, block);
    EXPECT("2.4", entry != NULL && !entry_is_large(entry), "%s: from a region", name);
    EXPECT("4.6", entry != NULL && entry->cbData == size, "%s: cbData", name);
    HeapFree(heap, 0, block);
}

static void expect_large(HANDLE heap, SIZE_T size, const char *name)
{
    char *block = HeapAlloc(heap, 0, size);
    EXPECT("2.4", block != NULL, "%s: a block", name);
    walk_take(&walk, heap);
    const PROCESS_HEAP_ENTRY *entry = walk_find_busy(&walk, block);
    EXPECT("4.7", entry != NULL && entry->iRegionIndex == LARGE_REGION_INDEX,
        "%s: iRegionIndex is 64", name);
    if (entry != NULL) {
        EXPECT_EQUAL(
            "4.7", PROCESS_HEAP_ENTRY_BUSY, entry->wFlags, "%s: wFlags is BUSY alone", name);
        EXPECT_EQUAL("4.7", size, entry->cbData, "%s: cbData is the request", name);
        EXPECT_EQUAL("4.7", 0, entry->cbOverhead, "%s: cbOverhead is 0", name);
    }
    EXPECT_EQUAL(
        "4.7", fresh.count + 1, walk.count, "%s: one entry, no region entry of its own", name);
    EXPECT(
        "4.4", walk.count > 0 && &walk.entries[walk.count - 1] == entry, "%s: it comes last", name);
    EXPECT_EQUAL("2.4", 0, (uintptr_t)block % 64, "%s: a multiple of 8P", name);
    EXPECT_EQUAL("2.4", size, HeapSize(heap, 0, block), "%s: HeapSize", name);
    EXPECT("3.9", HeapValidate(heap, 0, block) != FALSE, "%s: HeapValidate", name);
    block[0] = 1;
    block[size - 1] = 1;
    EXPECT("3.7", HeapFree(heap, 0, block) != FALSE, "%s: it is freed", name);
    walk_take(&walk, heap);
    EXPECT("4.7", walks_agree(&fresh, &walk), "%s: afterwards the walk is as before", name);
}

static void test_boundary(void)
{
    case_begin("2.4", "the boundary between small and large");
    HANDLE heap = HeapCreate(0, 0, 0);
    expect_from_region(heap, 0x7F000, "0x7F000");
    expect_from_region(heap, 0x80000, "0x80000");
    expect_from_region(heap, 0x100000 - 0x10000, "0x100000 - 0x10000");
    expect_from_region(heap, 0x100000 - 0x3001, "0x100000 - 0x3001");
    expect_from_region(heap, 0x100000 - 0x3000, "0x100000 - 0x3000");
    HeapDestroy(heap);
    heap = HeapCreate(0, 0, 0);
    walk_take(&fresh, heap);
    expect_large(heap, 0x100000 - 0x1000, "0x100000 - 0x1000");
    expect_large(heap, 0x100000 - 0xFFF, "0x100000 - 0xFFF");
    expect_large(heap, 0x100000, "1 MiB");
    expect_large(heap, 0x100001, "1 MiB + 1");
    expect_large(heap, 0x1234567, "0x1234567");
    HeapDestroy(heap);
    heap = HeapCreate(0, 0, 0);
    void *between = HeapAlloc(heap, 0, 0x100000 - 0x2000);
    EXPECT("2.4", between != NULL, "0x100000 - 0x2000: either is allowed");
    walk_take(&walk, heap);
    const PROCESS_HEAP_ENTRY *entry = walk_find_busy(&walk, between);
    OBSERVE("2.4 0x100000 - 0x2000 is a large block", "%d", entry != NULL && entry_is_large(entry));
    HeapDestroy(heap);
}

static void test_alignment(void)
{
    case_begin("2.4", "large blocks are multiples of 64, not more");
    HANDLE heap = HeapCreate(0, 0, 0);
    bool all_aligned = true;
    bool some_odd = false;
    for (SIZE_T i = 0; i < 30; i++) {
        const uintptr_t block = (uintptr_t)HeapAlloc(heap, 0, 0x100000 + i * 4096);
        all_aligned = all_aligned && block % 64 == 0;
        some_odd = some_odd || block % 128 != 0;
    }
    EXPECT("2.4", all_aligned, "30 blocks: all are multiples of 64");
    EXPECT("2.4", some_odd, "30 blocks: not all are multiples of 128");
    HeapDestroy(heap);
}

static void test_fresh_is_zero(void)
{
    case_begin("2.6", "contents of a large block without HEAP_ZERO_MEMORY");
    HANDLE heap = HeapCreate(0, 0, 0);
    char *block = HeapAlloc(heap, 0, 0x123456);
    EXPECT("2.6", is_filled(block, 0, 0x123456), "a fresh one is zero");
    memset(block, 0xEE, 0x123456);
    HeapFree(heap, 0, block);
    block = HeapAlloc(heap, 0, 0x123456);
    // A fresh mapping each time on Windows, but no promise.
    OBSERVE("2.6 a large block allocated after one was freed is zero", "%d",
        is_filled(block, 0, 0x123456));
    HeapFree(heap, 0, block);
    block = HeapAlloc(heap, HEAP_ZERO_MEMORY, 0x123456);
    EXPECT("2.6", is_filled(block, 0, 0x123456), "with the flag it is zero in any case");
    HeapDestroy(heap);
}

static void test_no_serialize(void)
{
    case_begin("4.7", "large blocks of a heap without serialisation");
    HANDLE heap = HeapCreate(HEAP_NO_SERIALIZE, 0, 0);
    walk_take(&fresh, heap);
    expect_large(heap, 0x100000, "NO_SERIALIZE: 1 MiB");
    HeapDestroy(heap);
}

static void test_resize(void)
{
    case_begin("4.7", "a block that becomes large, and back");
    HANDLE heap = HeapCreate(0, 0, 0);
    void *block = HeapAlloc(heap, 0, 1000);
    pattern_write(block, 1000, 1);
    block = HeapReAlloc(heap, 0, block, 0x200000);
    walk_take(&walk, heap);
    const PROCESS_HEAP_ENTRY *entry = walk_find_busy(&walk, block);
    EXPECT("4.7", entry != NULL && entry_is_large(entry) && entry->cbData == 0x200000,
        "grown to 2 MiB: one large entry");
    EXPECT_EQUAL(
        "4.7", 1, walk_count_if(&walk, entry_is_busy), "grown to 2 MiB: the old block is gone");
    EXPECT("3.6", pattern_matches(block, 1000, 1), "contents survive");
    block = HeapReAlloc(heap, 0, block, 0x180000);
    walk_take(&walk, heap);
    entry = walk_find_busy(&walk, block);
    EXPECT("4.7", entry != NULL && entry_is_large(entry) && entry->cbData == 0x180000,
        "shrunk to 1.5 MiB: one large entry");
    block = HeapReAlloc(heap, 0, block, 0x380000);
    walk_take(&walk, heap);
    entry = walk_find_busy(&walk, block);
    EXPECT("4.7", entry != NULL && entry_is_large(entry) && entry->cbData == 0x380000,
        "grown to 3.5 MiB: one large entry");
    block = HeapReAlloc(heap, 0, block, 500);
    walk_take(&walk, heap);
    entry = walk_find_busy(&walk, block);
    EXPECT("4.6", entry != NULL && entry->cbData == 500, "shrunk to 500 bytes: its size is 500");
    EXPECT_EQUAL(
        "4.6", 1, walk_count_if(&walk, entry_is_busy), "shrunk to 500 bytes: one busy entry");
    EXPECT("3.6", pattern_matches(block, 500, 1), "contents survived it all");
    HeapDestroy(heap);
}

static void test_over_4_gib(void)
{
    case_begin("4.7", "a block over 4 GiB");
    HANDLE heap = HeapCreate(0, 0, 0);
    const SIZE_T size = ((SIZE_T)4 << 30) + 12345;
    char *block = HeapAlloc(heap, 0, size);
    if (block == NULL) {
        SKIP("4.7", "this system has no 4 GiB of addresses to give");
        HeapDestroy(heap);
        return;
    }
    EXPECT_EQUAL("2.4", size, HeapSize(heap, 0, block), "HeapSize is exact");
    walk_take(&walk, heap);
    const PROCESS_HEAP_ENTRY *entry = walk_find_busy(&walk, block);
    EXPECT("4.7", entry != NULL && entry_is_large(entry), "a large entry");
    EXPECT("4.7", entry != NULL && entry->cbData == 0xFFFFFFFFu, "cbData saturates at 0xFFFFFFFF");
    block[0] = 1;
    block[size - 1] = 1;
    EXPECT("3.7", HeapFree(heap, 0, block) != FALSE, "it is freed");
    HeapDestroy(heap);
}

int main(void)
{
    test_fresh_is_zero();
    test_boundary();
    test_alignment();
    test_no_serialize();
    test_resize();
    test_over_4_gib();
    return conformance_finish();
}
