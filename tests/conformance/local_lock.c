// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// LocalLock, LocalUnlock, LocalFlags and the obsolete ones: win32-heap.md 6.5, 6.6, 6.8, 6.11.

#include "movable.h"

static void test_movable(void)
{
    case_begin("6.5", "movable: lock and unlock");
    HLOCAL handle = LocalAlloc(LMEM_MOVEABLE, 100);
    void *data = data_behind(handle);
    EXPECT("6.5", LocalLock(handle) == data && LocalLock(handle) == data,
        "LocalLock: the data pointer");
    EXPECT_EQUAL("6.8", 2, LocalFlags(handle), "locked twice: count 2");
    SetLastError(SENTINEL);
    EXPECT("6.6", LocalUnlock(handle) == TRUE, "the count stays above 0: TRUE");
    EXPECT_EQUAL("6.6", FALSE, LocalUnlock(handle), "the count reaches 0: FALSE");
    EXPECT_ERROR("6.6", NO_ERROR, "the count reaches 0: last error 0");
    SetLastError(SENTINEL);
    EXPECT_EQUAL("6.6", FALSE, LocalUnlock(handle), "the count is already 0: FALSE");
    EXPECT_ERROR("6.6", ERROR_NOT_LOCKED, "the count is already 0: 158");
    for (int i = 0; i < 300; i++) {
        LocalLock(handle);
    }
    EXPECT_EQUAL("6.5", 255, LocalFlags(handle), "300 locks: the count saturates at 255");
    bool all_true = true;
    for (int i = 0; i < 254; i++) {
        all_true = all_true && LocalUnlock(handle) == TRUE;
    }
    EXPECT("6.6", all_true && !LocalUnlock(handle), "254 unlocks are TRUE, the 255th FALSE");
    LocalFree(handle);
}

static void test_fixed(void)
{
    case_begin("6.5", "fixed objects");
    HLOCAL object = LocalAlloc(LMEM_FIXED, 100);
    EXPECT("6.5", LocalLock(object) == object, "LocalLock: the pointer itself");
    EXPECT_EQUAL("6.8", 0, LocalFlags(object), "LocalFlags is 0");
    SetLastError(SENTINEL);
    EXPECT_EQUAL("6.6", FALSE, LocalUnlock(object), "LocalUnlock: FALSE");
    EXPECT_ERROR("6.6", ERROR_NOT_LOCKED, "LocalUnlock: 158");
    LocalFree(object);
}

static void test_discarded(void)
{
    case_begin("6.5", "discarded objects");
    HLOCAL handle = LocalAlloc(LMEM_MOVEABLE | LMEM_DISCARDABLE, 0);
    SetLastError(SENTINEL);
    EXPECT("6.5", LocalLock(handle) == NULL, "LocalLock: NULL");
    EXPECT_ERROR("6.5", ERROR_DISCARDED, "LocalLock: 157");
    EXPECT_EQUAL("6.8", LMEM_DISCARDED, LocalFlags(handle) & LMEM_DISCARDED,
        "LocalFlags has LMEM_DISCARDED");
    OBSERVE("6.8 LocalFlags of a discardable, discarded object", "0x%x", LocalFlags(handle));
    LocalFree(handle);
}

static void test_invalid(void)
{
    case_begin("6.6", "what is no object");
    HLOCAL stale = stale_handle();
    SetLastError(SENTINEL);
    EXPECT("6.5", LocalLock(stale) == NULL, "LocalLock of a freed handle: NULL");
    EXPECT_ERROR("6.5", ERROR_INVALID_HANDLE, "LocalLock of a freed handle: 6");
    SetLastError(SENTINEL);
    EXPECT_EQUAL("6.6", FALSE, LocalUnlock(stale), "LocalUnlock of a freed handle: FALSE");
    EXPECT_ERROR("6.6", ERROR_INVALID_HANDLE, "LocalUnlock of a freed handle: 6");
    SetLastError(SENTINEL);
    EXPECT_EQUAL(
        "6.8", LMEM_INVALID_HANDLE, LocalFlags(stale), "LocalFlags of a freed handle: 0x8000");
    EXPECT_ERROR("6.8", ERROR_INVALID_HANDLE, "LocalFlags of a freed handle: 6");
    HLOCAL unmapped = unmapped_fixed();
    SetLastError(SENTINEL);
    EXPECT("6.5", LocalLock(unmapped) == NULL, "LocalLock of an unmapped pointer: NULL");
    EXPECT_ERROR("6.5", SENTINEL, "LocalLock of an unmapped pointer: the last error is left alone");
    SetLastError(SENTINEL);
    EXPECT_EQUAL("6.6", FALSE, LocalUnlock(unmapped), "LocalUnlock of an unmapped pointer: FALSE");
    EXPECT_ERROR("6.6", ERROR_NOT_LOCKED, "LocalUnlock of an unmapped pointer: 158");
    SetLastError(SENTINEL);
    EXPECT_EQUAL("6.8", LMEM_INVALID_HANDLE, LocalFlags(unmapped),
        "LocalFlags of an unmapped pointer: 0x8000");
    EXPECT_ERROR("6.8", ERROR_NOACCESS, "LocalFlags of an unmapped pointer: 998");
    EXPECT("6.5", LocalLock(NULL) == NULL, "LocalLock of NULL: NULL");
}

static void test_flags(void)
{
    case_begin("6.8", "LocalFlags");
    HLOCAL handle = LocalAlloc(LMEM_MOVEABLE, 10);
    EXPECT_EQUAL("6.8", 0, LocalFlags(handle), "movable");
    LocalFree(handle);
    handle = LocalAlloc(LMEM_MOVEABLE | LMEM_DISCARDABLE, 10);
    EXPECT("6.8", (LocalFlags(handle) & LMEM_DISCARDABLE) != 0, "discardable");
    OBSERVE("6.8 LocalFlags of a discardable object", "0x%x", LocalFlags(handle));
    LocalLock(handle);
    EXPECT_EQUAL(
        "6.8", 1, LocalFlags(handle) & LMEM_LOCKCOUNT, "locked: the count is in the low byte");
    LocalFree(handle);
}

static void test_obsolete(void)
{
    case_begin("6.11", "LocalCompact and LocalShrink");
    HLOCAL handle = LocalAlloc(LMEM_MOVEABLE, 1000);
    EXPECT_EQUAL("6.11", 0, LocalCompact(0), "LocalCompact is 0");
    EXPECT_EQUAL("6.11", 0, LocalShrink(handle, 10), "LocalShrink is 0");
    EXPECT_EQUAL("6.11", 1000, LocalSize(handle), "and changes nothing");
    LocalFree(handle);
}

int main(void)
{
    test_movable();
    test_fixed();
    test_discarded();
    test_invalid();
    test_flags();
    test_obsolete();
    return conformance_finish();
}
