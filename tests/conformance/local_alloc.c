// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// LocalAlloc, LocalSize, LocalFree, LocalHandle: win32-heap.md 6.1, 6.3, 6.4, 6.7, 6.9.

#include "movable.h"

static void test_constants(void)
{
    case_begin("6.1", "constants");
    EXPECT_EQUAL("6.1", 0x0000, LMEM_FIXED, "LMEM_FIXED");
    EXPECT_EQUAL("6.1", 0x0002, LMEM_MOVEABLE, "LMEM_MOVEABLE");
    EXPECT_EQUAL("6.1", 0x0010, LMEM_NOCOMPACT, "LMEM_NOCOMPACT");
    EXPECT_EQUAL("6.1", 0x0020, LMEM_NODISCARD, "LMEM_NODISCARD");
    EXPECT_EQUAL("6.1", 0x0040, LMEM_ZEROINIT, "LMEM_ZEROINIT");
    EXPECT_EQUAL("6.1", 0x0080, LMEM_MODIFY, "LMEM_MODIFY");
    EXPECT_EQUAL("6.1", 0x0F00, LMEM_DISCARDABLE, "LMEM_DISCARDABLE");
    EXPECT_EQUAL("6.1", 0x4000, LMEM_DISCARDED, "LMEM_DISCARDED");
    EXPECT_EQUAL("6.1", 0x8000, LMEM_INVALID_HANDLE, "LMEM_INVALID_HANDLE");
    EXPECT_EQUAL("6.1", 0x00FF, LMEM_LOCKCOUNT, "LMEM_LOCKCOUNT");
    EXPECT_EQUAL("6.1", 0x0F72, LMEM_VALID_FLAGS, "LMEM_VALID_FLAGS");
    EXPECT_EQUAL("6.1", 0x0042, LHND, "LHND");
    EXPECT_EQUAL("6.1", 0x0040, LPTR, "LPTR");
    EXPECT_EQUAL("6.1", 0x0002, NONZEROLHND, "NONZEROLHND");
    EXPECT_EQUAL("6.1", 0x0000, NONZEROLPTR, "NONZEROLPTR");
}

static void test_alloc(void)
{
    case_begin("6.3", "LocalAlloc");
    static const SIZE_T sizes[] = {1, 17, 100, 5000, 70000, 0x180000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const unsigned size = (unsigned)sizes[i];
        SetLastError(SENTINEL);
        HLOCAL object = LocalAlloc(LMEM_FIXED, sizes[i]);
        EXPECT_ERROR("1.6", SENTINEL, "fixed, %u bytes: the last error is left alone", size);
        EXPECT("6.2", object != NULL && (uintptr_t)object % 16 == 0,
            "fixed, %u bytes: a multiple of 16", size);
        EXPECT_EQUAL("6.7", sizes[i], LocalSize(object), "fixed, %u bytes: LocalSize", size);
        EXPECT(
            "6.9", LocalHandle(object) == object, "fixed, %u bytes: LocalHandle is itself", size);
        EXPECT("6.4", LocalFree(object) == NULL, "fixed, %u bytes: LocalFree", size);

        HLOCAL handle = LocalAlloc(LHND, sizes[i]);
        EXPECT("6.2", is_movable_handle(handle), "movable, %u bytes: a handle", size);
        EXPECT_EQUAL("6.7", sizes[i], LocalSize(handle), "movable, %u bytes: LocalSize", size);
        void *data = data_behind(handle);
        EXPECT("6.1", is_filled(data, 0, sizes[i]), "movable, %u bytes: zero", size);
        EXPECT_EQUAL("6.3", sizes[i], HeapSize(GetProcessHeap(), 0, data),
            "movable, %u bytes: HeapSize of the data", size);
        EXPECT("6.9", LocalHandle(data) == handle, "movable, %u bytes: LocalHandle", size);
        EXPECT("6.4", LocalFree(handle) == NULL, "movable, %u bytes: LocalFree", size);
    }
    HLOCAL empty = LocalAlloc(LMEM_FIXED, 0);
    EXPECT("6.3", empty != NULL, "fixed, 0 bytes: not NULL");
    EXPECT_EQUAL("6.3", 0, LocalSize(empty), "fixed, 0 bytes: the size is 0");
    LocalFree(empty);
    HLOCAL handle = LocalAlloc(LMEM_MOVEABLE, 0);
    EXPECT("6.3", is_movable_handle(handle), "movable, 0 bytes: a handle");
    EXPECT_EQUAL("6.8", LMEM_DISCARDED, LocalFlags(handle), "movable, 0 bytes: discarded");
    LocalFree(handle);
    static const UINT legacy[] = {
        LMEM_NOCOMPACT, LMEM_NODISCARD, LMEM_DISCARDABLE, LMEM_VALID_FLAGS & ~(UINT)LMEM_MOVEABLE};
    for (size_t i = 0; i < sizeof(legacy) / sizeof(legacy[0]); i++) {
        HLOCAL object = LocalAlloc(legacy[i], 30);
        EXPECT("6.3", object != NULL && LocalSize(object) == 30, "legacy flags 0x%03x, fixed",
            legacy[i]);
        LocalFree(object);
        object = LocalAlloc(legacy[i] | LMEM_MOVEABLE, 30);
        EXPECT("6.3", is_movable_handle(object) && LocalSize(object) == 30,
            "legacy flags 0x%03x, movable", legacy[i]);
        LocalFree(object);
    }
    SetLastError(SENTINEL);
    EXPECT("6.3", LocalAlloc(LMEM_FIXED, ~(SIZE_T)0) == NULL, "fixed, ~0 bytes: NULL");
    EXPECT_ERROR("6.3", ERROR_NOT_ENOUGH_MEMORY, "fixed, ~0 bytes: 8");
    SetLastError(SENTINEL);
    EXPECT("6.3", LocalAlloc(LMEM_MOVEABLE, ~(SIZE_T)0) == NULL, "movable, ~0 bytes: NULL");
    EXPECT_ERROR("6.3", ERROR_NOT_ENOUGH_MEMORY, "movable, ~0 bytes: 8");
}

