// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// GlobalFree: win32-heap.md 6.4.

#include "movable.h"

static void test_success(void)
{
    case_begin("6.4", "NULL means success");
    SetLastError(SENTINEL);
    EXPECT("6.4", GlobalFree(NULL) == NULL, "NULL: NULL");
    EXPECT_ERROR("1.6", SENTINEL, "NULL: the last error is left alone");
    HGLOBAL object = GlobalAlloc(GMEM_FIXED, 100);
    SetLastError(SENTINEL);
    EXPECT("6.4", GlobalFree(object) == NULL, "a fixed object: NULL");
    EXPECT_ERROR("1.6", SENTINEL, "a fixed object: the last error is left alone");
    EXPECT_EQUAL(
        "6.4", FALSE, HeapValidate(GetProcessHeap(), 0, object), "a fixed object: it is gone");
    HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE, 100);
    SetLastError(SENTINEL);
    EXPECT("6.4", GlobalFree(handle) == NULL, "a movable object: NULL");
    EXPECT_ERROR("1.6", SENTINEL, "a movable object: the last error is left alone");
    handle = GlobalAlloc(GMEM_MOVEABLE, 0);
    EXPECT("6.4", GlobalFree(handle) == NULL, "a discarded object: NULL");
    handle = GlobalAlloc(GMEM_MOVEABLE, 100);
    GlobalLock(handle);
    GlobalLock(handle);
    EXPECT("6.4", GlobalFree(handle) == NULL, "a locked object: NULL");
    handle = GlobalAlloc(GMEM_MOVEABLE, 100);
    EXPECT("6.4", LocalFree(handle) == NULL, "LocalFree of a Global handle: NULL");
    object = LocalAlloc(LMEM_FIXED, 100);
    EXPECT("6.4", GlobalFree(object) == NULL, "GlobalFree of a fixed Local object: NULL");
}

static void test_failure(void)
{
    case_begin("6.4", "the argument means failure");
    HGLOBAL stale = stale_handle();
    SetLastError(SENTINEL);
    EXPECT("6.4", GlobalFree(stale) == stale, "a freed handle: the argument");
    EXPECT_ERROR("6.4", ERROR_INVALID_HANDLE, "a freed handle: 6");
    HGLOBAL unmapped = unmapped_fixed();
    SetLastError(SENTINEL);
    EXPECT("6.4", GlobalFree(unmapped) == unmapped, "an unmapped pointer: the argument");
    EXPECT_ERROR("6.4", ERROR_NOACCESS, "an unmapped pointer: 998");
    HGLOBAL invalid = (HGLOBAL)(uintptr_t)0xdeadbee8u;
    SetLastError(SENTINEL);
    EXPECT("6.4", GlobalFree(invalid) == invalid, "0xdeadbee8, a handle's form: the argument");
    EXPECT_ERROR("6.4", ERROR_INVALID_HANDLE, "0xdeadbee8, a handle's form: 6");
    if (!may_ask_wild()) {
        SKIP("6.4", "second free of a fixed pointer: crashes on 64-bit Windows");
        return;
    }
    HGLOBAL object = GlobalAlloc(GMEM_FIXED, 100);
    GlobalFree(object);
    SetLastError(SENTINEL);
    EXPECT("6.4", GlobalFree(object) == object, "a second free of a fixed pointer: the argument");
    EXPECT_ERROR("6.4", ERROR_INVALID_HANDLE, "a second free of a fixed pointer: 6");
    int local = 0;
    void *const wrong[] = {&local, address_plus(&local, 8), (void *)(uintptr_t)1,
        (void *)(uintptr_t)8, INVALID_HANDLE_VALUE};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        SetLastError(SENTINEL);
        EXPECT("6.4", GlobalFree(wrong[i]) == wrong[i], "wild value %u: the argument", (unsigned)i);
        EXPECT("6.4", GetLastError() != SENTINEL, "wild value %u: a last error", (unsigned)i);
    }
    EXPECT("3.9", HeapValidate(GetProcessHeap(), 0, NULL) != FALSE, "the process heap is valid");
}

int main(void)
{
    test_success();
    test_failure();
    return conformance_finish();
}
