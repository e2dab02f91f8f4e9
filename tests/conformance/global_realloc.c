// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// GlobalReAlloc, row by row of the table in win32-heap.md 6.10.

#include "movable.h"

#define KIB ((SIZE_T)1024)

static void test_general(void)
{
    case_begin("6.10", "general rules");
    EXPECT("6.10", GlobalReAlloc(NULL, 10, GMEM_MOVEABLE) == NULL, "a NULL handle fails");
    EXPECT("6.10", GlobalReAlloc(NULL, 10, 0) == NULL, "a NULL handle without flags fails");
    static const UINT flags[] = {0, GMEM_MOVEABLE, GMEM_MODIFY, GMEM_MODIFY | GMEM_MOVEABLE};
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        HGLOBAL stale = stale_handle();
        SetLastError(SENTINEL);
        EXPECT("6.10", GlobalReAlloc(stale, 10, flags[i]) == NULL,
            "a freed handle, flags 0x%02x: NULL", flags[i]);
        EXPECT_ERROR("6.10", ERROR_INVALID_HANDLE, "a freed handle, flags 0x%02x: 6", flags[i]);
    }
    SetLastError(SENTINEL);
    EXPECT("6.10", GlobalReAlloc(unmapped_fixed(), 10, GMEM_MOVEABLE) == NULL,
        "an unmapped pointer: NULL");
    EXPECT_ERROR("6.10", ERROR_NOACCESS, "an unmapped pointer: 998");
}

static void test_fixed_in_place(void)
{
    case_begin("6.10", "fixed, no flags: in place only");
    static const SIZE_T sizes[] = {128 * KIB + 512, 128 * KIB - 10, 10, 0};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        HGLOBAL object = GlobalAlloc(GMEM_FIXED, 128 * KIB);
        pattern_write(object, 128 * KIB, 1);
        const SIZE_T kept = sizes[i] < 128 * KIB ? sizes[i] : 128 * KIB;
        const unsigned size = (unsigned)sizes[i];
        HGLOBAL result = GlobalReAlloc(object, sizes[i], 0);
        EXPECT("6.10", result == object, "128 KiB to %u bytes: the same pointer", size);
        EXPECT_EQUAL("6.10", sizes[i], GlobalSize(object), "128 KiB to %u bytes: the size", size);
        EXPECT("6.10", pattern_matches(object, kept, 1), "128 KiB to %u bytes: contents", size);
        GlobalFree(object);
    }
    HGLOBAL object = GlobalAlloc(GMEM_FIXED, 128 * KIB);
    HGLOBAL fence = GlobalAlloc(GMEM_FIXED, 128 * KIB);
    SetLastError(SENTINEL);
    EXPECT("6.10", GlobalReAlloc(object, 64 * 1024 * KIB, 0) == NULL, "128 KiB to 64 MiB: NULL");
    EXPECT_ERROR("6.10", ERROR_NOT_ENOUGH_MEMORY, "128 KiB to 64 MiB: 8");
    EXPECT_EQUAL("6.10", 128 * KIB, GlobalSize(object), "and the object is kept");
    GlobalFree(object);
    GlobalFree(fence);
}

static void test_fixed_small(void)
{
    case_begin("6.10", "fixed, no flags: a small object of the front end");
    enum {
        OBJECTS = 200
    };
    static HGLOBAL objects[OBJECTS];
    for (int i = 0; i < OBJECTS; i++) {
        objects[i] = GlobalAlloc(GMEM_FIXED, 40);
    }
    for (int i = 0; i < OBJECTS; i++) {
        GlobalFree(objects[i]);
    }
    HGLOBAL object = GlobalAlloc(GMEM_FIXED, 40);
    pattern_write(object, 40, 2);
    static const SIZE_T sizes[] = {100, 41, 40, 39, 10, 0};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        SetLastError(SENTINEL);
        EXPECT("6.10", GlobalReAlloc(object, sizes[i], 0) == NULL, "40 to %u bytes: NULL",
            (unsigned)sizes[i]);
        EXPECT_ERROR("6.10", ERROR_NOT_ENOUGH_MEMORY, "40 to %u bytes: 8", (unsigned)sizes[i]);
    }
    EXPECT(
        "6.10", GlobalSize(object) == 40 && pattern_matches(object, 40, 2), "the object is kept");
    EXPECT("6.4", GlobalFree(object) == NULL, "and freed as ever");
}

