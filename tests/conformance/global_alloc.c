// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// GlobalAlloc and GlobalSize: win32-heap.md 0.3, 6.1, 6.2, 6.3, 6.7.

#include "movable.h"

static void test_constants(void)
{
    case_begin("6.1", "constants");
    EXPECT_EQUAL("6.1", 0x0000, GMEM_FIXED, "GMEM_FIXED");
    EXPECT_EQUAL("6.1", 0x0002, GMEM_MOVEABLE, "GMEM_MOVEABLE");
    EXPECT_EQUAL("6.1", 0x0010, GMEM_NOCOMPACT, "GMEM_NOCOMPACT");
    EXPECT_EQUAL("6.1", 0x0020, GMEM_NODISCARD, "GMEM_NODISCARD");
    EXPECT_EQUAL("6.1", 0x0040, GMEM_ZEROINIT, "GMEM_ZEROINIT");
    EXPECT_EQUAL("6.1", 0x0080, GMEM_MODIFY, "GMEM_MODIFY");
    EXPECT_EQUAL("6.1", 0x0100, GMEM_DISCARDABLE, "GMEM_DISCARDABLE");
    EXPECT_EQUAL("6.1", 0x1000, GMEM_NOT_BANKED, "GMEM_NOT_BANKED");
    EXPECT_EQUAL("6.1", 0x1000, GMEM_LOWER, "GMEM_LOWER");
    EXPECT_EQUAL("6.1", 0x2000, GMEM_SHARE, "GMEM_SHARE");
    EXPECT_EQUAL("6.1", 0x2000, GMEM_DDESHARE, "GMEM_DDESHARE");
    EXPECT_EQUAL("6.1", 0x4000, GMEM_NOTIFY, "GMEM_NOTIFY");
    EXPECT_EQUAL("6.1", 0x4000, GMEM_DISCARDED, "GMEM_DISCARDED");
    EXPECT_EQUAL("6.1", 0x8000, GMEM_INVALID_HANDLE, "GMEM_INVALID_HANDLE");
    EXPECT_EQUAL("6.1", 0x00FF, GMEM_LOCKCOUNT, "GMEM_LOCKCOUNT");
    EXPECT_EQUAL("6.1", 0x7F72, GMEM_VALID_FLAGS, "GMEM_VALID_FLAGS");
    EXPECT_EQUAL("6.1", 0x0042, GHND, "GHND");
    EXPECT_EQUAL("6.1", 0x0040, GPTR, "GPTR");
}

static void test_fixed(void)
{
    case_begin("6.2", "fixed objects");
    static const SIZE_T sizes[] = {1, 15, 16, 17, 100, 5000, 70000, 0x180000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const unsigned size = (unsigned)sizes[i];
        SetLastError(SENTINEL);
        HGLOBAL object = GlobalAlloc(GMEM_FIXED, sizes[i]);
        EXPECT("6.3", object != NULL, "%u bytes", size);
        EXPECT_ERROR("1.6", SENTINEL, "%u bytes: the last error is left alone", size);
        EXPECT_EQUAL("0.3", 0, (uintptr_t)object % 16, "%u bytes: a multiple of 16", size);
        EXPECT("6.2", HeapValidate(GetProcessHeap(), 0, object) != FALSE,
            "%u bytes: a block of the process heap", size);
        EXPECT_EQUAL("6.7", sizes[i], GlobalSize(object), "%u bytes: GlobalSize is exact", size);
        EXPECT_EQUAL(
            "6.2", sizes[i], HeapSize(GetProcessHeap(), 0, object), "%u bytes: HeapSize too", size);
        EXPECT("6.4", GlobalFree(object) == NULL, "%u bytes: GlobalFree", size);
    }
    HGLOBAL empty = GlobalAlloc(GMEM_FIXED, 0);
    EXPECT("6.3", empty != NULL, "0 bytes: not NULL");
    EXPECT_EQUAL("6.3", 1, GlobalSize(empty), "0 bytes: the size is 1");
    EXPECT("6.4", GlobalFree(empty) == NULL, "0 bytes: GlobalFree");
}

