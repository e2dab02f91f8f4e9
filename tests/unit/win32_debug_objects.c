// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=heap_flags=htc

// Global memory in a process heap with tail checking: an overrun is found when the object is freed,
// resized or discarded.  The object is then as it was, so that nothing is lost, and goes once it is
// repaired.

#include "check.h"

#include <stdlib.h>
#include <string.h>
#include <windows.h>
#include <winternl.h>

enum {
    SIZE = 20,
    TAIL = 0xAB
};

static void test_movable(void)
{
    HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE, SIZE);
    volatile unsigned char *data = GlobalLock(handle);
    GlobalUnlock(handle);
    EXPECT_SIZE(data[SIZE], TAIL);
    data[SIZE] = 1;
    SetLastError(0);
    EXPECT_POINTER(GlobalFree(handle), handle);
    EXPECT_SIZE(GetLastError(), ERROR_INVALID_HANDLE);
    EXPECT_POINTER(GlobalDiscard(handle), NULL);
    EXPECT_SIZE(GlobalSize(handle), SIZE);
    EXPECT_SIZE(GlobalFlags(handle), 0);
    EXPECT_FALSE(HeapValidate(GetProcessHeap(), 0, NULL));
    data[SIZE] = TAIL;
    EXPECT_TRUE(HeapValidate(GetProcessHeap(), 0, NULL));
    EXPECT_POINTER(GlobalFree(handle), NULL);
    EXPECT_SIZE(GlobalFlags(handle), GMEM_INVALID_HANDLE);
}

static void test_fixed(void)
{
    volatile unsigned char *data = GlobalAlloc(GMEM_FIXED, SIZE);
    data[SIZE + 15] = 1;
    EXPECT_POINTER(GlobalFree((HGLOBAL)(uintptr_t)data), (void *)(uintptr_t)data);
    data[SIZE + 15] = TAIL;
    EXPECT_POINTER(GlobalFree((HGLOBAL)(uintptr_t)data), NULL);
}

// The checks follow every resize, and a heap with them has no front end.
static void test_heaps(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    unsigned char *block = NULL;
    for (SIZE_T size = 0; size < 3000; size = size * 3 / 2 + 1) {
        block = block == NULL ? HeapAlloc(heap, 0, size) : HeapReAlloc(heap, 0, block, size);
        ASSERT_NOT_NULL(block);
        for (SIZE_T i = 0; i < 16; i++) {
            ASSERT_SIZE(block[size + i], TAIL);
        }
    }
    EXPECT_TRUE(HeapValidate(heap, 0, NULL));
    ULONG value = 2;
    EXPECT_FALSE(HeapSetInformation(heap, HeapCompatibilityInformation, &value, sizeof(value)));
    EXPECT_SIZE(GetLastError(), ERROR_GEN_FAILURE);
    HeapDestroy(heap);
}

int main(void)
{
    const char *options = getenv("HALDE_OPTIONS");
    if (options == NULL || strstr(options, "htc") == NULL) {
        test_skip("needs HALDE_OPTIONS=heap_flags=htc");
    }
    EXPECT_SIZE(RtlGetNtGlobalFlags(), FLG_HEAP_ENABLE_TAIL_CHECK);
    test_movable();
    test_fixed();
    test_heaps();
    return test_result();
}
