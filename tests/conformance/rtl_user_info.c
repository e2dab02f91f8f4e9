// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// User values and flags of blocks: win32-heap.md 3.6, 6.2, 9.

#include "movable.h"
#include "rtl.h"

#define MARK ((void *)(uintptr_t)0xABCDu)

static void test_plain_block(HANDLE heap)
{
    case_begin("9", "a block without user info");
    void *block = HeapAlloc(heap, 0, 100);
    void *value = MARK;
    ULONG flags = 0xFFFF;
    SetLastError(SENTINEL);
    EXPECT("9", RtlGetUserInfoHeap(heap, 0, block, &value, &flags) != FALSE,
        "RtlGetUserInfoHeap: TRUE");
    EXPECT_ERROR("1.6", SENTINEL, "the last error is left alone");
    EXPECT("9", value == MARK, "the value is untouched");
    EXPECT_EQUAL("9", 0, flags, "flags are 0");
    EXPECT_EQUAL(
        "9", FALSE, RtlSetUserValueHeap(heap, 0, block, MARK), "RtlSetUserValueHeap: FALSE");
    HeapFree(heap, 0, block);
}

static void test_value(HANDLE heap)
{
    case_begin("9", "user values");
    static const SIZE_T sizes[] = {0, 1, 40, 1000, 20000, 200000, 0x180000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const unsigned size = (unsigned)sizes[i];
        void *block = RtlAllocateHeap(heap, USER_VALUE, sizes[i]);
        EXPECT("9", block != NULL && HeapSize(heap, 0, block) == sizes[i],
            "%u bytes: the size is what was asked for", size);
        pattern_write(block, sizes[i], 1);
        EXPECT("9", RtlSetUserValueHeap(heap, 0, block, MARK) != FALSE,
            "%u bytes: RtlSetUserValueHeap", size);
        void *value = NULL;
        ULONG flags = 0;
        EXPECT("9", RtlGetUserInfoHeap(heap, 0, block, &value, &flags) && value == MARK,
            "%u bytes: the value is read back", size);
        EXPECT(
            "9", pattern_matches(block, sizes[i], 1), "%u bytes: contents are the caller's", size);
        value = NULL;
        block = HeapReAlloc(heap, 0, block, sizes[i] * 3 + 5);
        EXPECT("3.6", RtlGetUserInfoHeap(heap, 0, block, &value, &flags) && value == MARK,
            "%u bytes: it survives a resize", size);
        value = NULL;
        block = HeapReAlloc(heap, 0, block, 7);
        EXPECT("3.6", RtlGetUserInfoHeap(heap, 0, block, &value, &flags) && value == MARK,
            "%u bytes: and another one", size);
        EXPECT("3.7", HeapFree(heap, 0, block) != FALSE, "%u bytes: freed", size);
        EXPECT_EQUAL("9", FALSE, RtlGetUserInfoHeap(heap, 0, block, &value, &flags),
            "%u bytes: then there is none", size);
    }
    bool all_clean = true;
    for (int i = 0; i < 100; i++) {
        void *block = HeapAlloc(heap, 0, 7);
        void *value = NULL;
        ULONG flags = 0;
        all_clean = all_clean && RtlGetUserInfoHeap(heap, 0, block, &value, &flags) &&
                    value == NULL && flags == 0;
        HeapFree(heap, 0, block);
    }
    EXPECT("9", all_clean, "a later block at the same place does not inherit it");
}

static ULONG user_flags(HANDLE heap, void *block)
{
    ULONG flags = 0xFFFFFFFFu;
    void *value = NULL;
    RtlGetUserInfoHeap(heap, 0, block, &value, &flags);
    return flags;
}

