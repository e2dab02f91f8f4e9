// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// LocalReAlloc, row by row of the table in win32-heap.md 6.10.

#include "movable.h"

#define KIB ((SIZE_T)1024)

static void test_general(void)
{
    case_begin("6.10", "general rules");
    EXPECT("6.10", LocalReAlloc(NULL, 10, LMEM_MOVEABLE) == NULL, "a NULL handle fails");
    SetLastError(SENTINEL);
    EXPECT("6.10", LocalReAlloc(stale_handle(), 10, LMEM_MOVEABLE) == NULL, "a freed handle: NULL");
    EXPECT_ERROR("6.10", ERROR_INVALID_HANDLE, "a freed handle: 6");
    SetLastError(SENTINEL);
    EXPECT("6.10", LocalReAlloc(unmapped_fixed(), 10, LMEM_MOVEABLE) == NULL,
        "an unmapped pointer: NULL");
    EXPECT_ERROR("6.10", ERROR_NOACCESS, "an unmapped pointer: 998");
}

static void test_fixed(void)
{
    case_begin("6.10", "fixed objects");
    HLOCAL object = LocalAlloc(LMEM_FIXED, 128 * KIB);
    pattern_write(object, 128 * KIB, 1);
    EXPECT("6.10", LocalReAlloc(object, 128 * KIB + 512, 0) == object,
        "no flags, 512 bytes more: the same pointer");
    EXPECT("6.10", LocalReAlloc(object, 10, 0) == object, "no flags, 10 bytes: the same pointer");
    EXPECT("6.10", LocalReAlloc(object, 0, 0) == object, "no flags, 0 bytes: the same pointer");
    EXPECT_EQUAL("6.10", 0, LocalSize(object), "no flags, 0 bytes: the size");
    object = LocalReAlloc(object, 300 * KIB, LMEM_MOVEABLE);
    EXPECT("6.10", object != NULL && (uintptr_t)object % 16 == 0 && LocalSize(object) == 300 * KIB,
        "MOVEABLE: resized, may move, stays fixed");
    pattern_write(object, 300 * KIB, 2);
    EXPECT("6.10",
        LocalReAlloc(object, 17, LMEM_MODIFY) == object && LocalSize(object) == 300 * KIB,
        "MODIFY: same pointer, size unchanged");
    EXPECT("6.10", LocalReAlloc(object, 17, LMEM_MODIFY | LMEM_MOVEABLE) == object,
        "MODIFY and MOVEABLE: the same pointer");
    EXPECT("6.10", LocalLock(object) == object && LocalSize(object) == 300 * KIB,
        "MODIFY and MOVEABLE: it stays fixed");
    EXPECT("6.10", pattern_matches(object, 300 * KIB, 2), "contents");
    SetLastError(SENTINEL);
    EXPECT("6.10", LocalReAlloc(object, 17, LMEM_MOVEABLE | LMEM_DISCARDABLE) == NULL,
        "MOVEABLE and DISCARDABLE: NULL");
    EXPECT_ERROR("6.10", ERROR_INVALID_PARAMETER, "MOVEABLE and DISCARDABLE: 87");
    HLOCAL discarded = LocalDiscard(object);
    EXPECT("6.10", discarded != NULL && LocalSize(discarded) == 0,
        "LocalDiscard is a realloc to 0 and not NULL");
    LocalFree(discarded);
}

static void test_movable(void)
{
    case_begin("6.10", "movable objects");
    HLOCAL handle = LocalAlloc(LMEM_MOVEABLE, 100);
    pattern_write(data_behind(handle), 100, 3);
    EXPECT("6.10", LocalReAlloc(handle, 5000, 0) == handle && LocalSize(handle) == 5000,
        "no flags: resized");
    EXPECT("6.10", LocalReAlloc(handle, 70000, LMEM_MOVEABLE | LMEM_ZEROINIT) == handle,
        "MOVEABLE and ZEROINIT: resized");
    const unsigned char *bytes = data_behind(handle);
    EXPECT("6.10", pattern_matches(bytes, 100, 3) && is_filled(bytes + 5000, 0, 65000),
        "contents, and zero behind them");
    EXPECT("6.10", LocalReAlloc(handle, 0, 0) == NULL && LocalSize(handle) == 70000,
        "no flags, 0 bytes: NULL");
    EXPECT("6.10", LocalReAlloc(handle, 9, LMEM_DISCARDABLE) == NULL && LocalSize(handle) == 70000,
        "DISCARDABLE without MODIFY: NULL");
    EXPECT("6.10",
        LocalReAlloc(handle, 9, LMEM_MODIFY | LMEM_DISCARDABLE) == handle &&
            LocalSize(handle) == 70000,
        "MODIFY and DISCARDABLE: the handle, size unchanged");
    EXPECT("6.10", (LocalFlags(handle) & LMEM_DISCARDABLE) != 0,
        "MODIFY and DISCARDABLE: the flag is added");
    LocalLock(handle);
    EXPECT("6.10", LocalReAlloc(handle, 0, LMEM_MOVEABLE) == NULL, "locked: not discarded");
    EXPECT("6.10",
        LocalReAlloc(handle, 2048 * KIB, LMEM_MOVEABLE) == handle &&
            LocalSize(handle) == 2048 * KIB,
        "locked, MOVEABLE: resized");
    EXPECT("6.10", pattern_matches(data_behind(handle), 100, 3), "locked, MOVEABLE: contents");
    EXPECT_EQUAL(
        "6.10", 1, LocalFlags(handle) & LMEM_LOCKCOUNT, "locked, MOVEABLE: the count is kept");
    LocalUnlock(handle);
    EXPECT("6.10", LocalDiscard(handle) == handle, "LocalDiscard: the handle");
    EXPECT("6.10", LocalSize(handle) == 0 && (LocalFlags(handle) & LMEM_DISCARDED),
        "LocalDiscard: discarded");
    EXPECT("6.10", LocalReAlloc(handle, 60, LMEM_MOVEABLE) == handle && LocalSize(handle) == 60,
        "MOVEABLE: revived");
    EXPECT_EQUAL(
        "6.10", 0, LocalFlags(handle) & LMEM_DISCARDED, "MOVEABLE: not discarded any more");
    LocalFree(handle);
}

int main(void)
{
    test_general();
    test_fixed();
    test_movable();
    return conformance_finish();
}
