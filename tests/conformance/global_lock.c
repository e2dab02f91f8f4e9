// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// GlobalLock, GlobalUnlock, GlobalFlags: win32-heap.md 6.5, 6.6, 6.8.

#include "movable.h"

static void test_movable(void)
{
    case_begin("6.5", "movable: lock and unlock");
    HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE, 100);
    void *data = data_behind(handle);
    SetLastError(SENTINEL);
    EXPECT("6.5", GlobalLock(handle) == data, "GlobalLock: the data pointer");
    EXPECT_ERROR("1.6", SENTINEL, "GlobalLock: the last error is left alone");
    EXPECT_EQUAL("6.8", 1, GlobalFlags(handle), "locked once: count 1");
    EXPECT("6.5", GlobalLock(handle) == data, "GlobalLock again: the data pointer");
    EXPECT_EQUAL("6.8", 2, GlobalFlags(handle), "locked twice: count 2");
    SetLastError(SENTINEL);
    EXPECT("6.6", GlobalUnlock(handle) == TRUE, "the count stays above 0: TRUE");
    EXPECT_ERROR("1.6", SENTINEL, "the count stays above 0: the last error is left alone");
    SetLastError(SENTINEL);
    EXPECT_EQUAL("6.6", FALSE, GlobalUnlock(handle), "the count reaches 0: FALSE");
    EXPECT_ERROR("6.6", NO_ERROR, "the count reaches 0: last error 0");
    EXPECT_EQUAL("6.8", 0, GlobalFlags(handle), "unlocked: count 0");
    SetLastError(SENTINEL);
    EXPECT_EQUAL("6.6", FALSE, GlobalUnlock(handle), "the count is already 0: FALSE");
    EXPECT_ERROR("6.6", ERROR_NOT_LOCKED, "the count is already 0: 158");
    EXPECT_EQUAL("6.8", 0, GlobalFlags(handle), "the count stays 0");
    GlobalFree(handle);
}

static void test_saturation(void)
{
    case_begin("6.5", "the count saturates at 255");
    HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE | GMEM_DISCARDABLE, 100);
    void *data = data_behind(handle);
    bool all_counted = true;
    for (UINT i = 1; i <= 255; i++) {
        all_counted = all_counted && GlobalLock(handle) == data &&
                      GlobalFlags(handle) == (GMEM_DISCARDABLE | i);
    }
    EXPECT("6.5", all_counted, "255 locks, 255 counts");
    EXPECT("6.5", GlobalLock(handle) == data, "a 256th lock: the data pointer");
    EXPECT_EQUAL(
        "6.5", GMEM_DISCARDABLE | 255, GlobalFlags(handle), "a 256th lock: the count stays 255");
    EXPECT("6.5", GlobalLock(handle) == data && GlobalFlags(handle) == (GMEM_DISCARDABLE | 255),
        "a 257th too");
    bool all_true = true;
    for (int i = 0; i < 254; i++) {
        all_true = all_true && GlobalUnlock(handle) == TRUE;
    }
    EXPECT("6.6", all_true, "254 unlocks: TRUE");
    SetLastError(SENTINEL);
    EXPECT_EQUAL("6.6", FALSE, GlobalUnlock(handle), "the 255th: FALSE");
    EXPECT_ERROR("6.6", NO_ERROR, "the 255th: last error 0");
    SetLastError(SENTINEL);
    EXPECT_EQUAL("6.6", FALSE, GlobalUnlock(handle), "the 256th: FALSE");
    EXPECT_ERROR("6.6", ERROR_NOT_LOCKED, "the 256th: 158");
    GlobalFree(handle);
}