static void test_fixed_movable(void)
{
    case_begin("6.10", "fixed, MOVEABLE: resized, may move, stays fixed");
    static const SIZE_T sizes[] = {20, 1000, 100 * KIB, 2048 * KIB, 5, 0, 70};
    HGLOBAL object = GlobalAlloc(GMEM_FIXED, 100);
    SIZE_T old_size = 100;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const unsigned size = (unsigned)sizes[i];
        pattern_write(object, old_size, 3);
        SetLastError(SENTINEL);
        object = GlobalReAlloc(object, sizes[i], GMEM_MOVEABLE);
        EXPECT("6.10", object != NULL, "to %u bytes: not NULL", size);
        EXPECT_ERROR("1.6", SENTINEL, "to %u bytes: the last error is left alone", size);
        EXPECT("6.10",
            object != NULL && (uintptr_t)object % 16 == 0 && GlobalLock(object) == object,
            "to %u bytes: a fixed pointer", size);
        EXPECT_EQUAL("6.10", sizes[i], GlobalSize(object), "to %u bytes: the size", size);
        EXPECT("6.10", pattern_matches(object, old_size < sizes[i] ? old_size : sizes[i], 3),
            "to %u bytes: contents", size);
        old_size = sizes[i];
    }
    unsigned char *bytes = GlobalReAlloc(object, 10, GMEM_MOVEABLE);
    memset(bytes, 0x77, 10);
    bytes = GlobalReAlloc(bytes, 5000, GMEM_MOVEABLE | GMEM_ZEROINIT);
    EXPECT("6.10", is_filled(bytes, 0x77, 10) && is_filled(bytes + 10, 0, 4990),
        "ZEROINIT zeroes the grown part");
    SetLastError(SENTINEL);
    EXPECT("6.10", GlobalReAlloc(bytes, ~(SIZE_T)0, GMEM_MOVEABLE) == NULL, "to ~0 bytes: NULL");
    EXPECT_ERROR("6.10", ERROR_NOT_ENOUGH_MEMORY, "to ~0 bytes: 8");
    EXPECT_EQUAL("6.10", 5000, GlobalSize(bytes), "failure keeps the object");
    GlobalFree(bytes);
}

static void test_fixed_modify(void)
{
    case_begin("6.10", "fixed, MODIFY: nothing changes");
    HGLOBAL object = GlobalAlloc(GMEM_FIXED, 100);
    pattern_write(object, 100, 4);
    EXPECT("6.10", GlobalReAlloc(object, 12345, GMEM_MODIFY) == object, "the same pointer");
    EXPECT_EQUAL("6.10", 100, GlobalSize(object), "the size is unchanged");
    EXPECT("6.10", pattern_matches(object, 100, 4), "contents");
    SetLastError(SENTINEL);
    EXPECT("6.10", GlobalReAlloc(object, 10, GMEM_MOVEABLE | GMEM_DISCARDABLE) == NULL,
        "MOVEABLE and DISCARDABLE: NULL");
    EXPECT_ERROR("6.10", ERROR_INVALID_PARAMETER, "MOVEABLE and DISCARDABLE: 87");
    EXPECT_EQUAL("6.10", 100, GlobalSize(object), "the object is kept");
    GlobalFree(object);
}

