// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// HeapWalk, how it is called: win32-heap.md 4.1, 4.2, 4.3.

#include "walk.h"

static struct walk walk, again;

/** A heap with every kind of element: holes, several regions, front-end sizes, large blocks. */
static HANDLE make_mixed_heap(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    static void *blocks[600];
    for (unsigned i = 0; i < 600; i++) {
        blocks[i] = HeapAlloc(heap, 0, i % 7 == 0 ? 20000u : i % 3 == 0 ? 40u : i * 5u);
    }
    HeapAlloc(heap, 0, 0x140000);
    HeapAlloc(heap, 0, 0x200000);
    for (unsigned i = 0; i < 600; i += 4) {
        HeapFree(heap, 0, blocks[i]);
    }
    return heap;
}

static void test_structure(void)
{
    case_begin("4.1", "the structure");
    EXPECT_EQUAL("4.1", 40, sizeof(PROCESS_HEAP_ENTRY), "its size");
    const PROCESS_HEAP_ENTRY entry = {0};
    const char *base = (const char *)&entry;
    EXPECT_EQUAL("4.1", 0, (const char *)&entry.lpData - base, "offset of lpData");
    EXPECT_EQUAL("4.1", 8, (const char *)&entry.cbData - base, "offset of cbData");
    EXPECT_EQUAL("4.1", 12, (const char *)&entry.cbOverhead - base, "offset of cbOverhead");
    EXPECT_EQUAL("4.1", 13, (const char *)&entry.iRegionIndex - base, "offset of iRegionIndex");
    EXPECT_EQUAL("4.1", 14, (const char *)&entry.wFlags - base, "offset of wFlags");
    EXPECT_EQUAL("4.1", 16, (const char *)&entry.Block.hMem - base, "offset of Block.hMem");
    EXPECT_EQUAL(
        "4.1", 24, (const char *)&entry.Block.dwReserved - base, "offset of Block.dwReserved");
    EXPECT_EQUAL("4.1", 16, (const char *)&entry.Region.dwCommittedSize - base,
        "offset of Region.dwCommittedSize");
    EXPECT_EQUAL("4.1", 20, (const char *)&entry.Region.dwUnCommittedSize - base,
        "offset of Region.dwUnCommittedSize");
    EXPECT_EQUAL("4.1", 24, (const char *)&entry.Region.lpFirstBlock - base,
        "offset of Region.lpFirstBlock");
    EXPECT_EQUAL(
        "4.1", 32, (const char *)&entry.Region.lpLastBlock - base, "offset of Region.lpLastBlock");
}

static void test_end(void)
{
    case_begin("4.3", "success and end");
    HANDLE heap = HeapCreate(0, 0, 0);
    PROCESS_HEAP_ENTRY entry;
    memset(&entry, 0xCD, sizeof(entry));
    entry.lpData = NULL;
    SetLastError(SENTINEL);
    EXPECT("4.3", HeapWalk(heap, &entry) != FALSE,
        "lpData NULL and garbage elsewhere starts the walk");
    EXPECT_ERROR("1.6", SENTINEL, "a successful step leaves the last error alone");
    while (HeapWalk(heap, &entry)) {
    }
    EXPECT_ERROR("4.3", ERROR_NO_MORE_ITEMS, "the end is FALSE with 259");

    walk_take(&walk, heap);
    entry = walk.entries[walk.count - 1];
    const PROCESS_HEAP_ENTRY before = entry;
    SetLastError(SENTINEL);
    EXPECT_EQUAL("4.3", FALSE, HeapWalk(heap, &entry), "from the last entry: FALSE");
    EXPECT_ERROR("4.3", ERROR_NO_MORE_ITEMS, "from the last entry: 259");
    OBSERVE("4.3 the entry is left as it was at the end", "%d",
        memcmp(&before, &entry, sizeof(entry)) == 0);
    entry.lpData = NULL;
    EXPECT("4.3", HeapWalk(heap, &entry) && entry_is_region(&entry), "the walk may start anew");
    HeapDestroy(heap);
}

static void test_repeat(HANDLE heap)
{
    case_begin("4.3", "the same heap again");
    memset(&walk, 0, sizeof(walk));
    memset(&again, 0, sizeof(again));
    walk_take(&walk, heap);
    walk_take(&again, heap);
    EXPECT("4.3", walk.count > 400 && walk.is_complete, "a mixed heap has many elements");
    EXPECT("4.3", walk_kinds_are_exclusive(&walk),
        "each entry is exactly one of region, uncommitted, busy and free");
    EXPECT("4.3",
        walk.count == again.count &&
            memcmp(walk.entries, again.entries, walk.count * sizeof(walk.entries[0])) == 0,
        "the same garbage: every byte of every entry is the same");
    walk_take_from(&again, heap, 0x00);
    EXPECT("4.3", walks_agree(&walk, &again), "zeroes instead of garbage: the same sequence");
    walk_take_from(&again, heap, 0xFF);
    EXPECT("4.3", walks_agree(&walk, &again), "all bits set: the same sequence");
}

