// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// HeapWalk of a fresh heap and after its first allocations: win32-heap.md 4.5, 4.6.

#include "walk.h"

static struct walk fresh, walk;

/** The three entries of a fresh heap, and every relation of section 4.5 between them. */
static void expect_fresh_picture(const struct walk *picture, HANDLE heap, const char *name)
{
    EXPECT("4.3", picture->is_complete && picture->end_error == ERROR_NO_MORE_ITEMS,
        "%s: the walk ends with 259", name);
    EXPECT_EQUAL("4.5", 3, picture->count, "%s: exactly three entries", name);
    if (picture->count != 3) {
        return;
    }
    const PROCESS_HEAP_ENTRY *region = &picture->entries[0];
    const PROCESS_HEAP_ENTRY *free_entry = &picture->entries[1];
    const PROCESS_HEAP_ENTRY *uncommitted = &picture->entries[2];

    EXPECT_EQUAL("4.5", PROCESS_HEAP_REGION, region->wFlags, "%s: entry 0 is a region", name);
    EXPECT("4.5", region->lpData == heap, "%s: region: lpData is the handle", name);
    EXPECT("4.5", region->cbData > 0 && region->cbData <= 0x1000,
        "%s: region: cbData is at most 0x1000", name);
    EXPECT_EQUAL("4.5", 0, region->cbOverhead, "%s: region: cbOverhead", name);
    EXPECT_EQUAL("4.5", 0, region->iRegionIndex, "%s: region: iRegionIndex", name);
    EXPECT("4.5",
        region->Region.dwCommittedSize > 0 && region->Region.dwCommittedSize % 0x1000 == 0,
        "%s: region: whole pages are committed", name);
    EXPECT("4.5",
        region->Region.dwUnCommittedSize > 0 && region->Region.dwUnCommittedSize % 0x1000 == 0,
        "%s: region: whole pages are uncommitted", name);
    const intptr_t gap = (intptr_t)region->Region.lpFirstBlock - (intptr_t)entry_end(region);
    EXPECT("4.5", gap == 2 * POINTER_SIZE || gap == 4 * POINTER_SIZE,
        "%s: region: lpFirstBlock is lpData + cbData + 2P or 4P", name);
    EXPECT("4.5", region->Region.lpLastBlock == entry_end(uncommitted),
        "%s: region: lpLastBlock is the end of the uncommitted range", name);

    EXPECT_EQUAL("4.5", 0, free_entry->wFlags, "%s: entry 1 is free", name);
    EXPECT("4.5", free_entry->cbData > 0, "%s: free: cbData is not 0", name);
    EXPECT_EQUAL(
        "4.5", 4 * POINTER_SIZE, free_entry->cbOverhead, "%s: free: cbOverhead is 4P", name);
    EXPECT_EQUAL("4.5", 0, free_entry->iRegionIndex, "%s: free: iRegionIndex", name);
    EXPECT("4.5", (uintptr_t)free_entry->lpData >= (uintptr_t)region->Region.lpFirstBlock,
        "%s: free: not before lpFirstBlock", name);

    EXPECT_EQUAL("4.5", PROCESS_HEAP_UNCOMMITTED_RANGE, uncommitted->wFlags,
        "%s: entry 2 is uncommitted", name);
    EXPECT("4.5",
        uncommitted->lpData ==
            address_plus(region->lpData, (intptr_t)region->Region.dwCommittedSize),
        "%s: uncommitted: lpData is the region's start plus dwCommittedSize", name);
    EXPECT("4.5",
        uncommitted->cbData == region->Region.dwUnCommittedSize ||
            uncommitted->cbData == region->Region.dwUnCommittedSize - 0x1000,
        "%s: uncommitted: cbData is dwUnCommittedSize, or 0x1000 less", name);
    EXPECT_EQUAL("4.5", 0, uncommitted->cbOverhead, "%s: uncommitted: cbOverhead", name);
    EXPECT_EQUAL("4.5", 0, uncommitted->iRegionIndex, "%s: uncommitted: iRegionIndex", name);

    EXPECT("4.6",
        uncommitted->lpData ==
            address_plus(entry_end(free_entry), 2 * (intptr_t)free_entry->cbOverhead),
        "%s: uncommitted.lpData = free.lpData + free.cbData + 2 * free.cbOverhead", name);
}

