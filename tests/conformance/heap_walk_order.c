// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// HeapWalk, the order of its elements: win32-heap.md 4.4.

#include "walk.h"

static struct walk walk;

/** Checks the order of section 4.4; `allow_late_regions` for a heap whose front end is active. */
static void expect_order(HANDLE heap, const char *name)
{
    walk_take(&walk, heap);
    EXPECT("4.4", walk.is_complete && walk.end_error == ERROR_NO_MORE_ITEMS, "%s: a complete walk",
        name);
    EXPECT("4.4",
        walk.count > 0 && entry_is_region(&walk.entries[0]) && walk.entries[0].lpData == heap,
        "%s: the first entry is the region at the handle", name);
    EXPECT("4.2", walk_kinds_are_exclusive(&walk), "%s: each entry is of one kind", name);

    bool inside_region = true;
    bool ascending = true;
    bool uncommitted_last = true;
    bool large_last = true;
    bool same_index = true;
    const PROCESS_HEAP_ENTRY *region = NULL;
    bool seen_uncommitted = false;
    bool seen_large = false;
    uintptr_t last_end = 0;
    for (size_t i = 0; i < walk.count; i++) {
        const PROCESS_HEAP_ENTRY *entry = &walk.entries[i];
        if (entry_is_region(entry)) {
            large_last = large_last && !seen_large;
            region = entry;
            last_end = (uintptr_t)entry_end(entry);
            seen_uncommitted = false;
            continue;
        }
        if (entry_is_large(entry)) {
            seen_large = true;
            continue;
        }
        large_last = large_last && !seen_large;
        inside_region = inside_region && region != NULL &&
                        (uintptr_t)entry->lpData >= (uintptr_t)entry_end(region) &&
                        (uintptr_t)entry_end(entry) <= (uintptr_t)region->Region.lpLastBlock;
        ascending = ascending && (uintptr_t)entry->lpData >= last_end;
        last_end = (uintptr_t)entry_end(entry);
        same_index = same_index && region != NULL && entry->iRegionIndex == region->iRegionIndex;
        if (entry_is_uncommitted(entry)) {
            seen_uncommitted = true;
        } else {
            // A hole of uncommitted pages inside a region splits it (4.7); then blocks follow.
            uncommitted_last = uncommitted_last && !seen_uncommitted;
        }
    }
    EXPECT("4.4", inside_region, "%s: a region entry comes first, then what lies in that region",
        name);
    EXPECT("4.4", ascending, "%s: ascending addresses, no overlap", name);
    EXPECT("4.4", same_index, "%s: entries carry the index of their region", name);
    EXPECT("4.4", large_last, "%s: large blocks come after all regions", name);
    EXPECT("4.4", uncommitted_last,
        "%s: the uncommitted range comes after the blocks of its region", name);
}

static void expect_all_found(
    void *const *blocks, const SIZE_T *sizes, size_t count, const char *name)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        const PROCESS_HEAP_ENTRY *entry = walk_find_busy(&walk, blocks[i]);
        found += entry != NULL && entry->cbData == sizes[i] ? 1 : 0;
    }
    EXPECT_EQUAL("4.6", count, found, "%s: every block is there, with its size", name);
    EXPECT_EQUAL("4.6", count, walk_count_if(&walk, entry_is_busy), "%s: and no other", name);
}

static void test_one_region(void)
{
    case_begin("4.4", "one region with holes");
    HANDLE heap = HeapCreate(0, 0, 0);
    enum {
        BLOCKS = 12
    };
    void *blocks[BLOCKS];
    SIZE_T sizes[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++) {
        sizes[i] = 100 + 60 * i;
        blocks[i] = HeapAlloc(heap, 0, sizes[i]);
    }
    expect_order(heap, "12 blocks");
    expect_all_found(blocks, sizes, BLOCKS, "12 blocks");
    EXPECT_EQUAL("4.4", BLOCKS + 3, walk.count, "12 blocks: region, 12 busy, free, uncommitted");
    for (size_t i = 0; i < BLOCKS; i += 2) {
        HeapFree(heap, 0, blocks[i]);
    }
    expect_order(heap, "holes");
    EXPECT_EQUAL("4.4", BLOCKS + 3, walk.count, "holes: as many entries, half of them free");
    HeapDestroy(heap);
}