static void test_abandon(HANDLE heap)
{
    case_begin("4.3", "no state outside the structure");
    walk_take(&walk, heap);
    PROCESS_HEAP_ENTRY left = {0};
    PROCESS_HEAP_ENTRY right = {0};
    for (size_t i = 0; i < walk.count / 2; i++) {
        HeapWalk(heap, &left);
    }
    EXPECT("4.3", HeapWalk(heap, &right) && walk_entries_agree(&right, &walk.entries[0]),
        "a second walk starts while the first is half done");
    HeapWalk(heap, &right);
    EXPECT("4.3", HeapWalk(heap, &left) && walk_entries_agree(&left, &walk.entries[walk.count / 2]),
        "the first goes on where it was");
    EXPECT("4.3", HeapWalk(heap, &right) && walk_entries_agree(&right, &walk.entries[2]),
        "and so does the second");
}

/** How many entries of one kind lead to the entry that follows them, with `mask` of their flags
 * kept. */
static size_t count_resumed(
    HANDLE heap, bool (*is_wanted)(const PROCESS_HEAP_ENTRY *), unsigned char garbage, WORD mask)
{
    size_t agreed = 0;
    for (size_t i = 0; i + 1 < walk.count; i++) {
        if (!is_wanted(&walk.entries[i])) {
            continue;
        }
        PROCESS_HEAP_ENTRY entry;
        memset(&entry, garbage, sizeof(entry));
        entry.lpData = walk.entries[i].lpData;
        entry.wFlags = walk.entries[i].wFlags & mask;
        agreed +=
            HeapWalk(heap, &entry) && walk_entries_agree(&entry, &walk.entries[i + 1]) ? 1 : 0;
    }
    return agreed;
}

/** Rebuilds the structure from lpData and the busy flag alone, as a C runtime's heap walk does. */
static void test_resume(HANDLE heap)
{
    case_begin("4.3", "resuming needs lpData and wFlags only");
    static const struct {
        bool (*is_wanted)(const PROCESS_HEAP_ENTRY *);
        const char *name;
    } kinds[] = {
        {entry_is_busy, "busy"},
        {entry_is_free, "free"},
        {entry_is_region, "region"},
        {entry_is_uncommitted, "uncommitted"},
    };
    static const unsigned char garbage[] = {0x00, 0xCD, 0xFF, 0x40};
    walk_take(&walk, heap);
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        size_t count = walk_count_if(&walk, kinds[k].is_wanted);
        // Nothing follows the last entry; it is asked separately.
        count -= kinds[k].is_wanted(&walk.entries[walk.count - 1]) ? 1 : 0;
        for (size_t g = 0; g < sizeof(garbage); g++) {
            EXPECT_EQUAL("4.3", count,
                count_resumed(heap, kinds[k].is_wanted, garbage[g], PROCESS_HEAP_ENTRY_BUSY),
                "garbage 0x%02x, lpData and BUSY: from each %s entry to the next", garbage[g],
                kinds[k].name);
            EXPECT_EQUAL("4.3", count, count_resumed(heap, kinds[k].is_wanted, garbage[g], 0xFFFF),
                "garbage 0x%02x, lpData and wFlags: from each %s entry to the next", garbage[g],
                kinds[k].name);
        }
    }

    PROCESS_HEAP_ENTRY last = {0};
    last.lpData = walk.entries[walk.count - 1].lpData;
    last.wFlags = walk.entries[walk.count - 1].wFlags & PROCESS_HEAP_ENTRY_BUSY;
    SetLastError(SENTINEL);
    EXPECT_EQUAL("4.3", FALSE, HeapWalk(heap, &last), "rebuilt last entry: FALSE");
    EXPECT_ERROR("4.3", ERROR_NO_MORE_ITEMS, "rebuilt last entry: 259");
}

static void expect_walk_fails(
    HANDLE heap, void *position, WORD flags, DWORD expected_error, const char *name)
{
    if (!may_try_heap(heap) || (position != NULL && !may_try_block(position))) {
        return;
    }
    PROCESS_HEAP_ENTRY entry = {0};
    entry.lpData = position;
    entry.wFlags = flags;
    SetLastError(SENTINEL);
    EXPECT_EQUAL("4.3", FALSE, HeapWalk(heap, &entry), "%s: FALSE", name);
    EXPECT_ERROR("4.3", expected_error, "%s: last error", name);
}