static void test_fresh(void)
{
    case_begin("4.5", "HeapCreate(0, 0, 0)");
    HANDLE heap = HeapCreate(0, 0, 0);
    walk_take(&fresh, heap);
    expect_fresh_picture(&fresh, heap, "growable");
    if (fresh.count == 3) {
        const PROCESS_HEAP_ENTRY *region = &fresh.entries[0];
        OBSERVE("4.5 committed size", "0x%x", (unsigned)region->Region.dwCommittedSize);
        OBSERVE("4.5 committed and uncommitted size", "0x%x",
            (unsigned)(region->Region.dwCommittedSize + region->Region.dwUnCommittedSize));
        OBSERVE("4.5 region header size", "%u", (unsigned)region->cbData);
        OBSERVE("4.5 free block size", "%u", (unsigned)fresh.entries[1].cbData);
        OBSERVE("4.5 uncommitted cbData is dwUnCommittedSize", "%d",
            fresh.entries[2].cbData == region->Region.dwUnCommittedSize);
    }
    HeapDestroy(heap);

    case_begin("4.5", "other fresh heaps");
    heap = HeapCreate(HEAP_NO_SERIALIZE, 0, 0);
    walk_take(&walk, heap);
    expect_fresh_picture(&walk, heap, "NO_SERIALIZE");
    HeapDestroy(heap);
    heap = HeapCreate(0, 0x8000, 0);
    walk_take(&walk, heap);
    expect_fresh_picture(&walk, heap, "initial size of 32 KiB");
    HeapDestroy(heap);
    heap = HeapCreate(0, 0, 0x40000);
    walk_take(&walk, heap);
    expect_fresh_picture(&walk, heap, "fixed size of 256 KiB");
    HeapDestroy(heap);
}

/** Every relation of section 4.6 between neighbours in one region. */
static void expect_arithmetic(const struct walk *picture, const char *name)
{
    bool busy_busy = true;
    bool busy_free = true;
    bool free_uncommitted = true;
    for (size_t i = 0; i + 1 < picture->count; i++) {
        const PROCESS_HEAP_ENTRY *entry = &picture->entries[i];
        const PROCESS_HEAP_ENTRY *next = &picture->entries[i + 1];
        const void *end = address_plus(entry_end(entry), (intptr_t)entry->cbOverhead);
        if (entry_is_busy(entry) && entry_is_busy(next)) {
            busy_busy = busy_busy && next->lpData == end;
        } else if (entry_is_busy(entry) && entry_is_free(next)) {
            busy_free = busy_free && next->lpData == address_plus(end, 2 * POINTER_SIZE);
        } else if (entry_is_free(entry) && entry_is_uncommitted(next)) {
            free_uncommitted =
                free_uncommitted && next->lpData == address_plus(end, (intptr_t)entry->cbOverhead);
        }
    }
    EXPECT("4.6", busy_busy, "%s: busy to busy: next lpData = lpData + cbData + cbOverhead", name);
    EXPECT("4.6", busy_free, "%s: busy to free: next lpData = lpData + cbData + cbOverhead + 2P",
        name);
    EXPECT("4.6", free_uncommitted,
        "%s: free to uncommitted: next lpData = lpData + cbData + 2 * cbOverhead", name);
}

static void expect_busy_entry(
    const struct walk *picture, const void *block, DWORD size, const char *name)
{
    const PROCESS_HEAP_ENTRY *entry = walk_find_busy(picture, block);
    EXPECT("4.6", entry != NULL, "%s: lpData is the pointer that HeapAlloc returned", name);
    if (entry != NULL) {
        EXPECT_EQUAL(
            "4.6", PROCESS_HEAP_ENTRY_BUSY, entry->wFlags, "%s: wFlags is BUSY alone", name);
        EXPECT_EQUAL("4.6", size, entry->cbData, "%s: cbData is the requested size", name);
        EXPECT("4.6", entry->cbOverhead != 0, "%s: cbOverhead is not 0", name);
        EXPECT_EQUAL("4.6", 0, entry->iRegionIndex, "%s: iRegionIndex", name);
    }
}