static void test_fixed_convert(void)
{
    case_begin("6.10", "fixed, MODIFY and MOVEABLE: becomes a handle");
    static const SIZE_T sizes[] = {1, 100, 5000, 100 * KIB, 2048 * KIB};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const unsigned size = (unsigned)sizes[i];
        HGLOBAL object = GlobalAlloc(GMEM_FIXED, sizes[i]);
        pattern_write(object, sizes[i], 5);
        HGLOBAL handle = GlobalReAlloc(object, 3, GMEM_MODIFY | GMEM_MOVEABLE);
        EXPECT("6.10", is_movable_handle(handle), "%u bytes: a movable handle", size);
        if (is_movable_handle(handle)) {
            EXPECT_EQUAL(
                "6.10", sizes[i], GlobalSize(handle), "%u bytes: the size is unchanged", size);
            void *data = GlobalLock(handle);
            EXPECT("6.10", pattern_matches(data, sizes[i], 5), "%u bytes: contents", size);
            EXPECT("6.10", data != object, "%u bytes: the data has a new address", size);
            EXPECT("6.9", GlobalHandle(data) == handle, "%u bytes: GlobalHandle of the data", size);
            EXPECT_EQUAL(
                "6.8", 1, GlobalFlags(handle), "%u bytes: locked once, no other flag", size);
            GlobalUnlock(handle);
            EXPECT("6.10", !HeapValidate(GetProcessHeap(), 0, object),
                "%u bytes: the old pointer is dead", size);
        }
        EXPECT("6.4", GlobalFree(handle) == NULL, "%u bytes: freed", size);
    }
    HGLOBAL object = GlobalAlloc(GMEM_FIXED, 100);
    HGLOBAL handle = GlobalReAlloc(object, 3, GMEM_MODIFY | GMEM_MOVEABLE | GMEM_DISCARDABLE);
    EXPECT("6.10", is_movable_handle(handle), "with DISCARDABLE: a movable handle");
    EXPECT_EQUAL("6.10", GMEM_DISCARDABLE, GlobalFlags(handle),
        "with DISCARDABLE: the discardable flag is set");
    EXPECT_EQUAL("6.10", 100, GlobalSize(handle), "with DISCARDABLE: the size is unchanged");
    GlobalFree(handle);
}

static void test_movable_resize(UINT flags, const char *name)
{
    HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE | GMEM_DISCARDABLE, 100);
    static const SIZE_T sizes[] = {200, 1, 70000, 2048 * KIB, 2047 * KIB, 40};
    SIZE_T old_size = 100;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const unsigned size = (unsigned)sizes[i];
        pattern_write(data_behind(handle), old_size, 6);
        SetLastError(SENTINEL);
        EXPECT("6.10", GlobalReAlloc(handle, sizes[i], flags) == handle,
            "%s, to %u bytes: the same handle", name, size);
        EXPECT_ERROR("1.6", SENTINEL, "%s, to %u bytes: the last error is left alone", name, size);
        EXPECT_EQUAL("6.10", sizes[i], GlobalSize(handle), "%s, to %u bytes: the size", name, size);
        EXPECT("6.10",
            pattern_matches(data_behind(handle), old_size < sizes[i] ? old_size : sizes[i], 6),
            "%s, to %u bytes: contents", name, size);
        EXPECT_EQUAL("6.8", GMEM_DISCARDABLE, GlobalFlags(handle),
            "%s, to %u bytes: flags are kept", name, size);
        EXPECT("6.9", GlobalHandle(data_behind(handle)) == handle, "%s, to %u bytes: GlobalHandle",
            name, size);
        old_size = sizes[i];
    }
    memset(data_behind(handle), 0x66, 40);
    GlobalReAlloc(handle, 9000, flags | GMEM_ZEROINIT);
    const unsigned char *bytes = data_behind(handle);
    EXPECT("6.10", is_filled(bytes, 0x66, 40) && is_filled(bytes + 40, 0, 8960),
        "%s: ZEROINIT zeroes the grown part", name);
    SetLastError(SENTINEL);
    EXPECT("6.10", GlobalReAlloc(handle, ~(SIZE_T)0, flags) == NULL, "%s, to ~0 bytes: NULL", name);
    EXPECT_ERROR("6.10", ERROR_NOT_ENOUGH_MEMORY, "%s, to ~0 bytes: 8", name);
    EXPECT_EQUAL("6.10", 9000, GlobalSize(handle), "%s: failure keeps the object", name);
    GlobalFree(handle);
}