static void test_movable(void)
{
    case_begin("6.2", "movable objects");
    static const SIZE_T sizes[] = {1, 15, 16, 17, 100, 5000, 70000, 0x180000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const unsigned size = (unsigned)sizes[i];
        SetLastError(SENTINEL);
        HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE, sizes[i]);
        EXPECT_ERROR("1.6", SENTINEL, "%u bytes: the last error is left alone", size);
        EXPECT(
            "6.2", is_movable_handle(handle), "%u bytes: the low nibble of the handle is 8", size);
        EXPECT_EQUAL("6.7", sizes[i], GlobalSize(handle), "%u bytes: GlobalSize is exact", size);
        void *data = data_behind(handle);
        EXPECT("6.2", data != NULL && GlobalLock(handle) == data,
            "%u bytes: *(void**)handle is the data pointer", size);
        EXPECT_EQUAL("0.3", 0, (uintptr_t)data % 16, "%u bytes: data is a multiple of 16", size);
        EXPECT_EQUAL("6.3", sizes[i], HeapSize(GetProcessHeap(), 0, data),
            "%u bytes: HeapSize of the data", size);
        EXPECT("6.2", HeapValidate(GetProcessHeap(), 0, data) != FALSE,
            "%u bytes: data is a block of the process heap", size);
        EXPECT_EQUAL("6.2", FALSE, HeapValidate(GetProcessHeap(), 0, handle),
            "%u bytes: the handle is none", size);
        GlobalUnlock(handle);
        EXPECT("6.4", GlobalFree(handle) == NULL, "%u bytes: GlobalFree", size);
        EXPECT_EQUAL("6.4", FALSE, HeapValidate(GetProcessHeap(), 0, data),
            "%u bytes: its data is freed too", size);
    }
}

static void test_movable_empty(void)
{
    case_begin("6.3", "movable, 0 bytes: born discarded");
    HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE, 0);
    EXPECT("6.3", is_movable_handle(handle), "a handle");
    EXPECT_EQUAL("6.8", GMEM_DISCARDED, GlobalFlags(handle), "GlobalFlags is GMEM_DISCARDED");
    EXPECT_EQUAL("6.7", 0, GlobalSize(handle), "GlobalSize is 0");
    EXPECT("6.2", data_behind(handle) == NULL, "it has no data");
    SetLastError(SENTINEL);
    EXPECT("6.5", GlobalLock(handle) == NULL, "GlobalLock: NULL");
    EXPECT_ERROR("6.5", ERROR_DISCARDED, "GlobalLock: 157");
    EXPECT("6.4", GlobalFree(handle) == NULL, "GlobalFree");
}

static void test_zeroinit(void)
{
    case_begin("6.1", "GMEM_ZEROINIT");
    static const SIZE_T sizes[] = {1, 24, 40, 1000, 70000, 0x180000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        bool all_zero = true;
        for (int round = 0; round < 20; round++) {
            void *dirty = HeapAlloc(GetProcessHeap(), 0, sizes[i]);
            memset(dirty, 0xEE, sizes[i]);
            HeapFree(GetProcessHeap(), 0, dirty);
            HGLOBAL fixed = GlobalAlloc(GPTR, sizes[i]);
            all_zero = all_zero && is_filled(fixed, 0, sizes[i]);
            memset(fixed, 0xEE, sizes[i]);
            GlobalFree(fixed);
            HGLOBAL handle = GlobalAlloc(GHND, sizes[i]);
            void *data = GlobalLock(handle);
            all_zero = all_zero && is_filled(data, 0, sizes[i]);
            memset(data, 0xEE, sizes[i]);
            GlobalUnlock(handle);
            GlobalFree(handle);
        }
        EXPECT("6.1", all_zero, "%u bytes, fixed and movable, are zero", (unsigned)sizes[i]);
    }
}

