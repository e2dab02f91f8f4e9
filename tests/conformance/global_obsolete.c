// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Obsolete Global functions: win32-heap.md 6.1, 6.11.

#include "movable.h"

static void test_compact(void)
{
    case_begin("6.11", "GlobalCompact");
    EXPECT_EQUAL("6.11", 0, GlobalCompact(0), "GlobalCompact(0) is 0");
    EXPECT_EQUAL("6.11", 0, GlobalCompact(0xFFFFFFFFu), "GlobalCompact(-1) is 0");
}

static void test_fix_and_wire(void)
{
    case_begin("6.11", "GlobalFix, GlobalUnfix, GlobalWire, GlobalUnWire");
    HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE, 100);
    GlobalFix(handle);
    EXPECT_EQUAL("6.11", 1, GlobalFlags(handle), "GlobalFix locks");
    EXPECT("6.11", GlobalWire(handle) == data_behind(handle), "GlobalWire gives the data pointer");
    EXPECT_EQUAL("6.11", 2, GlobalFlags(handle), "GlobalWire locks");
    EXPECT("6.11", GlobalUnWire(handle) == TRUE, "GlobalUnWire, count above 0: TRUE");
    GlobalUnfix(handle);
    EXPECT_EQUAL("6.11", 0, GlobalFlags(handle), "GlobalUnfix unlocks");
    LockSegment(handle);
    EXPECT_EQUAL("6.11", 1, GlobalFlags(handle), "LockSegment locks");
    UnlockSegment(handle);
    EXPECT_EQUAL("6.11", 0, GlobalFlags(handle), "UnlockSegment unlocks");
    EXPECT("6.1", GlobalLRUNewest(handle) == handle, "GlobalLRUNewest is the handle");
    EXPECT("6.1", GlobalLRUOldest(handle) == handle, "GlobalLRUOldest is the handle");
    GlobalFree(handle);
}

static void test_memory_status(void)
{
    case_begin("6.11", "GlobalMemoryStatus and GlobalMemoryStatusEx");
    EXPECT_EQUAL("13.3", 64, sizeof(MEMORYSTATUSEX), "the size of MEMORYSTATUSEX");
    EXPECT_EQUAL("13.3", 56, sizeof(MEMORYSTATUS), "the size of MEMORYSTATUS");
    MEMORYSTATUSEX status = {.dwLength = 0};
    SetLastError(SENTINEL);
    EXPECT_EQUAL("6.11", FALSE, GlobalMemoryStatusEx(&status), "dwLength not set: FALSE");
    EXPECT_ERROR("6.11", ERROR_INVALID_PARAMETER, "dwLength not set: 87");
    status.dwLength = sizeof(status);
    EXPECT("6.11", GlobalMemoryStatusEx(&status) != FALSE, "dwLength set: TRUE");
    EXPECT("6.11", status.dwMemoryLoad <= 100, "the load is at most 100");
    EXPECT("6.11", status.ullTotalPhys > 0x1000000 && status.ullAvailPhys <= status.ullTotalPhys,
        "physical memory: some, and not more available than there is");
    EXPECT("6.11", status.ullTotalVirtual > 0 && status.ullAvailVirtual <= status.ullTotalVirtual,
        "addresses: some, and not more available than there are");
    MEMORYSTATUS old;
    memset(&old, 0xCC, sizeof(old));
    GlobalMemoryStatus(&old);
    EXPECT_EQUAL(
        "6.11", sizeof(old), old.dwLength, "the old structure: dwLength is not checked but set");
    EXPECT("6.11",
        old.dwTotalPhys > 0x1000000 && old.dwAvailPhys <= old.dwTotalPhys &&
            old.dwMemoryLoad <= 100,
        "the old structure: plausible values");
}

int main(void)
{
    test_compact();
    test_fix_and_wire();
    test_memory_status();
    return conformance_finish();
}
