// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The thirty behaviours of win32-heap.md 14, numbers 14 to 18: the walk.

#include "walk.h"

static struct walk walk, again;

static void test_14_fresh_heap(void)
{
    case_begin("14.14 (4.5)", "a fresh heap yields region, free, uncommitted");
    HANDLE heap = HeapCreate(0, 0, 0);
    walk_take(&walk, heap);
    EXPECT("14.14",
        walk.count == 3 && entry_is_region(&walk.entries[0]) && entry_is_free(&walk.entries[1]) &&
            entry_is_uncommitted(&walk.entries[2]),
        "in this order");
    EXPECT("14.14", walk.entries[0].lpData == heap, "the region's lpData is the heap handle");
    HeapDestroy(heap);
}

static void test_15_resume(void)
{
    case_begin("14.15 (4.3)", "garbage is normal, lpData and wFlags resume");
    HANDLE heap = HeapCreate(0, 0, 0);
    for (SIZE_T i = 0; i < 100; i++) {
        HeapAlloc(heap, 0, i * 7);
    }
    walk_take_from(&walk, heap, 0xCD);
    walk_take_from(&again, heap, 0x11);
    EXPECT("14.15", walks_agree(&walk, &again), "only lpData needs to be set at the start");
    bool all_right = true;
    for (size_t i = 0; i + 1 < walk.count; i++) {
        PROCESS_HEAP_ENTRY entry;
        memset(&entry, 0x5A, sizeof(entry));
        entry.lpData = walk.entries[i].lpData;
        entry.wFlags = walk.entries[i].wFlags;
        all_right =
            all_right && HeapWalk(heap, &entry) && walk_entries_agree(&entry, &walk.entries[i + 1]);
    }
    EXPECT("14.15", all_right, "only lpData and wFlags are needed to go on");
    HeapDestroy(heap);
}

static void test_16_end(void)
{
    case_begin("14.16 (4.3)", "the end is FALSE with 259");
    HANDLE heap = HeapCreate(0, 0, 0);
    PROCESS_HEAP_ENTRY entry = {0};
    SetLastError(SENTINEL);
    bool left_alone = true;
    while (HeapWalk(heap, &entry)) {
        left_alone = left_alone && GetLastError() == SENTINEL;
    }
    EXPECT_ERROR("14.16", ERROR_NO_MORE_ITEMS, "the end: 259");
    EXPECT("14.16", left_alone, "successful steps leave the last error alone");
    HeapDestroy(heap);
}

static void test_17_narrow_members(void)
{
    case_begin("14.17 (4.7)", "narrow members saturate");
    HANDLE heap = HeapCreate(0, 0, 0);
    EXPECT_EQUAL("14.17", 4, sizeof(walk.entries[0].cbData), "cbData has 32 bits");
    EXPECT_EQUAL("14.17", 1, sizeof(walk.entries[0].cbOverhead), "cbOverhead has 8 bits");
    EXPECT_EQUAL("14.17", 1, sizeof(walk.entries[0].iRegionIndex), "iRegionIndex has 8 bits");
    // Enough for far more than 64 regions of any size.
    bool all_made = true;
    for (int i = 0; i < 3000; i++) {
        all_made = all_made && HeapAlloc(heap, 0, 0x40000) != NULL;
    }
    walk_take(&walk, heap);
    bool none_is_64 = true;
    bool never_falls = true;
    BYTE last = 0;
    for (size_t i = 0; i < walk.count; i++) {
        const BYTE index = walk.entries[i].iRegionIndex;
        none_is_64 = none_is_64 && index != LARGE_REGION_INDEX;
        never_falls = never_falls && index >= last;
        last = index;
    }
    EXPECT(
        "14.17", all_made && walk_count_if(&walk, entry_is_busy) == 3000, "3000 blocks of 256 KiB");
    EXPECT("14.17", none_is_64, "no region has the number 64");
    EXPECT("14.17", never_falls, "region numbers do not wrap");
    HeapDestroy(heap);
}

static void test_18_large_last(void)
{
    case_begin("14.18 (4.4)", "large blocks come last, without a region entry");
    HANDLE heap = HeapCreate(0, 0, 0);
    void *first = HeapAlloc(heap, 0, 0x180000);
    HeapAlloc(heap, 0, 100);
    void *second = HeapAlloc(heap, 0, 0x100000);
    HeapAlloc(heap, 0, 1000);
    walk_take(&walk, heap);
    EXPECT("14.18",
        walk.count > 2 && walk.entries[walk.count - 2].lpData == first &&
            walk.entries[walk.count - 1].lpData == second,
        "in the order of allocation, after everything else");
    EXPECT_EQUAL("14.18", 2, walk_count_if(&walk, entry_is_large), "their region number is 64");
    EXPECT_EQUAL("14.18", 1, walk_count_if(&walk, entry_is_region), "no region entry was added");
    HeapDestroy(heap);
}

int main(void)
{
    test_14_fresh_heap();
    test_15_resume();
    test_16_end();
    test_17_narrow_members();
    test_18_large_last();
    return conformance_finish();
}