static void test_discard(void)
{
    case_begin("6.10", "movable, MOVEABLE and size 0: discarded");
    static const UINT kinds[] = {GMEM_MOVEABLE, GMEM_MOVEABLE | GMEM_DISCARDABLE};
    for (size_t i = 0; i < 2; i++) {
        const char *name = i == 0 ? "not discardable" : "discardable";
        HGLOBAL handle = GlobalAlloc(kinds[i], 100);
        void *data = data_behind(handle);
        EXPECT(
            "6.10", GlobalReAlloc(handle, 0, GMEM_MOVEABLE) == handle, "%s: the same handle", name);
        EXPECT_EQUAL("6.10", 0, GlobalSize(handle), "%s: size 0", name);
        EXPECT_EQUAL("6.10", GMEM_DISCARDED | (kinds[i] & GMEM_DISCARDABLE), GlobalFlags(handle),
            "%s: flags get 0x4000", name);
        EXPECT("6.2", data_behind(handle) == NULL, "%s: the data pointer is NULL", name);
        EXPECT_EQUAL(
            "6.10", FALSE, HeapValidate(GetProcessHeap(), 0, data), "%s: the data is freed", name);

        EXPECT("6.10", GlobalReAlloc(handle, 300, GMEM_MOVEABLE) == handle,
            "%s, MOVEABLE again: the same handle", name);
        EXPECT_EQUAL("6.10", 300, GlobalSize(handle), "%s, MOVEABLE again: new data", name);
        EXPECT_EQUAL("6.10", kinds[i] & GMEM_DISCARDABLE, GlobalFlags(handle),
            "%s, MOVEABLE again: not discarded", name);
        void *locked = GlobalLock(handle);
        EXPECT("6.5", locked != NULL && GlobalHandle(locked) == handle,
            "%s, MOVEABLE again: it can be locked", name);
        GlobalUnlock(handle);
        GlobalFree(handle);
    }
    HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE, 100);
    EXPECT("6.10", GlobalReAlloc(handle, 0, 0) == NULL, "no flags and size 0: NULL");
    EXPECT_EQUAL("6.10", 100, GlobalSize(handle), "no flags and size 0: the object is kept");
    EXPECT("6.10", GlobalDiscard(handle) == handle && GlobalFlags(handle) == GMEM_DISCARDED,
        "GlobalDiscard does it too");
    EXPECT(
        "6.10", GlobalDiscard(handle) == handle, "GlobalDiscard of a discarded object: the handle");
    unsigned char *bytes = NULL;
    handle = GlobalReAlloc(handle, 5000, GMEM_MOVEABLE | GMEM_ZEROINIT);
    bytes = data_behind(handle);
    EXPECT("6.10", bytes != NULL && is_filled(bytes, 0, 5000), "revived with ZEROINIT: zero");
    GlobalFree(handle);
    handle = GlobalAlloc(GMEM_MOVEABLE, 0);
    OBSERVE("6.10 discarded object, no flags, n > 0: the handle", "%d",
        GlobalReAlloc(handle, 10, 0) == handle);
    GlobalFree(handle);
}

static void test_discardable_without_modify(void)
{
    case_begin("6.10", "movable, DISCARDABLE without MODIFY: NULL");
    HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE, 100);
    static const UINT flags[] = {GMEM_DISCARDABLE, GMEM_DISCARDABLE | GMEM_MOVEABLE};
    for (size_t i = 0; i < 2; i++) {
        for (SIZE_T size = 0; size <= 10; size += 10) {
            EXPECT("6.10", GlobalReAlloc(handle, size, flags[i]) == NULL,
                "flags 0x%03x, %u bytes: NULL", flags[i], (unsigned)size);
            EXPECT("6.10", GlobalSize(handle) == 100 && GlobalFlags(handle) == 0,
                "flags 0x%03x, %u bytes: nothing changes", flags[i], (unsigned)size);
        }
    }
    GlobalFree(handle);
}

