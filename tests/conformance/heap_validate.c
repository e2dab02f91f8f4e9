// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// HeapValidate: win32-heap.md 0.3, 3.9.

#include "walk.h"

static struct walk walk;

static void test_whole_heap(HANDLE heap)
{
    case_begin("3.9", "the whole heap");
    SetLastError(SENTINEL);
    EXPECT("3.9", HeapValidate(heap, 0, NULL) != FALSE, "a private heap");
    EXPECT("3.9", HeapValidate(heap, HEAP_NO_SERIALIZE, NULL) != FALSE,
        "a private heap with NO_SERIALIZE");
    EXPECT("3.9", HeapValidate(GetProcessHeap(), 0, NULL) != FALSE, "the process heap");
    EXPECT_ERROR("3.9", SENTINEL, "TRUE leaves the last error alone");
}

static void test_busy_blocks(HANDLE heap)
{
    case_begin("3.9", "busy blocks");
    static const SIZE_T sizes[] = {0, 1, 40, 1000, 20000, 100000, 0xFD000, 0x200000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char *block = HeapAlloc(heap, 0, sizes[i]);
        SetLastError(SENTINEL);
        EXPECT("3.9", HeapValidate(heap, 0, block) != FALSE, "%u bytes: TRUE", (unsigned)sizes[i]);
        EXPECT_ERROR("3.9", SENTINEL, "%u bytes: the last error is left alone", (unsigned)sizes[i]);
        HeapFree(heap, 0, block);
        SetLastError(SENTINEL);
        EXPECT_EQUAL("3.9", FALSE, HeapValidate(heap, 0, block), "%u bytes, freed: FALSE",
            (unsigned)sizes[i]);
        if (sizes[i] < 0x200000) {
            EXPECT_ERROR("0.3", SENTINEL,
                "%u bytes, freed: mapped, so the last error is left alone", (unsigned)sizes[i]);
        }
    }
}

static void expect_no_block(
    HANDLE heap, const void *address, const char *name, DWORD expected_error)
{
    SetLastError(SENTINEL);
    EXPECT_EQUAL("3.9", FALSE, HeapValidate(heap, 0, address), "%s: FALSE", name);
    EXPECT_ERROR("0.3", expected_error, "%s: last error", name);
}

static void test_mapped_addresses(HANDLE heap)
{
    case_begin("3.9", "mapped, but no block of this heap");
    HANDLE other = HeapCreate(0, 0, 0);
    char *block = HeapAlloc(heap, HEAP_ZERO_MEMORY, 1000);
    char *large = HeapAlloc(heap, HEAP_ZERO_MEMORY, 0x200000);
    char *foreign = HeapAlloc(other, 0, 1000);
    char *foreign_large = HeapAlloc(other, 0, 0x200000);
    char *pages = pages_map(PAGES_UNIT, PAGES_WRITE);
    char local[64] = {0};
    expect_no_block(heap, block + 1, "block + 1", SENTINEL);
    expect_no_block(heap, block + 8, "block + 8", SENTINEL);
    expect_no_block(heap, block + 16, "block + 16", SENTINEL);
    expect_no_block(heap, block + 512, "block + 512", SENTINEL);
    expect_no_block(heap, large + 16, "large block + 16", SENTINEL);
    expect_no_block(heap, large + 0x10000, "large block + 64 KiB", SENTINEL);
    expect_no_block(heap, foreign, "a block of another heap", SENTINEL);
    expect_no_block(heap, foreign_large, "a large block of another heap", SENTINEL);
    expect_no_block(heap, local, "a local variable", SENTINEL);
    expect_no_block(heap, &walk, "a static variable", SENTINEL);
    expect_no_block(heap, pages, "fresh pages", SENTINEL);
    expect_no_block(heap, pages + 16, "fresh pages + 16", SENTINEL);
    pages_unmap(pages, PAGES_UNIT);
    EXPECT("3.9", HeapValidate(other, 0, foreign) != FALSE, "the foreign block in its own heap");
    EXPECT("3.9", HeapValidate(heap, 0, large) != FALSE, "the large block");
    HeapFree(heap, 0, block);
    HeapFree(heap, 0, large);
    HeapDestroy(other);
}