static void test_fixed(void)
{
    case_begin("6.5", "fixed objects have no count");
    HGLOBAL object = GlobalAlloc(GMEM_FIXED, 100);
    SetLastError(SENTINEL);
    EXPECT("6.5", GlobalLock(object) == object && GlobalLock(object) == object,
        "GlobalLock: the pointer itself");
    EXPECT_EQUAL("6.8", 0, GlobalFlags(object), "GlobalFlags is 0");
    EXPECT("6.6",
        GlobalUnlock(object) == TRUE && GlobalUnlock(object) == TRUE &&
            GlobalUnlock(object) == TRUE,
        "GlobalUnlock: TRUE, any number of times");
    EXPECT_ERROR("6.6", SENTINEL, "the last error is left alone");
    GlobalFree(object);
}

static void test_discarded(void)
{
    case_begin("6.5", "discarded objects");
    HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE | GMEM_DISCARDABLE, 0);
    SetLastError(SENTINEL);
    EXPECT("6.5", GlobalLock(handle) == NULL, "zero bytes: NULL");
    EXPECT_ERROR("6.5", ERROR_DISCARDED, "zero bytes: 157");
    EXPECT_EQUAL("6.8", GMEM_DISCARDABLE | GMEM_DISCARDED, GlobalFlags(handle),
        "zero bytes, discardable: 0x4100");
    GlobalFree(handle);
    handle = GlobalAlloc(GMEM_MOVEABLE, 100);
    EXPECT("6.10", GlobalDiscard(handle) == handle, "GlobalDiscard: the handle");
    SetLastError(SENTINEL);
    EXPECT("6.5", GlobalLock(handle) == NULL, "discarded: NULL");
    EXPECT_ERROR("6.5", ERROR_DISCARDED, "discarded: 157");
    EXPECT_EQUAL("6.8", GMEM_DISCARDED, GlobalFlags(handle), "discarded: 0x4000");
    SetLastError(SENTINEL);
    EXPECT_EQUAL("6.6", FALSE, GlobalUnlock(handle), "GlobalUnlock: FALSE");
    EXPECT_ERROR("6.6", ERROR_NOT_LOCKED, "GlobalUnlock: 158");
    GlobalFree(handle);
}

static void test_invalid(void)
{
    case_begin("6.5", "what is no object");
    HGLOBAL stale = stale_handle();
    SetLastError(SENTINEL);
    EXPECT("6.5", GlobalLock(stale) == NULL, "GlobalLock of a freed handle: NULL");
    EXPECT_ERROR("6.5", ERROR_INVALID_HANDLE, "GlobalLock of a freed handle: 6");
    SetLastError(SENTINEL);
    EXPECT("6.6", GlobalUnlock(stale) == TRUE, "GlobalUnlock of a freed handle: TRUE");
    EXPECT_ERROR("6.6", ERROR_INVALID_HANDLE, "GlobalUnlock of a freed handle: 6");
    SetLastError(SENTINEL);
    EXPECT_EQUAL(
        "6.8", GMEM_INVALID_HANDLE, GlobalFlags(stale), "GlobalFlags of a freed handle: 0x8000");
    EXPECT_ERROR("6.8", ERROR_INVALID_HANDLE, "GlobalFlags of a freed handle: 6");

    HGLOBAL unmapped = unmapped_fixed();
    SetLastError(SENTINEL);
    EXPECT("6.5", GlobalLock(unmapped) == NULL, "GlobalLock of an unmapped pointer: NULL");
    EXPECT_ERROR("6.5", ERROR_INVALID_HANDLE, "GlobalLock of an unmapped pointer: 6");
    SetLastError(SENTINEL);
    EXPECT("6.6", GlobalUnlock(unmapped) == TRUE, "GlobalUnlock of an unmapped pointer: TRUE");
    EXPECT_ERROR(
        "6.6", SENTINEL, "GlobalUnlock of an unmapped pointer: the last error is left alone");
    SetLastError(SENTINEL);
    EXPECT_EQUAL("6.8", GMEM_INVALID_HANDLE, GlobalFlags(unmapped),
        "GlobalFlags of an unmapped pointer: 0x8000");
    EXPECT_ERROR("6.8", ERROR_INVALID_HANDLE, "GlobalFlags of an unmapped pointer: 6");

    HGLOBAL invalid = (HGLOBAL)(uintptr_t)0xdeadbee8u;
    SetLastError(SENTINEL);
    EXPECT("6.5", GlobalLock(invalid) == NULL, "GlobalLock of 0xdeadbee8: NULL");
    EXPECT_ERROR("6.5", ERROR_INVALID_HANDLE, "GlobalLock of 0xdeadbee8: 6");
    SetLastError(SENTINEL);
    EXPECT("6.6", GlobalUnlock(invalid) == TRUE, "GlobalUnlock of 0xdeadbee8: TRUE");
    EXPECT_ERROR("6.6", ERROR_INVALID_HANDLE, "GlobalUnlock of 0xdeadbee8: 6");
    EXPECT("6.5", GlobalLock(NULL) == NULL, "GlobalLock of NULL: NULL");
}

