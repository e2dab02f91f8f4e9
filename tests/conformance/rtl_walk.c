// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// RtlWalkHeap: win32-heap.md 9 (walk entry).

#include "rtl.h"

static struct walk walk;
static struct {
    size_t count;
    DWORD end_status;
    RTL_HEAP_WALK_ENTRY entries[WALK_CAPACITY];
} native;

static void native_take(HANDLE heap)
{
    RTL_HEAP_WALK_ENTRY entry;
    memset(&entry, 0xCD, sizeof(entry));
    entry.DataAddress = NULL;
    native.count = 0;
    while (native.count < WALK_CAPACITY &&
           (native.end_status = (DWORD)RtlWalkHeap(heap, &entry)) == 0) {
        native.entries[native.count++] = entry;
    }
}

static void test_structure(void)
{
    case_begin("9", "the walk entry");
    const RTL_HEAP_WALK_ENTRY entry = {0};
    const char *base = (const char *)&entry;
    EXPECT_EQUAL("9", 48, sizeof(entry), "its size");
    EXPECT_EQUAL("9", 8, (const char *)&entry.DataSize - base, "offset of DataSize");
    EXPECT_EQUAL("9", 16, (const char *)&entry.OverheadBytes - base, "offset of OverheadBytes");
    EXPECT_EQUAL("9", 17, (const char *)&entry.SegmentIndex - base, "offset of SegmentIndex");
    EXPECT_EQUAL("9", 18, (const char *)&entry.Flags - base, "offset of Flags");
    EXPECT_EQUAL("9", 24, (const char *)&entry.Segment.CommittedSize - base,
        "offset of Segment.CommittedSize");
    EXPECT_EQUAL("9", 28, (const char *)&entry.Segment.UnCommittedSize - base,
        "offset of Segment.UnCommittedSize");
    EXPECT_EQUAL(
        "9", 32, (const char *)&entry.Segment.FirstEntry - base, "offset of Segment.FirstEntry");
    EXPECT_EQUAL(
        "9", 40, (const char *)&entry.Segment.LastEntry - base, "offset of Segment.LastEntry");
}

static WORD native_kind(const PROCESS_HEAP_ENTRY *entry)
{
    if (entry_is_region(entry)) {
        return RTL_REGION;
    }
    if (entry_is_uncommitted(entry)) {
        return RTL_UNCOMMITTED;
    }
    return entry_is_busy(entry) ? RTL_BUSY : 0;
}

static void expect_parity(HANDLE heap, const char *name)
{
    walk_take(&walk, heap);
    native_take(heap);
    EXPECT_EQUAL("9", NO_MORE_ENTRIES, native.end_status, "%s: the end is 0x8000001A", name);
    EXPECT_EQUAL("9", walk.count, native.count, "%s: as many entries as HeapWalk gives", name);
    bool same_place = true;
    bool same_size = true;
    bool same_kind = true;
    bool same_region = true;
    for (size_t i = 0; i < walk.count && i < native.count; i++) {
        const PROCESS_HEAP_ENTRY *expected = &walk.entries[i];
        const RTL_HEAP_WALK_ENTRY *entry = &native.entries[i];
        same_place = same_place && entry->DataAddress == expected->lpData;
        same_size = same_size && entry->DataSize == expected->cbData &&
                    entry->OverheadBytes == expected->cbOverhead &&
                    entry->SegmentIndex == expected->iRegionIndex;
        same_kind = same_kind && (entry->Flags & (RTL_BUSY | RTL_REGION | RTL_UNCOMMITTED)) ==
                                     native_kind(expected);
        if (entry_is_region(expected)) {
            same_region = same_region &&
                          entry->Segment.CommittedSize == expected->Region.dwCommittedSize &&
                          entry->Segment.UnCommittedSize == expected->Region.dwUnCommittedSize &&
                          entry->Segment.FirstEntry == expected->Region.lpFirstBlock &&
                          entry->Segment.LastEntry == expected->Region.lpLastBlock;
        }
    }
    EXPECT("9", same_place, "%s: the same addresses in the same order", name);
    EXPECT("9", same_size, "%s: the same sizes, overheads and region numbers", name);
    EXPECT("9", same_kind, "%s: the same kinds, under other values", name);
    EXPECT("9", same_region, "%s: the same region members", name);
}