static void test_unmapped_addresses(HANDLE heap)
{
    case_begin("3.9", "unmapped addresses");
    void *gone = pages_map(4 * 65536, PAGES_WRITE);
    memset(gone, 0x11, 4 * 65536);
    pages_unmap(gone, 4 * 65536);
    expect_no_block(heap, gone, "a page that was unmapped", ERROR_NOACCESS);
    expect_no_block(
        heap, address_plus(gone, 65536 + 16), "an interior address there", ERROR_NOACCESS);
    expect_no_block(heap, (void *)(uintptr_t)0x10, "0x10", ERROR_NOACCESS);
    expect_no_block(heap, (void *)(uintptr_t)0xdeadbee0u, "0xdeadbee0", ERROR_NOACCESS);
    expect_no_block(heap, (void *)((uintptr_t)1 << 62), "2^62, no address at all", ERROR_NOACCESS);
    expect_no_block(heap, (void *)(uintptr_t)-16, "-16", ERROR_NOACCESS);
    expect_no_block(heap, (void *)(uintptr_t)-1, "-1", ERROR_NOACCESS);
    void *guarded = pages_map(2 * 65536, PAGES_NONE);
    expect_no_block(heap, address_plus(guarded, 65536), "a page without access", ERROR_NOACCESS);
    pages_unmap(guarded, 2 * 65536);
    expect_no_block(GetProcessHeap(), gone, "the process heap is asked", ERROR_NOACCESS);
}

static void test_walk_entries(void)
{
    case_begin("3.9", "addresses of the other entries of a walk");
    HANDLE heap = HeapCreate(0, 0, 0);
    char *first = HeapAlloc(heap, 0, 200);
    char *second = HeapAlloc(heap, 0, 3000);
    char *third = HeapAlloc(heap, 0, 200);
    HeapFree(heap, 0, second);
    walk_take(&walk, heap);
    bool has_kind[3] = {false, false, false};
    bool all_false = true;
    for (size_t i = 0; i < walk.count; i++) {
        const PROCESS_HEAP_ENTRY *entry = &walk.entries[i];
        if (entry_is_busy(entry)) {
            continue;
        }
        has_kind[entry_is_region(entry) ? 0 : entry_is_free(entry) ? 1 : 2] = true;
        all_false = all_false && !HeapValidate(heap, 0, entry->lpData);
    }
    EXPECT("4.2", has_kind[0] && has_kind[1] && has_kind[2],
        "the walk shows region, free and uncommitted entries");
    EXPECT("3.9", all_false, "HeapValidate of each is FALSE");
    EXPECT("3.9", HeapValidate(heap, 0, first) && HeapValidate(heap, 0, third),
        "the busy neighbours are valid");
    HeapDestroy(heap);
}

static void test_every_byte(HANDLE heap)
{
    case_begin("3.9", "every address of two pages around blocks");
    enum {
        BLOCKS = 24
    };
    char *blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = HeapAlloc(heap, HEAP_ZERO_MEMORY, (SIZE_T)(i * 17));
    }
    bool all_found = true;
    int wrong = 0;
    for (int i = 0; i < BLOCKS; i++) {
        all_found = all_found && HeapValidate(heap, 0, blocks[i]);
        for (int offset = 1; offset < i * 17; offset++) {
            wrong += HeapValidate(heap, 0, blocks[i] + offset) ? 1 : 0;
        }
    }
    EXPECT("3.9", all_found, "each start of a block is a block");
    EXPECT_EQUAL("3.9", 0, wrong, "no other byte of a block is one");
    for (int i = 0; i < BLOCKS; i++) {
        HeapFree(heap, 0, blocks[i]);
    }
}

static void test_movable(void)
{
    case_begin("3.9", "movable memory");
    HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE, 100);
    void *data = GlobalLock(handle);
    EXPECT_EQUAL(
        "3.9", FALSE, HeapValidate(GetProcessHeap(), 0, handle), "the handle is no heap block");
    EXPECT("3.9", HeapValidate(GetProcessHeap(), 0, data) != FALSE, "its data pointer is one");
    GlobalUnlock(handle);
    GlobalFree(handle);
}

static void test_wrong_heap(HANDLE heap)
{
    case_begin("3.9", "invalid heap handles");
    if (!may_ask_wild()) {
        SKIP("3.9", "invalid heap handles: undefined on Windows");
        return;
    }
    void *block = HeapAlloc(heap, 0, 100);
    HANDLE dead = HeapCreate(0, 0, 0);
    HeapDestroy(dead);
    const HANDLE wrong[] = {NULL, dead, &dead, unmapped_address(), block};
    static const char *const names[] = {
        "NULL", "a destroyed heap", "a local variable", "an unmapped address", "a block"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (!may_try_heap(wrong[i])) {
            continue;
        }
        EXPECT_EQUAL("3.9", FALSE, HeapValidate(wrong[i], 0, NULL), "%s: FALSE", names[i]);
        EXPECT_EQUAL(
            "3.9", FALSE, HeapValidate(wrong[i], 0, block), "%s with a block: FALSE", names[i]);
    }
    HeapFree(heap, 0, block);
}

int main(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    test_whole_heap(heap);
    test_busy_blocks(heap);
    test_mapped_addresses(heap);
    test_unmapped_addresses(heap);
    test_walk_entries();
    test_every_byte(heap);
    test_movable();
    test_wrong_heap(heap);
    EXPECT("3.9", HeapValidate(heap, 0, NULL) != FALSE, "the heap is valid at the end");
    HeapDestroy(heap);
    return conformance_finish();
}