static void test_errors(HANDLE heap)
{
    case_begin("4.3", "errors");
    SetLastError(SENTINEL);
    EXPECT_EQUAL("4.3", FALSE, HeapWalk(heap, NULL), "no structure: FALSE");
    EXPECT_ERROR("4.3", ERROR_INVALID_PARAMETER, "no structure: 87");
    int local = 0;
    char *block = HeapAlloc(heap, HEAP_ZERO_MEMORY, 1000);
    expect_walk_fails(
        heap, &local, PROCESS_HEAP_ENTRY_BUSY, ERROR_INVALID_PARAMETER, "a local variable, busy");
    expect_walk_fails(heap, &local, 0, ERROR_INVALID_PARAMETER, "a local variable, free");
    if (!may_ask_wild()) {
        SKIP("4.3", "wild positions and wrong heaps: undefined on Windows");
        return;
    }
    expect_walk_fails(heap, unmapped_address(), PROCESS_HEAP_ENTRY_BUSY, ERROR_INVALID_PARAMETER,
        "an unmapped address");
    expect_walk_fails(
        heap, unmapped_address(), 0, ERROR_INVALID_PARAMETER, "an unmapped address, free");
    expect_walk_fails(
        heap, block + 16, PROCESS_HEAP_ENTRY_BUSY, ERROR_INVALID_PARAMETER, "block + 16");
    expect_walk_fails(heap, block + 1, 0, ERROR_INVALID_PARAMETER, "block + 1, free");
    expect_walk_fails(NULL, NULL, 0, ERROR_INVALID_HANDLE, "heap NULL");
    expect_walk_fails(&local, NULL, 0, ERROR_INVALID_HANDLE, "heap: a local variable");
    HANDLE dead = HeapCreate(0, 0, 0);
    HeapDestroy(dead);
    expect_walk_fails(dead, NULL, 0, ERROR_INVALID_HANDLE, "a destroyed heap");
    HANDLE other = HeapCreate(0, 0, 0);
    expect_walk_fails(
        other, block, PROCESS_HEAP_ENTRY_BUSY, ERROR_INVALID_PARAMETER, "a block of another heap");
    HeapDestroy(other);
    HeapFree(heap, 0, block);

    if (!IS_WINDOWS) {
        PROCESS_HEAP_ENTRY entry = {0};
        entry.lpData = block;
        entry.wFlags = PROCESS_HEAP_ENTRY_BUSY;
        const BOOL result = HeapWalk(heap, &entry);
        EXPECT("4.3", result == TRUE || result == FALSE,
            "from a block freed since: fails or skips, does not crash");
    }
}

static void test_free_while_walking(void)
{
    case_begin("4.3", "freeing behind the walk");
    HANDLE heap = HeapCreate(0, 0, 0);
    unsigned made = 0;
    for (unsigned i = 0; i < 300; i++) {
        made += HeapAlloc(heap, 0, i * 11) != NULL ? 1 : 0;
    }
    HeapLock(heap);
    PROCESS_HEAP_ENTRY entry = {0};
    void *behind = NULL;
    unsigned freed = 0;
    while (HeapWalk(heap, &entry)) {
        if (!entry_is_busy(&entry)) {
            continue;
        }
        // The current element is busy, so that what is freed behind it cannot merge with it.
        if (behind != NULL) {
            freed += HeapFree(heap, 0, behind) ? 1 : 0;
        }
        behind = entry.lpData;
    }
    EXPECT_ERROR("4.3", ERROR_NO_MORE_ITEMS, "the walk ends with 259");
    freed += HeapFree(heap, 0, behind) ? 1 : 0;
    HeapUnlock(heap);
    EXPECT_EQUAL("4.3", made, freed, "every block was met once and freed");
    EXPECT("3.9", HeapValidate(heap, 0, NULL) != FALSE, "the heap is valid");
    HeapDestroy(heap);
}

static void test_free_current(void)
{
    case_begin("4.3", "freeing the current element");
    if (IS_WINDOWS) {
        SKIP("4.3", "freeing the current element: undefined on Windows");
        return;
    }
    HANDLE heap = HeapCreate(0, 0, 0);
    for (unsigned i = 0; i < 300; i++) {
        HeapAlloc(heap, 0, i % 60 * 60);
    }
    HeapAlloc(heap, 0, 0x180000);
    HeapLock(heap);
    PROCESS_HEAP_ENTRY entry = {0};
    unsigned steps = 0;
    SetLastError(SENTINEL);
    while (HeapWalk(heap, &entry) && steps < 10000) {
        steps++;
        if (entry_is_busy(&entry)) {
            HeapFree(heap, 0, entry.lpData);
        }
    }
    EXPECT("4.3", steps < 10000, "the walk comes to an end");
    EXPECT("4.3",
        GetLastError() == ERROR_NO_MORE_ITEMS || GetLastError() == ERROR_INVALID_PARAMETER,
        "with 259 or 87");
    HeapUnlock(heap);
    EXPECT("3.9", HeapValidate(heap, 0, NULL) != FALSE, "the heap is valid");
    HeapDestroy(heap);
}

int main(void)
{
    HANDLE heap = make_mixed_heap();
    test_structure();
    test_end();
    test_repeat(heap);
    test_abandon(heap);
    test_resume(heap);
    test_errors(heap);
    test_free_while_walking();
    test_free_current();
    HeapDestroy(heap);
    return conformance_finish();
}