static void test_legacy_flags(void)
{
    case_begin("6.3", "legacy flags are accepted");
    static const struct {
        UINT flags;
        UINT shown; // what GlobalFlags shows of them for a movable object
        const char *name;
    } cases[] = {
        {GMEM_NOCOMPACT, 0, "NOCOMPACT"},
        {GMEM_NODISCARD, 0, "NODISCARD"},
        {GMEM_NOT_BANKED, 0, "NOT_BANKED"},
        {GMEM_NOTIFY, 0, "NOTIFY"},
        {GMEM_DISCARDABLE, GMEM_DISCARDABLE, "DISCARDABLE"},
        {GMEM_DDESHARE, GMEM_DDESHARE, "DDESHARE"},
        {GMEM_DDESHARE | GMEM_DISCARDABLE, GMEM_DDESHARE | GMEM_DISCARDABLE,
            "DDESHARE and DISCARDABLE"},
        {GMEM_VALID_FLAGS & ~(UINT)GMEM_MOVEABLE, GMEM_DDESHARE | GMEM_DISCARDABLE,
            "all valid flags"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE | cases[i].flags, 100);
        EXPECT("6.3", is_movable_handle(handle), "movable with %s", cases[i].name);
        EXPECT_EQUAL("6.3", cases[i].shown, GlobalFlags(handle), "movable with %s: GlobalFlags",
            cases[i].name);
        GlobalFree(handle);
        HGLOBAL object = GlobalAlloc(cases[i].flags, 100);
        EXPECT("6.3", object != NULL && GlobalSize(object) == 100, "fixed with %s", cases[i].name);
        EXPECT("6.3", (uintptr_t)object % 16 == 0 && GlobalLock(object) == object,
            "fixed with %s is fixed", cases[i].name);
        EXPECT_EQUAL(
            "6.8", 0, GlobalFlags(object), "fixed with %s: GlobalFlags is 0", cases[i].name);
        GlobalFree(object);
    }
}

static void test_failure(void)
{
    case_begin("6.3", "failure");
    static const UINT kinds[] = {GMEM_FIXED, GMEM_MOVEABLE, GPTR, GHND};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        SetLastError(SENTINEL);
        EXPECT("6.3", GlobalAlloc(kinds[i], ~(SIZE_T)0) == NULL, "flags 0x%02x, ~0 bytes: NULL",
            kinds[i]);
        EXPECT_ERROR("6.3", ERROR_NOT_ENOUGH_MEMORY, "flags 0x%02x, ~0 bytes: 8", kinds[i]);
        SetLastError(SENTINEL);
        EXPECT("6.3", GlobalAlloc(kinds[i], (SIZE_T)1 << 60) == NULL,
            "flags 0x%02x, 2^60 bytes: NULL", kinds[i]);
        EXPECT_ERROR("6.3", ERROR_NOT_ENOUGH_MEMORY, "flags 0x%02x, 2^60 bytes: 8", kinds[i]);
    }
}

static void test_size_of_wrong(void)
{
    case_begin("6.7", "GlobalSize of what is no object");
    SetLastError(SENTINEL);
    EXPECT_EQUAL("6.7", 0, GlobalSize(stale_handle()), "a freed handle: 0");
    EXPECT_ERROR("6.7", ERROR_INVALID_HANDLE, "a freed handle: 6");
    SetLastError(SENTINEL);
    EXPECT_EQUAL("6.7", 0, GlobalSize(unmapped_fixed()), "an unmapped pointer: 0");
    EXPECT_ERROR("6.7", ERROR_INVALID_HANDLE, "an unmapped pointer: 6");
    HGLOBAL object = GlobalAlloc(GMEM_FIXED, 50);
    GlobalFree(object);
    SetLastError(SENTINEL);
    EXPECT_EQUAL("6.7", 0, GlobalSize(object), "a freed fixed object: 0");
    EXPECT_ERROR("6.7", ERROR_INVALID_HANDLE, "a freed fixed object: 6");
    HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE, 0);
    SetLastError(SENTINEL);
    EXPECT_EQUAL("6.7", 0, GlobalSize(handle), "a discarded object: 0");
    EXPECT_ERROR("6.7", SENTINEL, "a discarded object: the last error is left alone");
    GlobalFree(handle);
}

static void test_plain_block(void)
{
    case_begin("6.2", "a plain block of the process heap is a fixed object");
    void *block = HeapAlloc(GetProcessHeap(), 0, 77);
    EXPECT_EQUAL("6.2", 77, GlobalSize(block), "GlobalSize");
    EXPECT("6.9", GlobalHandle(block) == block, "GlobalHandle");
    EXPECT("6.5", GlobalLock(block) == block, "GlobalLock");
    EXPECT("6.4", GlobalFree(block) == NULL, "GlobalFree");
}

int main(void)
{
    test_constants();
    test_fixed();
    test_movable();
    test_movable_empty();
    test_zeroinit();
    test_legacy_flags();
    test_failure();
    test_size_of_wrong();
    test_plain_block();
    return conformance_finish();
}