static void test_first_allocations(void)
{
    case_begin("4.6", "the first allocations split the free block");
    HANDLE heap = HeapCreate(0, 0, 0);
    walk_take(&fresh, heap);

    void *first = HeapAlloc(heap, 0, 5);
    walk_take(&walk, heap);
    EXPECT_EQUAL("4.6", 4, walk.count, "one block: four entries");
    expect_busy_entry(&walk, first, 5, "5 bytes");
    EXPECT("4.6",
        walk.count == 4 && entry_is_region(&walk.entries[0]) && entry_is_busy(&walk.entries[1]) &&
            entry_is_free(&walk.entries[2]) && entry_is_uncommitted(&walk.entries[3]),
        "one block: region, busy, free, uncommitted");
    expect_arithmetic(&walk, "one block");

    void *second = HeapAlloc(heap, 0, 25);
    walk_take(&walk, heap);
    EXPECT_EQUAL("4.6", 5, walk.count, "two blocks: five entries");
    expect_busy_entry(&walk, first, 5, "5 bytes beside another");
    expect_busy_entry(&walk, second, 25, "25 bytes");
    EXPECT("4.6",
        walk.count == 5 && walk.entries[1].lpData == first && walk.entries[2].lpData == second,
        "two blocks: in the order of allocation");
    expect_arithmetic(&walk, "two blocks");

    HeapFree(heap, 0, second);
    walk_take(&walk, heap);
    EXPECT_EQUAL("4.6", 4, walk.count, "the second freed: four entries");
    expect_arithmetic(&walk, "the second freed");
    HeapFree(heap, 0, first);
    walk_take(&walk, heap);
    EXPECT("4.6", walks_agree(&fresh, &walk), "both freed: the picture of the fresh heap");

    first = HeapAlloc(heap, 0, 40);
    second = HeapAlloc(heap, 0, 40);
    HeapFree(heap, 0, first);
    walk_take(&walk, heap);
    EXPECT_EQUAL("4.6", 5, walk.count, "the first of two freed: five entries");
    EXPECT("4.6",
        walk.count == 5 && entry_is_free(&walk.entries[1]) && walk.entries[2].lpData == second,
        "the first of two freed: region, free, busy, free, uncommitted");
    expect_arithmetic(&walk, "the first of two freed");
    HeapFree(heap, 0, second);
    walk_take(&walk, heap);
    EXPECT(
        "4.6", walks_agree(&fresh, &walk), "the second freed too: the picture of the fresh heap");
    HeapDestroy(heap);
}

static void test_many_sizes(void)
{
    case_begin("4.6", "blocks of many sizes side by side");
    HANDLE heap = HeapCreate(0, 0, 0);
    static const DWORD sizes[] = {0, 1, 8, 15, 16, 17, 24, 25, 31, 32, 33, 40, 41, 56, 57, 100, 128,
        255, 256, 300, 500, 512, 700, 999};
    enum {
        BLOCKS = sizeof(sizes) / sizeof(sizes[0])
    };
    void *blocks[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = HeapAlloc(heap, 0, sizes[i]);
    }
    walk_take(&walk, heap);
    EXPECT_EQUAL(
        "4.6", BLOCKS, walk_count_if(&walk, entry_is_busy), "as many busy entries as blocks");
    char name[40];
    for (size_t i = 0; i < BLOCKS; i++) {
        snprintf(name, sizeof(name), "%u bytes of many", (unsigned)sizes[i]);
        expect_busy_entry(&walk, blocks[i], sizes[i], name);
    }
    expect_arithmetic(&walk, "many sizes");
    for (size_t i = 0; i < BLOCKS; i += 2) {
        HeapFree(heap, 0, blocks[i]);
    }
    walk_take(&walk, heap);
    EXPECT_EQUAL("4.6", BLOCKS / 2, walk_count_if(&walk, entry_is_busy),
        "every second one freed: half the busy entries");
    expect_arithmetic(&walk, "every second one freed");
    for (size_t i = 1; i < BLOCKS; i += 2) {
        HeapFree(heap, 0, blocks[i]);
    }
    walk_take(&walk, heap);
    EXPECT_EQUAL("4.6", 3, walk.count, "all freed: three entries");
    expect_arithmetic(&walk, "all freed");
    HeapDestroy(heap);
}

static void test_sums(void)
{
    case_begin("4.6", "sums over busy entries");
    HANDLE heap = HeapCreate(0, 0, 0);
    uint64_t held = 0;
    for (unsigned i = 0; i < 500; i++) {
        const SIZE_T size = (SIZE_T)(i * i % 3001 + (i % 50 == 0 ? 150000u : 0u));
        held += size;
        HeapAlloc(heap, 0, size);
    }
    held += 0x180000;
    HeapAlloc(heap, 0, 0x180000);
    walk_take(&walk, heap);
    uint64_t found = 0;
    for (size_t i = 0; i < walk.count; i++) {
        found += entry_is_busy(&walk.entries[i]) ? walk.entries[i].cbData : 0;
    }
    EXPECT_EQUAL("4.6", 501, walk_count_if(&walk, entry_is_busy), "501 blocks, 501 busy entries");
    EXPECT_EQUAL("4.6", held, found, "their cbData add up to the bytes requested");
    HeapDestroy(heap);
}

int main(void)
{
    test_fresh();
    test_first_allocations();
    test_many_sizes();
    test_sums();
    return conformance_finish();
}