static void test_movable_modify(void)
{
    case_begin("6.10", "movable, MODIFY: flags only");
    HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE, 100);
    void *data = GlobalLock(handle);
    pattern_write(data, 100, 7);
    EXPECT("6.10", GlobalReAlloc(handle, 0, GMEM_MODIFY) == handle,
        "MODIFY with size 0: the same handle");
    EXPECT("6.10", GlobalReAlloc(handle, 55555, GMEM_MODIFY | GMEM_MOVEABLE) == handle,
        "MODIFY and MOVEABLE with another size: the same handle");
    EXPECT("6.10",
        data_behind(handle) == data && GlobalSize(handle) == 100 && pattern_matches(data, 100, 7),
        "data and size are unchanged");
    EXPECT_EQUAL("6.10", 1, GlobalFlags(handle), "the lock count is unchanged");
    EXPECT("6.10", GlobalReAlloc(handle, 0, GMEM_MODIFY | GMEM_DISCARDABLE) == handle,
        "with DISCARDABLE: the same handle");
    EXPECT_EQUAL(
        "6.10", GMEM_DISCARDABLE | 1, GlobalFlags(handle), "with DISCARDABLE: the flag is added");
    GlobalReAlloc(handle, 0, GMEM_MODIFY);
    OBSERVE("6.10 MODIFY without DISCARDABLE afterwards: flags", "0x%x", GlobalFlags(handle));
    GlobalUnlock(handle);
    GlobalFree(handle);
}

static void test_movable_locked(void)
{
    case_begin("6.10", "movable, locked");
    HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE, 128 * KIB);
    void *data = GlobalLock(handle);
    pattern_write(data, 128 * KIB, 8);
    EXPECT("6.10", GlobalReAlloc(handle, 64 * KIB, 0) == handle && data_behind(handle) == data,
        "no flags, smaller: in place");
    HGLOBAL fence = GlobalAlloc(GMEM_FIXED, 64 * KIB);
    SetLastError(SENTINEL);
    EXPECT("6.10", GlobalReAlloc(handle, 64 * 1024 * KIB, 0) == NULL, "no flags, far larger: NULL");
    EXPECT_ERROR("6.10", ERROR_NOT_ENOUGH_MEMORY, "no flags, far larger: 8");
    EXPECT("6.10", data_behind(handle) == data && GlobalSize(handle) == 64 * KIB,
        "and nothing has changed");
    EXPECT("6.10", GlobalReAlloc(handle, 4096 * KIB, GMEM_MOVEABLE) == handle,
        "MOVEABLE: the same handle, though locked");
    EXPECT("6.10", pattern_matches(data_behind(handle), 64 * KIB, 8), "MOVEABLE: contents");
    EXPECT_EQUAL("6.10", 4096 * KIB, GlobalSize(handle), "MOVEABLE: the size");
    EXPECT_EQUAL("6.10", 1, GlobalFlags(handle), "MOVEABLE: the lock count is kept");
    static const UINT flags[] = {
        0, GMEM_MOVEABLE, GMEM_MOVEABLE | GMEM_DISCARDABLE, GMEM_DISCARDABLE};
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        EXPECT("6.10", GlobalReAlloc(handle, 0, flags[i]) == NULL,
            "flags 0x%03x, 0 bytes: a locked object is not discarded", flags[i]);
    }
    EXPECT("6.10", GlobalSize(handle) == 4096 * KIB && GlobalFlags(handle) == 1,
        "and nothing has changed");
    GlobalUnlock(handle);
    EXPECT("6.10", GlobalReAlloc(handle, 0, GMEM_MOVEABLE) == handle, "unlocked, it is discarded");
    GlobalFree(handle);
    GlobalFree(fence);
}

int main(void)
{
    test_general();
    test_fixed_in_place();
    test_fixed_small();
    test_fixed_movable();
    test_fixed_modify();
    test_fixed_convert();
    case_begin("6.10", "movable, unlocked: resized behind the same handle");
    test_movable_resize(0, "no flags");
    test_movable_resize(GMEM_MOVEABLE, "MOVEABLE");
    test_discard();
    test_discardable_without_modify();
    test_movable_modify();
    test_movable_locked();
    EXPECT("3.9", HeapValidate(GetProcessHeap(), 0, NULL) != FALSE,
        "the process heap is valid at the end");
    return conformance_finish();
}
