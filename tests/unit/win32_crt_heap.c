// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Microsoft's additions to <malloc.h>, on the process heap.

#include "check.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

// NULL is an invalid parameter; a program without _DEBUG is not told more.
static unsigned invalid_parameters;

static void note_invalid(const wchar_t *expression, const wchar_t *function, const wchar_t *file,
    unsigned line, uintptr_t reserved)
{
    bool is_plain =
        expression == NULL && function == NULL && file == NULL && line == 0 && reserved == 0;
    invalid_parameters += is_plain;
}

static void test_sizes(void)
{
    void *block = HeapAlloc(GetProcessHeap(), 0, 17);
    errno = 0;
    EXPECT_SIZE(_msize(block), 17);
    EXPECT_SIZE((uint64_t)errno, 0);
    EXPECT_SIZE(_msize(&block), SIZE_MAX);
    EXPECT_SIZE((uint64_t)errno, EINVAL);
    EXPECT_SIZE(_msize(NULL), SIZE_MAX);
    EXPECT_TRUE(HeapFree((HANDLE)_get_heap_handle(), 0, block));
}

static void test_expand(void)
{
    unsigned char *block = HeapAlloc(GetProcessHeap(), 0, 1000);
    memset(block, 0x5A, 1000);
    EXPECT_POINTER(_expand(block, 500), block);
    EXPECT_AT_MOST(_msize(block), 1000);
    EXPECT_SIZE(block[499], 0x5A);
    errno = 0;
    EXPECT_POINTER(_expand(block, (size_t)1 << 40), NULL);
    EXPECT_SIZE((uint64_t)errno, ENOMEM);
    EXPECT_POINTER(_expand(block, SIZE_MAX), NULL);
    EXPECT_AT_LEAST(_msize(block), 500);
    EXPECT_POINTER(_expand(NULL, 10), NULL);
    EXPECT_SIZE((uint64_t)errno, EINVAL);
    EXPECT_TRUE(HeapFree(GetProcessHeap(), 0, block));
    // A large block gives up its end and keeps its place.
    void *large = HeapAlloc(GetProcessHeap(), 0, 0x400000);
    EXPECT_POINTER(_expand(large, 0x200000), large);
    EXPECT_SIZE(_msize(large), 0x200000);
    EXPECT_TRUE(HeapFree(GetProcessHeap(), 0, large));
}

// Busy blocks only, each once, with its requested size.
static void test_walk(void)
{
    enum {
        COUNT = 50
    };
    void *blocks[COUNT];
    unsigned seen[COUNT] = {0};
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = HeapAlloc(GetProcessHeap(), 0, i * 40);
    }
    _HEAPINFO entry = {._pentry = NULL};
    int status;
    while ((status = _heapwalk(&entry)) == _HEAPOK) {
        EXPECT_SIZE((uint64_t)entry._useflag, _USEDENTRY);
        for (size_t i = 0; i < COUNT; i++) {
            if ((void *)entry._pentry == blocks[i]) {
                EXPECT_SIZE(entry._size, i * 40);
                seen[i]++;
            }
        }
    }
    EXPECT_TRUE(status == _HEAPEND);
    for (size_t i = 0; i < COUNT; i++) {
        EXPECT_SIZE(seen[i], 1);
        EXPECT_TRUE(HeapFree(GetProcessHeap(), 0, blocks[i]));
    }
    entry = (_HEAPINFO){._pentry = (int *)(void *)&entry, ._useflag = _USEDENTRY};
    EXPECT_TRUE(_heapwalk(&entry) == _HEAPBADNODE);
    entry._useflag = _FREEENTRY;
    EXPECT_TRUE(_heapwalk(&entry) == _HEAPBADNODE);
    EXPECT_TRUE(_heapwalk(NULL) == _HEAPBADPTR);
}

int main(void)
{
    _set_invalid_parameter_handler(note_invalid);
    test_sizes();
    test_expand();
    test_walk();
    EXPECT_SIZE(invalid_parameters, 3); // _msize(), _expand() and _heapwalk()
    EXPECT_TRUE(_heapchk() == _HEAPOK);
    EXPECT_TRUE(_heapmin() == 0);
    EXPECT_TRUE((HANDLE)_get_heap_handle() == GetProcessHeap());
    // The system's own <malloc.h> is still there.
    EXPECT_AT_LEAST(mallinfo2().arena + mallinfo2().hblkhd + 1, 1);
    return test_result();
}