static void test_many_regions(void)
{
    case_begin("4.4", "many regions");
    HANDLE heap = HeapCreate(0, 0, 0);
    enum {
        BLOCKS = 150
    };
    static void *blocks[BLOCKS];
    static SIZE_T sizes[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++) {
        sizes[i] = 100000 + 4321 * i;
        if (sizes[i] > 700000) {
            sizes[i] = 700000 + i;
        }
        blocks[i] = HeapAlloc(heap, 0, sizes[i]);
    }
    expect_order(heap, "75 MiB in region blocks");
    expect_all_found(blocks, sizes, BLOCKS, "75 MiB in region blocks");
    EXPECT("4.4", walk_count_if(&walk, entry_is_region) > 1, "there are several regions");
    bool all_numbered = true;
    for (size_t i = 0; i < walk.count; i++) {
        all_numbered = all_numbered && walk.entries[i].iRegionIndex != LARGE_REGION_INDEX;
    }
    EXPECT("4.7", all_numbered, "none has the index 64, which is for large blocks");
    for (size_t i = 0; i < BLOCKS; i += 3) {
        HeapFree(heap, 0, blocks[i]);
        blocks[i] = HeapAlloc(heap, 0, sizes[i] = 50);
    }
    expect_order(heap, "a third replaced by small blocks");
    expect_all_found(blocks, sizes, BLOCKS, "a third replaced by small blocks");
    HeapDestroy(heap);
}

static void test_small_and_large(void)
{
    case_begin("4.4", "large blocks after all regions, in the order of allocation");
    HANDLE heap = HeapCreate(0, 0, 0);
    enum {
        LARGE = 8
    };
    void *large[LARGE];
    for (size_t i = 0; i < LARGE; i++) {
        // Sizes go up and down, so that neither addresses nor sizes give the order away.
        large[i] = HeapAlloc(heap, 0, 0x100000 + 0x50000 * ((i * 5) % 8));
        HeapAlloc(heap, 0, 1000 * i);
    }
    HeapFree(heap, 0, large[2]);
    HeapFree(heap, 0, large[5]);
    HeapAlloc(heap, 0, 200000);
    large[2] = HeapAlloc(heap, 0, 0x120000);
    static const size_t expected[] = {0, 1, 3, 4, 6, 7, 2};
    expect_order(heap, "large and small");
    bool in_order = true;
    size_t next = 0;
    for (size_t i = 0; i < walk.count; i++) {
        if (!entry_is_large(&walk.entries[i])) {
            continue;
        }
        in_order = in_order && next < sizeof(expected) / sizeof(expected[0]) &&
                   walk.entries[i].lpData == large[expected[next]];
        next++;
    }
    EXPECT_EQUAL("4.7", 7, next, "seven large blocks");
    EXPECT("4.4", in_order, "in the order of allocation");
    HeapDestroy(heap);
}

static void test_process_heap(void)
{
    case_begin("4.4", "the process heap");
    HANDLE heap = GetProcessHeap();
    void *blocks[3] = {
        HeapAlloc(heap, 0, 123), HeapAlloc(heap, 0, 45678), HeapAlloc(heap, 0, 0x123456)};
    HeapLock(heap);
    walk_take(&walk, heap);
    HeapUnlock(heap);
    EXPECT("4.4",
        walk.is_complete && entry_is_region(&walk.entries[0]) && walk.entries[0].lpData == heap,
        "its first entry is the region at the handle");
    for (int i = 0; i < 3; i++) {
        static const DWORD sizes[] = {123, 45678, 0x123456};
        const PROCESS_HEAP_ENTRY *entry = walk_find_busy(&walk, blocks[i]);
        EXPECT("4.6", entry != NULL && entry->cbData == sizes[i],
            "its walk shows the block of %u bytes", (unsigned)sizes[i]);
        HeapFree(heap, 0, blocks[i]);
    }
}

int main(void)
{
    test_one_region();
    test_many_regions();
    test_small_and_large();
    test_process_heap();
    return conformance_finish();
}
