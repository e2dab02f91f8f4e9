// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// HeapSummary: win32-heap.md 4.8.

#include "walk.h"

static struct walk walk;

typedef BOOL(WINAPI *heap_summary_function)(HANDLE, DWORD, LPHEAP_SUMMARY);

/** The function; looked up on Windows, where older systems do not have it. Wine's ends the program.
 */
static heap_summary_function find_heap_summary(void)
{
#ifdef _WIN32
    if (is_wine()) {
        return NULL;
    }
    const FARPROC function = GetProcAddress(GetModuleHandleA("kernel32.dll"), "HeapSummary");
    heap_summary_function result;
    memcpy(&result, &function, sizeof(result));
    return result;
#else
    return HeapSummary;
#endif
}

static void test_structure(void)
{
    case_begin("4.8", "the structure");
    const HEAP_SUMMARY summary = {0};
    const char *base = (const char *)&summary;
    EXPECT_EQUAL("4.8", 40, sizeof(HEAP_SUMMARY), "its size");
    EXPECT_EQUAL("4.8", 0, (const char *)&summary.cb - base, "offset of cb");
    EXPECT_EQUAL("4.8", 8, (const char *)&summary.cbAllocated - base, "offset of cbAllocated");
    EXPECT_EQUAL("4.8", 16, (const char *)&summary.cbCommitted - base, "offset of cbCommitted");
    EXPECT_EQUAL("4.8", 24, (const char *)&summary.cbReserved - base, "offset of cbReserved");
    EXPECT_EQUAL("4.8", 32, (const char *)&summary.cbMaxReserve - base, "offset of cbMaxReserve");
}

static void test_totals(heap_summary_function heap_summary)
{
    case_begin("4.8", "totals");
    HANDLE heap = HeapCreate(0, 0, 0);
    HEAP_SUMMARY summary = {.cb = sizeof(summary)};
    SetLastError(SENTINEL);
    EXPECT("4.8", heap_summary(heap, 0, &summary) != FALSE, "a fresh heap");
    EXPECT_ERROR("1.6", SENTINEL, "the last error is left alone");
    EXPECT_EQUAL("4.8", 0, summary.cbAllocated, "a fresh heap has nothing allocated");
    EXPECT("4.8", summary.cbCommitted > 0 && summary.cbReserved >= summary.cbCommitted,
        "committed is within reserved");
    EXPECT("4.8", summary.cbMaxReserve >= summary.cbReserved,
        "reserved is within the most it may reserve");

    SIZE_T held = 0;
    for (SIZE_T i = 0; i < 300; i++) {
        held += i * 13;
        HeapAlloc(heap, 0, i * 13);
    }
    void *large = HeapAlloc(heap, 0, 0x234567);
    held += 0x234567;
    HEAP_SUMMARY filled = {.cb = sizeof(filled)};
    EXPECT("4.8", heap_summary(heap, 0, &filled) != FALSE, "a filled heap");
    EXPECT_EQUAL(
        "4.8", held, filled.cbAllocated, "allocated is the sum of the sizes of busy blocks");
    EXPECT("4.8", filled.cbCommitted >= held && filled.cbReserved >= filled.cbCommitted,
        "large blocks are included");
    walk_take(&walk, heap);
    uint64_t committed = 0;
    uint64_t reserved = 0;
    for (size_t i = 0; i < walk.count; i++) {
        if (entry_is_region(&walk.entries[i])) {
            committed += walk.entries[i].Region.dwCommittedSize;
            reserved +=
                walk.entries[i].Region.dwCommittedSize + walk.entries[i].Region.dwUnCommittedSize;
        }
    }
    EXPECT("4.8", filled.cbCommitted >= committed + 0x234567,
        "committed covers the regions and the large block");
    EXPECT("4.8", filled.cbReserved >= reserved + 0x234567,
        "reserved covers the regions and the large block");
    HeapFree(heap, 0, large);
    EXPECT("4.8", heap_summary(heap, 0, &filled) != FALSE, "the large block freed");
    EXPECT_EQUAL("4.8", held - 0x234567, filled.cbAllocated, "allocated follows");
    EXPECT("4.8", heap_summary(heap, 0xFFFFFFFFu, &filled) != FALSE, "dwFlags is ignored");
    HeapDestroy(heap);
}

static void test_fixed_size(heap_summary_function heap_summary)
{
    case_begin("4.8", "a fixed-size heap");
    HANDLE heap = HeapCreate(0, 0, 0x40000);
    HeapAlloc(heap, 0, 1000);
    HEAP_SUMMARY summary = {.cb = sizeof(summary)};
    EXPECT("4.8", heap_summary(heap, 0, &summary) != FALSE, "its summary");
    EXPECT_EQUAL("4.8", 1000, summary.cbAllocated, "allocated");
    EXPECT_EQUAL("4.8", summary.cbReserved, summary.cbMaxReserve,
        "the most it may reserve is what it has reserved");
    EXPECT_EQUAL("4.8", 0x40000, summary.cbReserved, "which is its maximum size");
    HeapDestroy(heap);
}

static void test_errors(heap_summary_function heap_summary)
{
    case_begin("4.8", "errors");
    HANDLE heap = HeapCreate(0, 0, 0);
    static const DWORD sizes[] = {0, 8, sizeof(HEAP_SUMMARY) - 8, sizeof(HEAP_SUMMARY) + 8};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        HEAP_SUMMARY summary = {.cb = sizes[i]};
        SetLastError(SENTINEL);
        EXPECT_EQUAL(
            "4.8", FALSE, heap_summary(heap, 0, &summary), "cb %u: FALSE", (unsigned)sizes[i]);
        EXPECT_ERROR("4.8", ERROR_INVALID_PARAMETER, "cb %u: 87", (unsigned)sizes[i]);
    }
    HEAP_SUMMARY summary = {.cb = sizeof(summary)};
    SetLastError(SENTINEL);
    EXPECT_EQUAL("4.8", FALSE, heap_summary(NULL, 0, &summary), "heap NULL: FALSE");
    EXPECT_ERROR("1.6", ERROR_INVALID_HANDLE, "heap NULL: 6");
    HeapDestroy(heap);
}

int main(void)
{
    test_structure();
    const heap_summary_function heap_summary = find_heap_summary();
    if (heap_summary == NULL) {
        SKIP("4.8", "this system has no HeapSummary");
        return conformance_finish();
    }
    test_totals(heap_summary);
    test_fixed_size(heap_summary);
    test_errors(heap_summary);
    return conformance_finish();
}
