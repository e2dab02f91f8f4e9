// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The thirty behaviours of win32-heap.md 14, numbers 11 to 13: the lock.

#include "conformance.h"

struct visitor {
    HANDLE heap;
    DWORD flags;
    bool frees; // frees `block`, else allocates
    void *block;
    atomic_int is_started, is_done;
};

static void visit(void *argument)
{
    struct visitor *visitor = argument;
    atomic_store(&visitor->is_started, 1);
    if (visitor->frees) {
        HeapFree(visitor->heap, visitor->flags, visitor->block);
    } else {
        visitor->block = HeapAlloc(visitor->heap, visitor->flags, 3333);
    }
    atomic_store(&visitor->is_done, 1);
}

static void test_11_recursive_and_owned(void)
{
    case_begin("14.11 (3.11)", "HeapLock is recursive and owner-bound");
    HANDLE heap = HeapCreate(0, 0, 0);
    struct visitor visitors[2] = {
        {.heap = heap}, {.heap = heap, .frees = true, .block = HeapAlloc(heap, 0, 3333)}};
    struct worker workers[2];
    EXPECT("14.11", HeapLock(heap) && HeapLock(heap), "locked twice");
    void *block = HeapAlloc(heap, 0, 100);
    EXPECT("14.11", block != NULL && HeapFree(heap, 0, block), "the owner allocates and frees");
    for (int i = 0; i < 2; i++) {
        worker_start(&workers[i], visit, &visitors[i]);
        is_set_in_time(&visitors[i].is_started);
    }
    EXPECT("14.11", is_clear_for_a_while(&visitors[0].is_done), "another thread's HeapAlloc waits");
    EXPECT("14.11", is_clear_for_a_while(&visitors[1].is_done), "another thread's HeapFree waits");
    HeapUnlock(heap);
    EXPECT("14.11",
        is_clear_for_a_while(&visitors[0].is_done) && !atomic_load(&visitors[1].is_done),
        "one unlock of two: they still wait");
    HeapUnlock(heap);
    EXPECT("14.11", is_set_in_time(&visitors[0].is_done) && is_set_in_time(&visitors[1].is_done),
        "the second unlock: they go on");
    worker_join(&workers[0]);
    worker_join(&workers[1]);
    HeapDestroy(heap);
}

static void test_12_what_may_pass(void)
{
    case_begin("14.12 (2.3)", "NO_SERIALIZE calls pass the lock, others need not");
    HANDLE heap = HeapCreate(0, 0, 0);
    struct visitor visitor = {.heap = heap, .flags = HEAP_NO_SERIALIZE};
    struct worker worker;
    HeapLock(heap);
    worker_start(&worker, visit, &visitor);
    EXPECT("14.12", is_set_in_time(&visitor.is_done), "HeapAlloc with NO_SERIALIZE does not wait");
    HeapUnlock(heap);
    worker_join(&worker);
    EXPECT("14.12", visitor.block != NULL && HeapValidate(heap, 0, NULL),
        "and gives a block of a valid heap");
    HeapDestroy(heap);
}

static void test_13_no_serialize_heap(void)
{
    case_begin("14.13 (0.3)", "the lock of a NO_SERIALIZE heap");
    HANDLE heap = HeapCreate(HEAP_NO_SERIALIZE, 0, 0);
    EXPECT("14.13", HeapLock(heap) != FALSE, "HeapLock: TRUE");
    struct visitor visitor = {.heap = heap};
    struct worker worker;
    worker_start(&worker, visit, &visitor);
    EXPECT("14.13", is_set_in_time(&visitor.is_done), "it excludes nobody");
    worker_join(&worker);
    EXPECT("14.13", HeapUnlock(heap) && HeapUnlock(heap),
        "HeapUnlock: TRUE, more often than locked too");
    HeapDestroy(heap);
}

int main(void)
{
    test_11_recursive_and_owned();
    test_12_what_may_pass();
    test_13_no_serialize_heap();
    return conformance_finish();
}