static void test_flags(void)
{
    case_begin("6.8", "GlobalFlags");
    static const struct {
        UINT flags;
        SIZE_T size;
        UINT expected;
        const char *name;
    } cases[] = {
        {GMEM_MOVEABLE, 10, 0, "movable"},
        {GMEM_MOVEABLE, 0, 0x4000, "movable, 0 bytes"},
        {GMEM_MOVEABLE | GMEM_DISCARDABLE, 10, 0x0100, "discardable"},
        {GMEM_MOVEABLE | GMEM_DISCARDABLE, 0, 0x4100, "discardable, 0 bytes"},
        {GMEM_MOVEABLE | GMEM_DDESHARE, 10, 0x2000, "DDESHARE"},
        {GMEM_MOVEABLE | GMEM_DDESHARE | GMEM_DISCARDABLE, 10, 0x2100, "DDESHARE, discardable"},
        {GMEM_MOVEABLE | GMEM_DDESHARE | GMEM_DISCARDABLE, 0, 0x6100,
            "DDESHARE, discardable, 0 bytes"},
        {GMEM_FIXED, 10, 0, "fixed"},
        {GMEM_FIXED | GMEM_DDESHARE, 10, 0, "fixed, DDESHARE"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        HGLOBAL object = GlobalAlloc(cases[i].flags, cases[i].size);
        SetLastError(SENTINEL);
        EXPECT_EQUAL("6.8", cases[i].expected, GlobalFlags(object), "%s", cases[i].name);
        EXPECT_ERROR("1.6", SENTINEL, "%s: the last error is left alone", cases[i].name);
        GlobalFree(object);
    }
}

struct contest {
    HGLOBAL handle;
    void *data;
    bool all_right;
};

static void lock_and_unlock(void *argument)
{
    struct contest *contest = argument;
    for (int i = 0; i < 20000; i++) {
        contest->all_right = GlobalLock(contest->handle) == contest->data && contest->all_right;
        GlobalUnlock(contest->handle);
    }
}

static void test_threads(void)
{
    case_begin("6.5", "counts from several threads");
    HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE, 100);
    GlobalLock(handle);
    struct contest contests[3];
    struct worker workers[3];
    for (int i = 0; i < 3; i++) {
        contests[i] =
            (struct contest){.handle = handle, .data = data_behind(handle), .all_right = true};
        worker_start(&workers[i], lock_and_unlock, &contests[i]);
    }
    bool all_right = true;
    for (int i = 0; i < 3; i++) {
        worker_join(&workers[i]);
        all_right = all_right && contests[i].all_right;
    }
    EXPECT("6.5", all_right, "each lock gives the data pointer");
    EXPECT_EQUAL("6.8", 1, GlobalFlags(handle), "after 60000 locks and unlocks the count is 1");
    GlobalUnlock(handle);
    GlobalFree(handle);
}

int main(void)
{
    test_movable();
    test_saturation();
    test_fixed();
    test_discarded();
    test_invalid();
    test_flags();
    test_threads();
    return conformance_finish();
}
