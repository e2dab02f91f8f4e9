// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// HEAP_GENERATE_EXCEPTIONS: win32-heap.md 2.5.

#include "raised.h"

#define NO_MEMORY 0xC0000017u
#define ACCESS_VIOLATION 0xC0000005u

struct request {
    HANDLE heap;
    DWORD flags;
    void *block;
    SIZE_T size;
    void *result;
};

static void run_alloc(void *argument)
{
    struct request *request = argument;
    request->result = HeapAlloc(request->heap, request->flags, request->size);
}

static void run_realloc(void *argument)
{
    struct request *request = argument;
    request->result = HeapReAlloc(request->heap, request->flags, request->block, request->size);
}

static void run_free(void *argument)
{
    struct request *request = argument;
    request->result = HeapFree(request->heap, request->flags, request->block) ? request : NULL;
}

static void test_per_call(void)
{
    case_begin("2.5", "the flag on the call");
    HANDLE heap = HeapCreate(0, 0, 0);
    struct request request = {.heap = heap, .flags = HEAP_GENERATE_EXCEPTIONS, .size = ~(SIZE_T)0};
    EXPECT_EQUAL("2.5", NO_MEMORY, status_raised_by(run_alloc, &request),
        "HeapAlloc of ~0 bytes raises STATUS_NO_MEMORY");
    request.size = (SIZE_T)1 << 60;
    EXPECT_EQUAL("2.5", NO_MEMORY, status_raised_by(run_alloc, &request),
        "HeapAlloc of 2^60 bytes raises STATUS_NO_MEMORY");
    request.size = 100;
    EXPECT_EQUAL(
        "2.5", 0, status_raised_by(run_alloc, &request), "HeapAlloc of 100 bytes raises nothing");
    EXPECT("2.5", request.result != NULL, "and gives a block");
    request.block = request.result;
    pattern_write(request.block, 100, 1);
    request.size = ~(SIZE_T)0 - 7;
    EXPECT_EQUAL("2.5", NO_MEMORY, status_raised_by(run_realloc, &request),
        "HeapReAlloc to ~0 - 7 bytes raises STATUS_NO_MEMORY");
    EXPECT("3.6", HeapSize(heap, 0, request.block) == 100 && pattern_matches(request.block, 100, 1),
        "the old block is kept");
    request.flags = HEAP_GENERATE_EXCEPTIONS | HEAP_REALLOC_IN_PLACE_ONLY;
    request.size = 0x7000000;
    EXPECT_EQUAL("2.5", NO_MEMORY, status_raised_by(run_realloc, &request),
        "an in-place resize that cannot be met raises it too");
    request.flags = 0;
    request.size = ~(SIZE_T)0;
    request.result = heap;
    EXPECT_EQUAL(
        "2.5", 0, status_raised_by(run_alloc, &request), "without the flag nothing is raised");
    EXPECT("2.5", request.result == NULL, "but NULL returned");
    EXPECT("3.9", HeapValidate(heap, 0, NULL) != FALSE, "the heap is valid");
    EXPECT("2.5", HeapLock(heap) && HeapUnlock(heap), "no lock is left behind");
    EXPECT("3.7", HeapFree(heap, 0, request.block) != FALSE, "the block is freed");
    HeapDestroy(heap);
}

static void test_per_heap(void)
{
    case_begin("2.5", "the flag at creation covers every call");
    HANDLE heap = HeapCreate(HEAP_GENERATE_EXCEPTIONS, 0, 0);
    struct request request = {.heap = heap, .size = ~(SIZE_T)0};
    EXPECT_EQUAL("2.5", NO_MEMORY, status_raised_by(run_alloc, &request),
        "HeapAlloc of ~0 bytes raises STATUS_NO_MEMORY");
    request.block = HeapAlloc(heap, 0, 100);
    EXPECT("2.5", request.block != NULL, "HeapAlloc of 100 bytes gives a block");
    EXPECT_EQUAL("2.5", NO_MEMORY, status_raised_by(run_realloc, &request),
        "HeapReAlloc to ~0 bytes raises STATUS_NO_MEMORY");
    EXPECT("3.6", HeapSize(heap, 0, request.block) == 100, "the old block is kept");
    HeapDestroy(heap);
    heap = HeapCreate(HEAP_GENERATE_EXCEPTIONS, 0, 0x20000);
    request = (struct request){.heap = heap, .size = 0x20000};
    EXPECT_EQUAL("2.5", NO_MEMORY, status_raised_by(run_alloc, &request),
        "a fixed-size heap that is too small raises it");
    HeapDestroy(heap);
}

static void test_bad_arguments(void)
{
    case_begin("2.5", "bad arguments");
    if (!may_ask_wild()) {
        SKIP("2.5", "bad arguments: current Windows ends the process");
        return;
    }
    HANDLE heap = HeapCreate(HEAP_GENERATE_EXCEPTIONS, 0, 0);
    char *block = HeapAlloc(heap, 0, 100);
    struct request request = {.heap = heap, .block = block + 16, .size = 200};
    EXPECT_EQUAL("2.5", ACCESS_VIOLATION, status_raised_by(run_realloc, &request),
        "HeapReAlloc of block + 16 raises STATUS_ACCESS_VIOLATION");
    EXPECT_EQUAL("2.5", 0, status_raised_by(run_free, &request), "HeapFree raises nothing");
    EXPECT("3.7", request.result == NULL, "HeapFree of block + 16: FALSE");
    request.heap = NULL;
    request.flags = HEAP_GENERATE_EXCEPTIONS;
    EXPECT_EQUAL("2.5", ACCESS_VIOLATION, status_raised_by(run_alloc, &request),
        "HeapAlloc from NULL raises STATUS_ACCESS_VIOLATION");
    HeapDestroy(heap);
}

int main(void)
{
    test_per_call();
    test_per_heap();
    test_bad_arguments();
    return conformance_finish();
}
