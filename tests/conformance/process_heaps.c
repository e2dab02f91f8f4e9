// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// GetProcessHeap and GetProcessHeaps: win32-heap.md 2.2, 3.1, 3.2.

#include "conformance.h"

#define CAPACITY 512

static HANDLE heaps[CAPACITY];

static void read_heap(void *argument)
{
    HANDLE *heap = argument;
    *heap = GetProcessHeap();
}

static void test_process_heap(void)
{
    case_begin("3.1", "GetProcessHeap");
    SetLastError(SENTINEL);
    HANDLE heap = GetProcessHeap();
    EXPECT("3.1", heap != NULL, "it is not NULL");
    EXPECT("3.1", heap == GetProcessHeap(), "the same value at each call");
    EXPECT_ERROR("1.6", SENTINEL, "the last error is left alone");
    EXPECT_EQUAL("2.2", 0, (uintptr_t)heap % 0x10000, "a multiple of 64 KiB");
    HANDLE other = NULL;
    struct worker worker;
    worker_start(&worker, read_heap, &other);
    worker_join(&worker);
    EXPECT("3.1", heap == other, "the same value in each thread");
    void *block = HeapAlloc(heap, 0, 0x300000);
    EXPECT("2.2", block != NULL, "it is growable");
    HeapFree(heap, 0, block);
}

static void test_count(void)
{
    case_begin("3.2", "GetProcessHeaps");
    SetLastError(SENTINEL);
    const DWORD count = GetProcessHeaps(0, NULL);
    EXPECT("2.2", count >= 1 && count <= 6, "(0, NULL) gives the count: 1 to 6 at the start");
    EXPECT_ERROR("3.2", SENTINEL, "(0, NULL): the last error is left alone");
    EXPECT_EQUAL(
        "3.2", count, GetProcessHeaps(CAPACITY, heaps), "a large buffer gives the same count");
    EXPECT_ERROR("3.2", SENTINEL, "a large buffer: the last error is left alone");
    EXPECT("3.2", heaps[0] == GetProcessHeap(), "the process heap comes first");
    EXPECT_EQUAL("3.2", count, GetProcessHeaps(count, heaps), "a buffer of exactly that size");
}

static void test_order(void)
{
    case_begin("3.2", "order");
    const DWORD before = GetProcessHeaps(CAPACITY, heaps);
    HANDLE own[5];
    for (int i = 0; i < 5; i++) {
        own[i] = HeapCreate(i == 2 ? HEAP_NO_SERIALIZE : 0, 0, i == 3 ? 0x10000 : 0);
        EXPECT_EQUAL("3.2", before + (DWORD)i + 1, GetProcessHeaps(0, NULL),
            "HeapCreate number %d adds one", i);
    }
    EXPECT_EQUAL("3.2", before + 5, GetProcessHeaps(CAPACITY, heaps), "five heaps more");
    bool in_order = true;
    for (DWORD i = 0; i < 5; i++) {
        in_order = in_order && heaps[before + i] == own[i];
    }
    EXPECT("3.2", in_order, "private heaps in the order of creation, new ones at the end");
    EXPECT("3.2", heaps[0] == GetProcessHeap(), "the process heap is still the first");

    HeapDestroy(own[1]);
    HeapDestroy(own[4]);
    EXPECT_EQUAL("3.2", before + 3, GetProcessHeaps(CAPACITY, heaps), "two destroyed: two less");
    EXPECT("3.2",
        heaps[before] == own[0] && heaps[before + 1] == own[2] && heaps[before + 2] == own[3],
        "the others keep their order");
    HANDLE last = HeapCreate(0, 0, 0);
    GetProcessHeaps(CAPACITY, heaps);
    EXPECT("3.2", heaps[before + 3] == last, "a heap created after that comes last");
    HeapDestroy(last);
    HeapDestroy(own[0]);
    HeapDestroy(own[2]);
    HeapDestroy(own[3]);
    EXPECT_EQUAL("3.2", before, GetProcessHeaps(0, NULL), "all destroyed: as before");
}

static void test_short_buffer(void)
{
    case_begin("3.2", "a buffer that is too small");
    HANDLE own[3];
    for (int i = 0; i < 3; i++) {
        own[i] = HeapCreate(0, 0, 0);
    }
    const DWORD count = GetProcessHeaps(CAPACITY, heaps);
    HANDLE untouched = INVALID_HANDLE_VALUE;
    HANDLE some[3] = {untouched, untouched, untouched};
    SetLastError(SENTINEL);
    EXPECT_EQUAL("3.2", count, GetProcessHeaps(2, some), "the total is returned");
    EXPECT_ERROR("3.2", SENTINEL, "the last error is left alone");
    EXPECT("3.2", some[0] == heaps[0] && some[1] == heaps[1], "the first handles are stored");
    EXPECT("3.2", some[2] == untouched, "nothing is stored behind the buffer");
    for (int i = 0; i < 3; i++) {
        HeapDestroy(own[i]);
    }
}

static atomic_int is_stopped;

static void churn(void *argument)
{
    bool *all_done = argument;
    while (!atomic_load(&is_stopped)) {
        HANDLE heap = HeapCreate(0, 0, 0);
        *all_done = *all_done && heap != NULL && HeapDestroy(heap);
    }
}

static void test_concurrent(void)
{
    case_begin("3.2", "while another thread creates and destroys");
    const DWORD before = GetProcessHeaps(0, NULL);
    bool all_done = true;
    struct worker worker;
    worker_start(&worker, churn, &all_done);
    bool all_right = true;
    for (int i = 0; i < 20000; i++) {
        const DWORD count = GetProcessHeaps(CAPACITY, heaps);
        all_right =
            all_right && (count == before || count == before + 1) && heaps[0] == GetProcessHeap();
        for (DWORD j = 0; j < count; j++) {
            all_right = all_right && heaps[j] != NULL;
        }
    }
    atomic_store(&is_stopped, 1);
    worker_join(&worker);
    EXPECT("3.2", all_right, "20000 lists are whole");
    EXPECT("3.2", all_done, "the other thread succeeds too");
    EXPECT_EQUAL("3.2", before, GetProcessHeaps(0, NULL), "at the end: as before");
}

int main(void)
{
    test_count();
    test_process_heap();
    test_order();
    test_short_buffer();
    test_concurrent();
    return conformance_finish();
}