static void test_flags(HANDLE heap)
{
    case_begin("9", "user flags");
    static const ULONG given[] = {USER_FLAG1, USER_FLAG2, USER_FLAG3,
        USER_FLAG1 | USER_FLAG2 | USER_FLAG3, USER_VALUE | USER_FLAG2};
    for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++) {
        void *block = RtlAllocateHeap(heap, given[i], 100);
        EXPECT_EQUAL("9", given[i] & 0xE00, user_flags(heap, block) & 0xE00, "allocated with 0x%x",
            (unsigned)given[i]);
        block = HeapReAlloc(heap, 0, block, 100000);
        EXPECT_EQUAL("3.6", given[i] & 0xE00, user_flags(heap, block) & 0xE00,
            "allocated with 0x%x, after a move", (unsigned)given[i]);
        HeapFree(heap, 0, block);
    }
    void *block = RtlAllocateHeap(heap, USER_VALUE | USER_FLAG2 | USER_FLAG3, 100);
    EXPECT("9", RtlSetUserFlagsHeap(heap, 0, block, USER_FLAG2, USER_FLAG1) != FALSE,
        "0xC00: clear 0x400, set 0x200");
    EXPECT_EQUAL("9", 0xA00, user_flags(heap, block) & 0xE00, "gives 0xA00");
    EXPECT("9", RtlSetUserFlagsHeap(heap, 0, block, USER_FLAG1, USER_FLAG1) != FALSE,
        "clear and set of one bit");
    EXPECT_EQUAL("9", 0xA00, user_flags(heap, block) & 0xE00, "sets it");
    SetLastError(SENTINEL);
    EXPECT_EQUAL(
        "9", FALSE, RtlSetUserFlagsHeap(heap, 0, block, 0x100, 0), "clear outside 0xE00: FALSE");
    EXPECT_ERROR("9", ERROR_INVALID_PARAMETER, "clear outside 0xE00: 87");
    SetLastError(SENTINEL);
    EXPECT_EQUAL(
        "9", FALSE, RtlSetUserFlagsHeap(heap, 0, block, 0, 0x1000), "set outside 0xE00: FALSE");
    EXPECT_ERROR("9", ERROR_INVALID_PARAMETER, "set outside 0xE00: 87");
    EXPECT_EQUAL("9", 0xA00, user_flags(heap, block) & 0xE00, "and nothing has changed");
    HeapFree(heap, 0, block);
}

static void test_wrong_block(HANDLE heap)
{
    case_begin("9", "wrong blocks");
    char *block = RtlAllocateHeap(heap, USER_VALUE, 100);
    void *value = MARK;
    ULONG flags = 0;
    SetLastError(SENTINEL);
    EXPECT_EQUAL("9", FALSE, RtlGetUserInfoHeap(heap, 0, block + 16, &value, &flags),
        "RtlGetUserInfoHeap of block + 16: FALSE");
    EXPECT_ERROR("9", ERROR_INVALID_PARAMETER, "RtlGetUserInfoHeap of block + 16: 87");
    EXPECT_EQUAL("9", FALSE, RtlSetUserValueHeap(heap, 0, block + 16, MARK),
        "RtlSetUserValueHeap of block + 16: FALSE");
    EXPECT_EQUAL("9", FALSE, RtlSetUserFlagsHeap(heap, 0, block + 16, 0, USER_FLAG1),
        "RtlSetUserFlagsHeap of block + 16: FALSE");
    HeapFree(heap, 0, block);
}

static void test_movable(void)
{
    case_begin("6.2", "the data block of a movable object");
    HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE, 100);
    void *value = NULL;
    ULONG flags = 0;
    EXPECT("6.2",
        RtlGetUserInfoHeap(GetProcessHeap(), 0, data_behind(handle), &value, &flags) != FALSE,
        "it has user info");
    EXPECT("6.2", value == handle, "its user value is the handle");
    EXPECT_EQUAL("6.2", USER_FLAG1, flags & 0xE00, "its user flag 0x200 is set");
    GlobalReAlloc(handle, 300000, GMEM_MOVEABLE);
    value = NULL;
    EXPECT("6.2",
        RtlGetUserInfoHeap(GetProcessHeap(), 0, data_behind(handle), &value, &flags) &&
            value == handle,
        "also after a resize");
    GlobalFree(handle);
}

int main(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    test_plain_block(heap);
    test_value(heap);
    test_flags(heap);
    test_wrong_block(heap);
    test_movable();
    EXPECT("3.9", HeapValidate(heap, 0, NULL) != FALSE, "the heap is valid at the end");
    HeapDestroy(heap);
    return conformance_finish();
}