static void test_parity(void)
{
    case_begin("9", "RtlWalkHeap and HeapWalk");
    HANDLE heap = HeapCreate(0, 0, 0);
    expect_parity(heap, "fresh");
    void *blocks[60];
    for (int i = 0; i < 60; i++) {
        blocks[i] = HeapAlloc(heap, 0, (SIZE_T)(i * 111));
    }
    HeapAlloc(heap, 0, 0x123456);
    for (int i = 0; i < 60; i += 2) {
        HeapFree(heap, 0, blocks[i]);
    }
    expect_parity(heap, "mixed");
    HeapDestroy(heap);
}

static const RTL_HEAP_WALK_ENTRY *find_native(HANDLE heap, const void *block)
{
    native_take(heap);
    for (size_t i = 0; i < native.count; i++) {
        if (native.entries[i].DataAddress == block) {
            return &native.entries[i];
        }
    }
    return NULL;
}

static void test_flags(void)
{
    case_begin("9", "flags of a walk entry");
    HANDLE heap = HeapCreate(0, 0, 0);
    void *block = HeapAlloc(heap, 0, 100);
    const RTL_HEAP_WALK_ENTRY *entry = find_native(heap, block);
    EXPECT("9", entry != NULL && entry->Flags == (RTL_COMMITTED | RTL_BLOCK | RTL_BUSY),
        "busy ordinary block: 0x4011");
    EXPECT_EQUAL("9", RTL_REGION, native.entries[0].Flags, "region: 0x2");
    bool free_right = true;
    bool uncommitted_right = true;
    for (size_t i = 1; i < native.count; i++) {
        if (native.entries[i].DataAddress == block) {
            continue;
        }
        if (native.entries[i].Flags & RTL_UNCOMMITTED) {
            uncommitted_right = uncommitted_right && native.entries[i].Flags == RTL_UNCOMMITTED;
        } else {
            free_right = free_right && native.entries[i].Flags == 0;
        }
    }
    EXPECT("9", free_right, "free: 0");
    EXPECT("9", uncommitted_right, "uncommitted: 0x1000");
    void *large = HeapAlloc(heap, 0, 0x180000);
    entry = find_native(heap, large);
    EXPECT("9",
        entry != NULL && (entry->Flags & RTL_BUSY) && entry->SegmentIndex == LARGE_REGION_INDEX,
        "large: busy, region 64");
    OBSERVE("9 flags of a large block", "0x%x", entry != NULL ? entry->Flags : 0u);

    for (int round = 0; round < 2; round++) {
        void *blocks[40];
        for (int i = 0; i < 40; i++) {
            blocks[i] = HeapAlloc(heap, 0, 40);
        }
        for (int i = 0; i < 40; i++) {
            HeapFree(heap, 0, blocks[i]);
        }
    }
    block = HeapAlloc(heap, 0, 40);
    entry = find_native(heap, block);
    EXPECT("9", entry != NULL && entry->Flags == (RTL_FRONT_END | RTL_BUSY),
        "busy block of the front end: 0x8001");
    HeapDestroy(heap);
}

static void test_over_4_gib(void)
{
    case_begin("4.7", "a block over 4 GiB");
    HANDLE heap = HeapCreate(0, 0, 0);
    const SIZE_T size = ((SIZE_T)4 << 30) + 12345;
    void *block = HeapAlloc(heap, 0, size);
    if (block == NULL) {
        SKIP("4.7", "this system has no 4 GiB of addresses to give");
    } else {
        const RTL_HEAP_WALK_ENTRY *entry = find_native(heap, block);
        EXPECT("4.7", entry != NULL && entry->DataSize == size, "DataSize has its full size");
    }
    HeapDestroy(heap);
}

static void test_user_value(void)
{
    case_begin("9", "the user value in a walk entry");
    HANDLE heap = HeapCreate(0, 0, 0);
    void *block = RtlAllocateHeap(heap, USER_VALUE | USER_FLAG1, 100);
    RtlSetUserValueHeap(heap, 0, block, (void *)(uintptr_t)0x12345678u);
    const RTL_HEAP_WALK_ENTRY *entry = find_native(heap, block);
    EXPECT(
        "9", entry != NULL && entry->Block.Settable == 0x12345678u, "Settable is the user value");
    HeapDestroy(heap);
}

int main(void)
{
    test_structure();
    test_parity();
    test_flags();
    test_over_4_gib();
    test_user_value();
    return conformance_finish();
}
