// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The native names of the heap functions: win32-heap.md 9.

#include "rtl.h"

static struct walk walk;

static void test_create_destroy(void)
{
    case_begin("9", "RtlCreateHeap and RtlDestroyHeap");
    HANDLE heap = RtlCreateHeap(HEAP_GROWABLE, NULL, 0, 0, NULL, NULL);
    EXPECT("9", heap != NULL, "growable, sizes 0");
    EXPECT_EQUAL("2.2", 0, (uintptr_t)heap % 0x10000, "the handle is a multiple of 64 KiB");
    static HANDLE heaps[64];
    const DWORD count = GetProcessHeaps(64, heaps);
    EXPECT("3.2", count <= 64 && heaps[count - 1] == heap, "the process list shows it last");
    EXPECT("9", HeapAlloc(heap, 0, 0x200000) != NULL, "HeapAlloc works on it");
    EXPECT("9", RtlDestroyHeap(heap) == NULL, "RtlDestroyHeap: NULL is success");
    EXPECT_EQUAL(
        "3.2", count - 1, GetProcessHeaps(0, NULL), "the process list shows one heap less");
    EXPECT("9", RtlDestroyHeap(GetProcessHeap()) == GetProcessHeap(),
        "the process heap: the handle is failure");

    heap = HeapCreate(0, 0, 0);
    EXPECT("9", RtlDestroyHeap(heap) == NULL, "a heap of HeapCreate");
    heap = RtlCreateHeap(HEAP_GROWABLE | HEAP_NO_SERIALIZE, NULL, 0, 0, NULL, NULL);
    EXPECT("9", heap != NULL && HeapDestroy(heap), "HeapDestroy of a heap of RtlCreateHeap");
}

static void region_sizes(HANDLE heap, DWORD *committed, DWORD *reserved)
{
    walk_take(&walk, heap);
    *committed = walk.entries[0].Region.dwCommittedSize;
    *reserved = *committed + walk.entries[0].Region.dwUnCommittedSize;
}

static void test_sizes(void)
{
    case_begin("9", "RtlCreateHeap: reserve, then commit");
    DWORD committed = 0;
    DWORD reserved = 0;
    HANDLE heap = RtlCreateHeap(HEAP_GROWABLE, NULL, 0x80000, 0x9000, NULL, NULL);
    region_sizes(heap, &committed, &reserved);
    EXPECT("9", committed >= 0x9000, "reserve 0x80000, commit 0x9000: as much is committed");
    EXPECT("9", reserved >= 0x80000, "reserve 0x80000, commit 0x9000: as much is reserved");
    RtlDestroyHeap(heap);
    heap = RtlCreateHeap(HEAP_GROWABLE, NULL, 0, 0x11000, NULL, NULL);
    region_sizes(heap, &committed, &reserved);
    EXPECT("9", committed >= 0x11000, "reserve 0, commit 0x11000: as much is committed");
    EXPECT("9", reserved >= 0x20000,
        "reserve 0, commit 0x11000: reserved is commit rounded up to 16 pages, or more");
    RtlDestroyHeap(heap);
    heap = RtlCreateHeap(HEAP_GROWABLE, NULL, 0x40000, 0, NULL, NULL);
    region_sizes(heap, &committed, &reserved);
    EXPECT("9", committed >= 0x1000, "reserve 0x40000, commit 0: at least a page is committed");
    EXPECT("9", reserved >= 0x40000, "reserve 0x40000, commit 0: as much is reserved");
    RtlDestroyHeap(heap);
    heap = RtlCreateHeap(HEAP_GROWABLE, NULL, 0x20000, 0x40000, NULL, NULL);
    EXPECT("9", heap != NULL, "a commit above the reserve is clamped");
    RtlDestroyHeap(heap);
    heap = RtlCreateHeap(0, NULL, 0x40000, 0, NULL, NULL);
    EXPECT("9", heap != NULL, "without GROWABLE: a heap");
    region_sizes(heap, &committed, &reserved);
    OBSERVE("9 region of RtlCreateHeap(0, NULL, 0x40000, 0)", "0x%x", (unsigned)reserved);
    EXPECT("9", RtlAllocateHeap(heap, 0, 0x40000) == NULL,
        "without GROWABLE: all of it cannot be had");
    EXPECT("9", RtlAllocateHeap(heap, 0, 0x20000) != NULL, "without GROWABLE: half of it can");
    EXPECT("9", RtlAllocateHeap(heap, 0, 0x100000) == NULL, "without GROWABLE: it never grows");
    RtlDestroyHeap(heap);
}

