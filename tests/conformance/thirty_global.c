// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The thirty behaviours of win32-heap.md 14, numbers 25 to 29: Global and Local memory.

#include "movable.h"
#include "rtl.h"

static void test_25_unlock(void)
{
    case_begin("14.25 (6.6)", "GlobalUnlock of the last lock is FALSE with 0");
    HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE, 10);
    GlobalLock(handle);
    SetLastError(SENTINEL);
    EXPECT_EQUAL("14.25", FALSE, GlobalUnlock(handle), "the last lock: FALSE");
    EXPECT_ERROR("14.25", NO_ERROR, "the last lock: last error 0");
    HGLOBAL object = GlobalAlloc(GMEM_FIXED, 10);
    EXPECT("14.25", GlobalUnlock(object) == TRUE, "fixed memory: TRUE");
    GlobalFree(handle);
    GlobalFree(object);
}

static void test_26_null_is_success(void)
{
    case_begin("14.26 (6.4, 9)", "NULL is success");
    EXPECT("14.26", GlobalFree(GlobalAlloc(GMEM_MOVEABLE, 10)) == NULL, "GlobalFree: NULL");
    EXPECT("14.26", LocalFree(LocalAlloc(LMEM_FIXED, 10)) == NULL, "LocalFree: NULL");
    EXPECT("14.26", RtlDestroyHeap(HeapCreate(0, 0, 0)) == NULL, "RtlDestroyHeap: NULL");
    HGLOBAL stale = stale_handle();
    EXPECT("14.26", GlobalFree(stale) == stale, "GlobalFree of a stale handle: the handle");
    EXPECT("14.26", LocalFree(stale) == stale, "LocalFree of a stale handle: the handle");
    EXPECT("14.26", RtlDestroyHeap(GetProcessHeap()) == GetProcessHeap(),
        "RtlDestroyHeap of the process heap: the handle");
}

static void test_27_handles(void)
{
    case_begin("14.27 (6.2)", "movable handles");
    HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE, 10);
    EXPECT("14.27", is_movable_handle(handle), "they are tagged");
    EXPECT(
        "14.27", data_behind(handle) == GlobalLock(handle), "*(void**)handle is the data address");
    EXPECT("14.27", handle != data_behind(handle) && (uintptr_t)data_behind(handle) % 16 == 0,
        "they differ from every pointer");
    GlobalUnlock(handle);
    GlobalFree(handle);
    EXPECT_EQUAL("14.27", GMEM_INVALID_HANDLE, GlobalFlags(handle), "stale ones are recognised");
}

static void test_28_realloc(void)
{
    case_begin("14.28 (6.10)", "GlobalReAlloc");
    HGLOBAL object = GlobalAlloc(GMEM_FIXED, 100000);
    EXPECT("14.28", GlobalReAlloc(object, 5, GMEM_MODIFY) == object && GlobalSize(object) == 100000,
        "MODIFY ignores the size");
    HGLOBAL fence = GlobalAlloc(GMEM_FIXED, 100000);
    EXPECT(
        "14.28", GlobalReAlloc(object, 0x4000000, 0) == NULL, "fixed without MOVEABLE never moves");
    HGLOBAL handle = GlobalReAlloc(object, 0, GMEM_MODIFY | GMEM_MOVEABLE);
    EXPECT("14.28", is_movable_handle(handle) && GlobalSize(handle) == 100000,
        "fixed, MODIFY and MOVEABLE: a handle");
    GlobalLock(handle);
    EXPECT("14.28", GlobalReAlloc(handle, 0, GMEM_MOVEABLE) == NULL,
        "locked objects cannot be discarded");
    GlobalUnlock(handle);
    EXPECT("14.28",
        GlobalReAlloc(handle, 0, GMEM_MOVEABLE) == handle && (GlobalFlags(handle) & GMEM_DISCARDED),
        "movable, size 0: discarded, the handle is kept");
    object = LocalAlloc(LMEM_FIXED, 100);
    EXPECT("14.28", LocalReAlloc(object, 0, LMEM_MODIFY | LMEM_MOVEABLE) == object,
        "Local: a fixed object stays fixed");
    GlobalFree(handle);
    GlobalFree(fence);
    LocalFree(object);
}

static void test_29_zero_bytes(void)
{
    case_begin("14.29 (6.3, 6.5)", "zero bytes");
    HGLOBAL object = GlobalAlloc(GMEM_FIXED, 0);
    EXPECT("14.29", object != NULL && GlobalSize(object) == 1, "GlobalAlloc, fixed: size 1");
    GlobalFree(object);
    object = LocalAlloc(LMEM_FIXED, 0);
    EXPECT("14.29", object != NULL && LocalSize(object) == 0, "LocalAlloc, fixed: size 0");
    LocalFree(object);
    HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE, 0);
    EXPECT_EQUAL("14.29", GMEM_DISCARDED, GlobalFlags(handle), "movable: discarded");
    SetLastError(SENTINEL);
    EXPECT("14.29", GlobalLock(handle) == NULL, "movable: GlobalLock gives NULL");
    EXPECT_ERROR("14.29", ERROR_DISCARDED, "movable: with 157");
    GlobalFree(handle);
}

int main(void)
{
    test_25_unlock();
    test_26_null_is_success();
    test_27_handles();
    test_28_realloc();
    test_29_zero_bytes();
    return conformance_finish();
}
