// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// What a walk shows in fewer bits than the engine has, and which blocks it calls movable.

#include "check.h"

#include "win32/walk.h"

#include <string.h>
#include <windows.h>
#include <winternl.h>

// 4.7: sizes, overheads and region numbers stop at their largest value.
static void test_saturation(void)
{
    EXPECT_SIZE(walk_size(0), 0);
    EXPECT_SIZE(walk_size(0xFFFFFFFE), 0xFFFFFFFE);
    EXPECT_SIZE(walk_size(0xFFFFFFFF), 0xFFFFFFFF);
    EXPECT_SIZE(walk_size(0x100000000), 0xFFFFFFFF);
    EXPECT_SIZE(walk_size(SIZE_MAX), 0xFFFFFFFF);
    EXPECT_SIZE(walk_overhead(254), 254);
    EXPECT_SIZE(walk_overhead(255), 255);
    EXPECT_SIZE(walk_overhead(256), 255);
    EXPECT_SIZE(walk_overhead(SIZE_MAX), 255);
    for (uint32_t region = 0; region < 63; region++) {
        EXPECT_SIZE(walk_region(region), region);
    }
    for (uint32_t region = 63; region < 1000; region++) {
        EXPECT_SIZE(walk_region(region), 63);
    }
    EXPECT_SIZE(walk_region(HALDE_REGION_LARGE - 1), 63);
    EXPECT_SIZE(walk_region(HALDE_REGION_LARGE), 64);
}

static bool find_entry(HANDLE heap, const void *data, PROCESS_HEAP_ENTRY *found)
{
    PROCESS_HEAP_ENTRY entry;
    memset(&entry, 0xCD, sizeof(entry));
    entry.lpData = NULL;
    while (HeapWalk(heap, &entry)) {
        if (entry.lpData == data) {
            *found = entry;
            return true;
        }
    }
    return false;
}

static void expect_entry(HANDLE heap, const void *data, WORD flags, HANDLE handle)
{
    PROCESS_HEAP_ENTRY entry = {0};
    ASSERT_TRUE(find_entry(heap, data, &entry));
    EXPECT_SIZE(entry.wFlags, flags);
    EXPECT_POINTER(entry.Block.hMem, handle);
}

static void test_movable(void)
{
    const WORD BUSY = PROCESS_HEAP_ENTRY_BUSY;
    const WORD MOVABLE = PROCESS_HEAP_ENTRY_BUSY | PROCESS_HEAP_ENTRY_MOVEABLE;
    HANDLE heap = GetProcessHeap();
    HGLOBAL movable = GlobalAlloc(GMEM_MOVEABLE, 100);
    expect_entry(heap, GlobalLock(movable), MOVABLE, movable);
    movable = GlobalReAlloc(movable, 300000, GMEM_MOVEABLE);
    expect_entry(heap, *(void **)movable, MOVABLE, movable);
    HGLOBAL shared = GlobalAlloc(GMEM_MOVEABLE | GMEM_DDESHARE, 100);
    expect_entry(heap, *(void **)shared, MOVABLE | PROCESS_HEAP_ENTRY_DDESHARE, shared);
    HGLOBAL fixed = GlobalAlloc(GMEM_FIXED | GMEM_DDESHARE, 100);
    expect_entry(heap, fixed, BUSY, NULL);
    // A program's own user flag and value do not make a block movable, whatever the value is.
    void *block = HeapAlloc(heap, HEAP_SETTABLE_USER_VALUE | HEAP_SETTABLE_USER_FLAG1, 100);
    expect_entry(heap, block, BUSY, NULL);
    EXPECT_TRUE(RtlSetUserValueHeap(heap, 0, block, movable));
    expect_entry(heap, block, BUSY, NULL);
    EXPECT_TRUE(RtlSetUserValueHeap(heap, 0, block, &movable));
    expect_entry(heap, block, BUSY, NULL);
    EXPECT_TRUE(HeapFree(heap, 0, block));
    EXPECT_POINTER(GlobalFree(movable), NULL);
    EXPECT_POINTER(GlobalFree(shared), NULL);
    EXPECT_POINTER(GlobalFree(fixed), NULL);
}

// Both walks show the same elements; the native one shows the user value.
static void test_native_walk(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    void *block = RtlAllocateHeap(heap, HEAP_SETTABLE_USER_VALUE, 50);
    RtlSetUserValueHeap(heap, 0, block, (void *)0x1234);
    HeapAlloc(heap, 0, 3000);
    HeapAlloc(heap, 0, 0x200000);
    PROCESS_HEAP_ENTRY entry = {.lpData = NULL};
    RTL_HEAP_WALK_ENTRY native = {.DataAddress = NULL};
    size_t count = 0;
    bool is_value_seen = false;
    while (HeapWalk(heap, &entry)) {
        ASSERT_SIZE((uint64_t)RtlWalkHeap(heap, &native), STATUS_SUCCESS);
        EXPECT_POINTER(native.DataAddress, entry.lpData);
        EXPECT_SIZE(native.DataSize, entry.cbData);
        EXPECT_SIZE(native.OverheadBytes, entry.cbOverhead);
        EXPECT_SIZE(native.SegmentIndex, entry.iRegionIndex);
        EXPECT_SIZE(
            native.Flags & RTL_HEAP_ENTRY_BUSY, (entry.wFlags & PROCESS_HEAP_ENTRY_BUSY) != 0);
        is_value_seen |= native.DataAddress == block && native.Block.Settable == 0x1234;
        count++;
    }
    EXPECT_TRUE(is_value_seen);
    EXPECT_AT_LEAST(count, 5);
    EXPECT_TRUE(RtlWalkHeap(heap, &native) == STATUS_NO_MORE_ENTRIES);
    EXPECT_TRUE(RtlWalkHeap(heap, NULL) == STATUS_INVALID_PARAMETER);
    native.DataAddress = &native;
    EXPECT_TRUE(RtlWalkHeap(heap, &native) == STATUS_INVALID_PARAMETER);
    EXPECT_TRUE(RtlWalkHeap(&heap, &native) == STATUS_INVALID_HANDLE);
    HeapDestroy(heap);
}

int main(void)
{
    test_saturation();
    test_movable();
    test_native_walk();
    return test_result();
}