static void test_blocks(void)
{
    case_begin("9", "blocks");
    HANDLE heap = HeapCreate(0, 0, 0);
    char *block = RtlAllocateHeap(heap, HEAP_ZERO_MEMORY, 1000);
    EXPECT("9", block != NULL && is_filled(block, 0, 1000), "RtlAllocateHeap with ZERO_MEMORY");
    EXPECT_EQUAL("9", 1000, RtlSizeHeap(heap, 0, block), "RtlSizeHeap");
    EXPECT(
        "9", RtlValidateHeap(heap, 0, block) && RtlValidateHeap(heap, 0, NULL), "RtlValidateHeap");
    EXPECT("9", !RtlValidateHeap(heap, 0, block + 16), "RtlValidateHeap of an interior pointer");
    pattern_write(block, 1000, 1);
    block = RtlReAllocateHeap(heap, 0, block, 50000);
    EXPECT("9", block != NULL && pattern_matches(block, 1000, 1), "RtlReAllocateHeap");
    EXPECT_EQUAL("9", 50000, HeapSize(heap, 0, block), "HeapSize agrees");
    EXPECT("9", RtlFreeHeap(heap, 0, block) != FALSE, "RtlFreeHeap");
    EXPECT("9", RtlFreeHeap(heap, 0, NULL) != FALSE, "RtlFreeHeap of NULL");
    EXPECT("9", RtlReAllocateHeap(heap, 0, NULL, 10) == NULL, "RtlReAllocateHeap of NULL: NULL");
    block = RtlAllocateHeap(heap, 0, 10);
    EXPECT_EQUAL(
        "9", ~(SIZE_T)0, RtlSizeHeap(heap, 0, block + 16), "RtlSizeHeap of a wrong pointer: -1");
    EXPECT("9", RtlAllocateHeap(heap, 0, ~(SIZE_T)0) == NULL, "RtlAllocateHeap of ~0 bytes: NULL");
    EXPECT("9", RtlLockHeap(heap) && RtlLockHeap(heap), "RtlLockHeap twice");
    EXPECT("9", RtlUnlockHeap(heap) && RtlUnlockHeap(heap), "RtlUnlockHeap twice");
    EXPECT("9", RtlCompactHeap(heap, 0) != 0, "RtlCompactHeap");
    static PVOID heaps[64];
    static HANDLE handles[64];
    const ULONG count = RtlGetProcessHeaps(64, heaps);
    EXPECT("9",
        count == GetProcessHeaps(64, handles) &&
            memcmp(heaps, handles, count * sizeof(heaps[0])) == 0,
        "RtlGetProcessHeaps and GetProcessHeaps agree");
    HeapDestroy(heap);
}

static void test_status_translation(void)
{
    case_begin("1.6", "RtlNtStatusToDosError");
    static const struct {
        DWORD status;
        DWORD error;
    } pairs[] = {{0, 0}, {0xC0000017u, 8}, {0xC0000005u, 998}, {0xC0000008u, 6}, {0xC000000Du, 87},
        {0x8000001Au, 259}, {0xC0000023u, 122}, {0xC0000003u, 87}, {0xC0000001u, 31},
        {0xC0000004u, 24}, {0xC0000264u, 288}, {0xC0000374u, 1359}, {0xC000000Bu, 87},
        {0xC0000022u, 5}};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        EXPECT_EQUAL("1.6", pairs[i].error, RtlNtStatusToDosError((NTSTATUS)pairs[i].status),
            "0x%08x", (unsigned)pairs[i].status);
    }
    EXPECT_EQUAL(
        "1.6", 317, RtlNtStatusToDosError((NTSTATUS)0xCABCDEF1u), "an unknown status: 317");
}

static void test_global_flags(void)
{
    case_begin("10.1", "RtlGetNtGlobalFlags");
    EXPECT_EQUAL("10.1", 0, RtlGetNtGlobalFlags(), "no debug flag unless it is asked for");
}

int main(void)
{
    test_create_destroy();
    test_sizes();
    test_blocks();
    test_status_translation();
    test_global_flags();
    return conformance_finish();
}