static void test_free(void)
{
    case_begin("6.4", "LocalFree");
    EXPECT("6.4", LocalFree(NULL) == NULL, "NULL: NULL");
    HLOCAL handle = LocalAlloc(LMEM_MOVEABLE, 50);
    LocalLock(handle);
    EXPECT("6.4", LocalFree(handle) == NULL, "a locked object: NULL");
    SetLastError(SENTINEL);
    EXPECT("6.4", LocalFree(handle) == handle, "a freed handle: the argument");
    EXPECT_ERROR("6.4", ERROR_INVALID_HANDLE, "a freed handle: 6");
    HLOCAL unmapped = unmapped_fixed();
    SetLastError(SENTINEL);
    EXPECT("6.4", LocalFree(unmapped) == unmapped, "an unmapped pointer: the argument");
    EXPECT_ERROR("6.4", ERROR_NOACCESS, "an unmapped pointer: 998");
}

static void test_size_and_handle(void)
{
    case_begin("6.7", "LocalSize and LocalHandle of what is no object");
    SetLastError(SENTINEL);
    EXPECT_EQUAL("6.7", 0, LocalSize(stale_handle()), "LocalSize of a freed handle: 0");
    EXPECT_ERROR("6.7", ERROR_INVALID_HANDLE, "LocalSize of a freed handle: 6");
    SetLastError(SENTINEL);
    EXPECT("6.9", LocalHandle(NULL) == NULL, "LocalHandle(NULL): NULL");
    EXPECT_ERROR("6.9", ERROR_INVALID_PARAMETER, "LocalHandle(NULL): 87");
    SetLastError(SENTINEL);
    EXPECT(
        "6.9", LocalHandle(unmapped_fixed()) == NULL, "LocalHandle of an unmapped pointer: NULL");
    EXPECT_ERROR("6.9", ERROR_NOACCESS, "LocalHandle of an unmapped pointer: 998");
    void *block = HeapAlloc(GetProcessHeap(), 0, 10);
    EXPECT("6.9", LocalHandle(block) == block, "LocalHandle of a plain block: itself");
    EXPECT("6.4", LocalFree(block) == NULL, "LocalFree of a plain block");
}

int main(void)
{
    test_constants();
    test_alloc();
    test_free();
    test_size_and_handle();
    return conformance_finish();
}
