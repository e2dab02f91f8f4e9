// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// HeapDestroy: win32-heap.md 3.4.

#include "conformance.h"

#define LIST_CAPACITY 256

static bool is_listed(HANDLE heap)
{
    static HANDLE heaps[LIST_CAPACITY];
    const DWORD count = GetProcessHeaps(LIST_CAPACITY, heaps);
    for (DWORD i = 0; i < count && i < LIST_CAPACITY; i++) {
        if (heaps[i] == heap) {
            return true;
        }
    }
    return false;
}

static void test_releases_everything(void)
{
    case_begin("3.4", "everything is released");
    HANDLE heap = HeapCreate(0, 0, 0);
    char *small = HeapAlloc(heap, 0, 100);
    char *middle = HeapAlloc(heap, 0, 100000);
    char *large = HeapAlloc(heap, 0, 0x400000);
    memset(small, 1, 100);
    memset(middle, 1, 100000);
    memset(large, 1, 0x400000);
    EXPECT("3.2", is_listed(heap), "a live heap is listed");
    EXPECT("3.4", !IsBadReadPtr(large, 0x400000), "a large block is readable while the heap lives");
    SetLastError(SENTINEL);
    EXPECT("3.4", HeapDestroy(heap) != FALSE, "busy blocks do not prevent it");
    EXPECT_ERROR("1.6", SENTINEL, "success leaves the last error alone");
    EXPECT("3.4", !is_listed(heap), "a destroyed heap is not listed");
    OBSERVE("3.4 a large block is unmapped at once", "%d", IsBadReadPtr(large, 1) != FALSE);
}

static void test_repeated(void)
{
    case_begin("3.4", "create, fill, destroy, many times");
    const DWORD before = GetProcessHeaps(0, NULL);
    bool all_done = true;
    for (int i = 0; i < 2000; i++) {
        HANDLE heap = HeapCreate(0, 0, 0);
        all_done = all_done && heap != NULL;
        for (int j = 0; j < 10; j++) {
            all_done = all_done && HeapAlloc(heap, 0, (SIZE_T)(j * 300)) != NULL;
        }
        all_done = all_done && (i % 100 != 0 || HeapAlloc(heap, 0, 0x200000) != NULL);
        all_done = all_done && HeapDestroy(heap) != FALSE;
    }
    EXPECT("3.4", all_done, "2000 rounds");
    EXPECT_EQUAL("3.2", before, GetProcessHeaps(0, NULL), "as many heaps as before");
}

static void test_refusals(void)
{
    case_begin("3.4", "what cannot be destroyed");
    SetLastError(SENTINEL);
    EXPECT_EQUAL("3.4", FALSE, HeapDestroy(GetProcessHeap()), "the process heap: FALSE");
    EXPECT_ERROR("3.4", ERROR_INVALID_HANDLE, "the process heap: 6");
    EXPECT("3.4", is_listed(GetProcessHeap()), "the process heap is still listed");
    void *block = HeapAlloc(GetProcessHeap(), 0, 100);
    EXPECT("3.4", block != NULL && HeapFree(GetProcessHeap(), 0, block), "and still works");
    OBSERVE("3.4 HeapDestroy(NULL)", "%d", HeapDestroy(NULL) != FALSE);

    if (!may_ask_wild()) {
        SKIP("3.4", "unknown handles: undefined on Windows");
        return;
    }
    HANDLE heap = HeapCreate(0, 0, 0);
    void *inside = HeapAlloc(heap, 0, 0x10000);
    HANDLE local = &block;
    const HANDLE wrong[] = {address_plus(heap, 16), inside, local, unmapped_address(),
        (HANDLE)(uintptr_t)0x10000, INVALID_HANDLE_VALUE};
    static const char *const names[] = {"a heap's handle plus 16", "a block", "a local variable",
        "an unmapped address", "0x10000", "-1"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        if (!may_try_heap(wrong[i])) {
            continue;
        }
        SetLastError(SENTINEL);
        EXPECT_EQUAL("3.4", FALSE, HeapDestroy(wrong[i]), "%s: FALSE", names[i]);
        EXPECT_ERROR("3.4", ERROR_INVALID_HANDLE, "%s: 6", names[i]);
    }
    EXPECT("3.4", HeapDestroy(heap) != FALSE, "the heap itself");
    if (may_try_heap(heap)) {
        SetLastError(SENTINEL);
        EXPECT_EQUAL("2.2", FALSE, HeapDestroy(heap), "a destroyed heap: FALSE");
        EXPECT_ERROR("2.2", ERROR_INVALID_HANDLE, "a destroyed heap: 6");
    }
}

int main(void)
{
    test_releases_everything();
    test_repeated();
    test_refusals();
    return conformance_finish();
}
