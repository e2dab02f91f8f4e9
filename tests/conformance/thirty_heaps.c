// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The thirty behaviours of win32-heap.md 14, numbers 19 to 24: heaps.

#include "walk.h"

static struct walk walk;

static void test_19_fixed_limit(void)
{
    case_begin("14.19 (3.3)", "a fixed-size heap fails at its limit with 8");
    HANDLE heap = HeapCreate(0, 0, 0x400000);
    SetLastError(SENTINEL);
    EXPECT("14.19", HeapAlloc(heap, 0, 0x100000) == NULL, "1 MiB from a heap of 4 MiB: NULL");
    EXPECT_ERROR("14.19", ERROR_NOT_ENOUGH_MEMORY, "1 MiB from a heap of 4 MiB: 8");
    SIZE_T total = 0;
    SetLastError(SENTINEL);
    while (total < 0x1000000 && HeapAlloc(heap, 0, 0x10000) != NULL) {
        total += 0x10000;
    }
    EXPECT_ERROR("14.19", ERROR_NOT_ENOUGH_MEMORY, "64 KiB blocks until NULL: 8");
    EXPECT("14.19", total <= 0x400000 && total >= 0x300000, "they add up to nearly 4 MiB");
    HeapDestroy(heap);
}

static void test_20_overhead_inside(void)
{
    case_begin("14.20 (3.3)", "overhead lies inside the maximum size");
    bool all_fail = true;
    for (SIZE_T size = 0x1000; size <= 0x80000; size *= 2) {
        HANDLE heap = HeapCreate(0, 0, size);
        all_fail = all_fail && heap != NULL && HeapAlloc(heap, 0, size) == NULL;
        HeapDestroy(heap);
    }
    EXPECT("14.20", all_fail, "requesting all of a heap of 4 KiB to 512 KiB fails");
}

static void test_21_validate(void)
{
    case_begin("14.21 (3.9)", "HeapValidate survives any pointer");
    HANDLE heap = HeapCreate(0, 0, 0);
    HANDLE other = HeapCreate(0, 0, 0);
    char *busy = HeapAlloc(heap, HEAP_ZERO_MEMORY, 1000);
    char *freed = HeapAlloc(heap, 0, 1000);
    HeapFree(heap, 0, freed);
    EXPECT("14.21", HeapValidate(heap, 0, busy) != FALSE, "a busy block: TRUE");
    EXPECT("14.21", !HeapValidate(heap, 0, freed), "freed: FALSE");
    EXPECT("14.21", !HeapValidate(heap, 0, busy + 64), "interior: FALSE");
    EXPECT("14.21", !HeapValidate(heap, 0, HeapAlloc(other, 0, 10)), "foreign: FALSE");
    EXPECT("14.21", !HeapValidate(heap, 0, heap), "the handle: FALSE");
    EXPECT("14.21", !HeapValidate(heap, 0, unmapped_address()), "unmapped: FALSE");
    uint64_t state = 88172645463325252u;
    int found = 0;
    for (int i = 0; i < 100000; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        // All of the address space, then the neighbourhood of the heap.
        void *wild = i % 2 ? (void *)(uintptr_t)state
                           : address_plus(heap, (intptr_t)(state % 0x800000) - 0x400000);
        found += wild != busy && wild != NULL && HeapValidate(heap, 0, wild) ? 1 : 0;
    }
    EXPECT_EQUAL("14.21", 0, found, "100000 wild pointers: FALSE");
    HeapDestroy(heap);
    HeapDestroy(other);
}

static void test_22_compact(void)
{
    case_begin("14.22 (3.10)", "HeapCompact gives the largest free block");
    HANDLE heap = HeapCreate(0, 0, 0);
    EXPECT("14.22", HeapCompact(heap, 0) != 0, "nonzero on a usable heap");
    EXPECT("14.22", HeapCompact(GetProcessHeap(), 0) != 0, "and on the process heap");
    HeapDestroy(heap);
}

static void test_23_process_heaps(void)
{
    case_begin("14.23 (3.2)", "GetProcessHeaps returns the total");
    HANDLE own[3] = {HeapCreate(0, 0, 0), HeapCreate(0, 0, 0), HeapCreate(0, 0, 0)};
    HANDLE first = NULL;
    const DWORD total = GetProcessHeaps(0, NULL);
    EXPECT("14.23", total >= 4, "(0, NULL) is legal");
    EXPECT_EQUAL(
        "14.23", total, GetProcessHeaps(1, &first), "the total although the buffer is too small");
    static HANDLE heaps[64];
    GetProcessHeaps(64, heaps);
    EXPECT("14.23", heaps[0] == GetProcessHeap(), "the process heap comes first");
    for (int i = 0; i < 3; i++) {
        HeapDestroy(own[i]);
    }
}

static void test_24_information(void)
{
    case_begin("14.24 (5)", "HeapSetInformation");
    HANDLE heap = HeapCreate(0, 0, 0);
    ULONG value = 2;
    EXPECT("14.24",
        HeapSetInformation(heap, HeapCompatibilityInformation, &value, sizeof(value)) != FALSE,
        "switching the front end on succeeds");
    value = 0;
    SetLastError(SENTINEL);
    EXPECT("14.24", !HeapSetInformation(heap, HeapCompatibilityInformation, &value, sizeof(value)),
        "switching it off fails");
    EXPECT_ERROR("14.24", ERROR_GEN_FAILURE, "with 31");
    EXPECT("14.24", HeapSetInformation(NULL, HeapEnableTerminationOnCorruption, NULL, 0) != FALSE,
        "termination on corruption is accepted");
    walk_take(&walk, heap);
    EXPECT("14.24", walk.is_complete, "the heap works on");
    HeapDestroy(heap);
}

int main(void)
{
    test_19_fixed_limit();
    test_20_overhead_inside();
    test_21_validate();
    test_22_compact();
    test_23_process_heaps();
    test_24_information();
    return conformance_finish();
}
