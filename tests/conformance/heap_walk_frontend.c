// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The front end as HeapWalk, HeapQueryInformation and HeapReAlloc show it:
// win32-heap.md 3.6, 4.4, 4.7, 5.1, 11.1.

#include "walk.h"

static struct walk fresh, walk;

static ULONG compatibility(HANDLE heap)
{
    ULONG value = 0xCCCCCCCCu;
    SIZE_T length = 0;
    return HeapQueryInformation(heap, HeapCompatibilityInformation, &value, sizeof(value), &length)
               ? value
               : 0xFFFFFFFFu;
}

static void alloc_and_free(HANDLE heap, SIZE_T size, int count)
{
    void *blocks[64];
    for (int i = 0; i < count; i++) {
        blocks[i] = HeapAlloc(heap, 0, size);
    }
    for (int i = 0; i < count; i++) {
        HeapFree(heap, 0, blocks[i]);
    }
}

static void test_seventeen(void)
{
    case_begin("4.7", "17 allocations of 40 bytes are not enough");
    HANDLE heap = HeapCreate(0, 0, 0);
    EXPECT_EQUAL("5.1", 0, compatibility(heap), "a new heap: the query gives 0");
    walk_take(&fresh, heap);
    alloc_and_free(heap, 40, 17);
    EXPECT_EQUAL("5.1", 0, compatibility(heap), "after 17 allocations and frees the query gives 0");
    walk_take(&walk, heap);
    EXPECT_EQUAL("4.7", 3, walk.count,
        "after 17 allocations and frees the walk shows the plain three entries");
    EXPECT("4.7", walks_agree(&fresh, &walk), "and they are those of the fresh heap");
    HeapDestroy(heap);
}

/** Judges the entries of 40-byte blocks of the front end; `held` of them are in the program's
 * hands. */
static void expect_front_end_entries(const char *name, void *const *held, size_t held_count)
{
    EXPECT("4.7", walk.is_complete && walk.count > 24, "%s: more than 24 entries", name);
    size_t found = 0;
    bool busy_right = true;
    for (size_t i = 0; i < held_count; i++) {
        const PROCESS_HEAP_ENTRY *entry = walk_find_busy(&walk, held[i]);
        found += entry != NULL ? 1 : 0;
        busy_right = busy_right && entry != NULL && entry->cbData == 40 && entry->cbOverhead == 8 &&
                     entry->wFlags == PROCESS_HEAP_ENTRY_BUSY;
    }
    EXPECT_EQUAL("4.7", held_count, found, "%s: every held block is a busy entry", name);
    EXPECT("4.7", busy_right, "%s: busy entries have cbData 40 and cbOverhead 8", name);
    size_t free_blocks = 0;
    for (size_t i = 0; i < walk.count; i++) {
        const PROCESS_HEAP_ENTRY *entry = &walk.entries[i];
        free_blocks +=
            entry_is_free(entry) && entry->cbData == 0x20 && entry->cbOverhead == 2 * POINTER_SIZE
                ? 1
                : 0;
    }
    EXPECT("4.7", free_blocks >= 8,
        "%s: free ones are listed one by one, cbData 0x20, cbOverhead 2P", name);
}

static void test_eighteen(void)
{
    case_begin("4.7", "18 allocations of 40 bytes activate the front end");
    HANDLE heap = HeapCreate(0, 0, 0);
    alloc_and_free(heap, 40, 18);
    EXPECT_EQUAL("5.1", 2, compatibility(heap), "after 18 allocations and frees the query gives 2");
    void *held[20];
    held[0] = HeapAlloc(heap, 0, 40);
    walk_take(&walk, heap);
    expect_front_end_entries("one block held", held, 1);
    EXPECT("4.4", entry_is_region(&walk.entries[0]) && walk.entries[0].lpData == heap,
        "the first entry is still the region at the handle");
    OBSERVE("4.4 number of region entries with the front end active", "%u",
        (unsigned)walk_count_if(&walk, entry_is_region));
    OBSERVE("4.4 the last entry is a region", "%d", entry_is_region(&walk.entries[walk.count - 1]));
    for (int i = 1; i < 20; i++) {
        held[i] = HeapAlloc(heap, 0, 40);
    }
    walk_take(&walk, heap);
    expect_front_end_entries("20 blocks held", held, 20);
    EXPECT_EQUAL("4.7", 20, walk_count_if(&walk, entry_is_busy), "20 blocks held: 20 busy entries");
    uintptr_t nearest = ~(uintptr_t)0;
    for (int i = 0; i < 20; i++) {
        for (int j = 0; j < 20; j++) {
            const uintptr_t distance = (uintptr_t)held[j] - (uintptr_t)held[i];
            if (i != j && (intptr_t)distance > 0 && distance < nearest) {
                nearest = distance;
            }
        }
    }
    EXPECT_EQUAL("11.1", 48, nearest, "the stride of 40-byte blocks is 48");
    EXPECT("3.9", HeapValidate(heap, 0, NULL) != FALSE, "the heap is valid");
    for (int i = 0; i < 20; i++) {
        HeapFree(heap, 0, held[i]);
    }
    walk_take(&walk, heap);
    EXPECT_EQUAL("4.7", 0, walk_count_if(&walk, entry_is_busy), "all freed: no busy entry");
    HeapDestroy(heap);
}

