// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The C runtime's view of the process heap: win32-heap.md 3.6, 3.10, 11.3.

#include "walk.h"

#include <malloc.h>

static HANDLE heap; // that of the C runtime

static void test_handle(void)
{
    case_begin("11.3", "_get_heap_handle");
    heap = (HANDLE)_get_heap_handle();
    EXPECT("11.3", heap == GetProcessHeap(), "it is the process heap");
    EXPECT_EQUAL("2.4", 0xFFFFFFFFFFFFFFE0u, _HEAP_MAXREQ, "_HEAP_MAXREQ");
    EXPECT_EQUAL("11.3", _HEAPOK, _heapchk(), "_heapchk: _HEAPOK");
    EXPECT_EQUAL("11.3", 0, _heapmin(), "_heapmin: 0");
    EXPECT("11.3",
        _HEAPEMPTY == -1 && _HEAPOK == -2 && _HEAPBADBEGIN == -3 && _HEAPBADNODE == -4 &&
            _HEAPEND == -5 && _HEAPBADPTR == -6 && _USEDENTRY == 1 && _FREEENTRY == 0,
        "values");
}

static void test_size(void)
{
    case_begin("11.3", "_msize");
    static const size_t sizes[] = {0, 1, 17, 1000, 70000, 0x180000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        void *block = HeapAlloc(heap, 0, sizes[i]);
        EXPECT_EQUAL("11.3", sizes[i], _msize(block), "%u bytes", (unsigned)sizes[i]);
        HeapFree(heap, 0, block);
    }
}

static void test_expand(void)
{
    case_begin("11.3", "_expand");
    void *block = HeapAlloc(heap, 0, 500000);
    pattern_write(block, 300000, 1);
    EXPECT("11.3", _expand(block, 300000) == block, "a large enough block shrinks in place");
    EXPECT_EQUAL("11.3", 300000, _msize(block), "to the size asked for");
    EXPECT("11.3", _expand(block, 0x10000000) == NULL, "it cannot grow to 256 MiB");
    EXPECT("11.3", _msize(block) == 300000 && pattern_matches(block, 300000, 1), "and is kept");
    HeapFree(heap, 0, block);
}

static void test_walk(void)
{
    case_begin("11.3", "_heapwalk");
    void *blocks[3] = {
        HeapAlloc(heap, 0, 1234), HeapAlloc(heap, 0, 100), HeapAlloc(heap, 0, 0x123456)};
    static const size_t sizes[3] = {1234, 100, 0x123456};
    HeapFree(heap, 0, blocks[1]);
    _HEAPINFO info = {._pentry = NULL};
    unsigned steps = 0;
    bool found[3] = {false, false, false};
    bool is_used[3] = {false, false, false};
    int result;
    while ((result = _heapwalk(&info)) == _HEAPOK && steps < WALK_CAPACITY) {
        for (int i = 0; i < 3; i++) {
            if ((void *)info._pentry == blocks[i]) {
                found[i] = info._size == sizes[i];
                is_used[i] = info._useflag == _USEDENTRY;
            }
        }
        steps++;
    }
    EXPECT_EQUAL("11.3", _HEAPEND, result, "it ends with _HEAPEND");
    EXPECT("11.3", found[0] && is_used[0], "a block of 1234 bytes is there, used");
    EXPECT("11.3", found[2] && is_used[2], "a large block is there, used");
    EXPECT("11.3", !is_used[1], "a freed block is not used");
    HeapFree(heap, 0, blocks[0]);
    HeapFree(heap, 0, blocks[2]);
    EXPECT_EQUAL("11.3", _HEAPOK, _heapchk(), "_heapchk: _HEAPOK");
}

int main(void)
{
    test_handle();
    test_size();
    test_expand();
    test_walk();
    return conformance_finish();
}