static void test_per_size(void)
{
    case_begin("11.1", "activation is per size");
    HANDLE heap = HeapCreate(0, 0, 0);
    alloc_and_free(heap, 40, 18);
    HeapAlloc(heap, 0, 40);
    walk_take(&fresh, heap);
    void *other = HeapAlloc(heap, 0, 600);
    walk_take(&walk, heap);
    EXPECT(
        "11.1", walk.count <= fresh.count + 2, "another size gets one entry more, not a block row");
    HeapFree(heap, 0, other);
    HeapDestroy(heap);

    heap = HeapCreate(0, 0, 0);
    ULONG value = 2;
    EXPECT("5.1",
        HeapSetInformation(heap, HeapCompatibilityInformation, &value, sizeof(value)) != FALSE,
        "the front end is switched on");
    EXPECT_EQUAL("5.1", 2, compatibility(heap), "the query gives 2");
    HeapAlloc(heap, 0, 40);
    walk_take(&walk, heap);
    EXPECT_EQUAL("5.1", 4, walk.count,
        "but blocks of the front end appear only once a size is asked for often");
    HeapDestroy(heap);
}

static void test_in_place(void)
{
    case_begin("3.6", "no in-place resize in the front end");
    HANDLE heap = HeapCreate(0, 0, 0);
    alloc_and_free(heap, 40, 18);
    void *block = HeapAlloc(heap, 0, 40);
    pattern_write(block, 40, 2);
    static const SIZE_T sizes[] = {48, 100, 39, 20, 0};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        SetLastError(SENTINEL);
        EXPECT("3.6", HeapReAlloc(heap, HEAP_REALLOC_IN_PLACE_ONLY, block, sizes[i]) == NULL,
            "40 to %u bytes: NULL", (unsigned)sizes[i]);
        EXPECT_ERROR("3.6", ERROR_NOT_ENOUGH_MEMORY, "40 to %u bytes: 8", (unsigned)sizes[i]);
    }
    EXPECT("3.6", HeapSize(heap, 0, block) == 40 && pattern_matches(block, 40, 2),
        "the block is untouched");
    HeapDestroy(heap);
}

static void test_without_front_end(void)
{
    case_begin("5.1", "heaps that cannot have a front end");
    HANDLE heap = HeapCreate(HEAP_NO_SERIALIZE, 0, 0);
    alloc_and_free(heap, 40, 40);
    EXPECT_EQUAL(
        "5.1", 0, compatibility(heap), "NO_SERIALIZE: the query gives 0 after 40 allocations");
    walk_take(&walk, heap);
    OBSERVE("4.7 NO_SERIALIZE: the plain three entries", "%d", walk.count == 3);
    HeapDestroy(heap);
    heap = HeapCreate(0, 0, 0x40000);
    alloc_and_free(heap, 40, 40);
    EXPECT_EQUAL(
        "5.1", 0, compatibility(heap), "fixed size: the query gives 0 after 40 allocations");
    walk_take(&walk, heap);
    EXPECT_EQUAL("4.7", 3, walk.count, "fixed size: the plain three entries");
    HeapDestroy(heap);
}

int main(void)
{
    test_seventeen();
    test_eighteen();
    test_per_size();
    test_in_place();
    test_without_front_end();
    return conformance_finish();
}
