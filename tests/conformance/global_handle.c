// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// GlobalHandle: win32-heap.md 6.9.

#include "movable.h"

int main(void)
{
    case_begin("6.9", "GlobalHandle");
    HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE, 100);
    void *data = GlobalLock(handle);
    SetLastError(SENTINEL);
    EXPECT("6.9", GlobalHandle(data) == handle, "the data of a movable object: its handle");
    EXPECT_ERROR("1.6", SENTINEL, "the last error is left alone");
    GlobalUnlock(handle);
    EXPECT("6.9", GlobalHandle(data_behind(handle)) == handle, "unlocked: the same");
    handle = GlobalReAlloc(handle, 200000, GMEM_MOVEABLE);
    EXPECT(
        "6.9", GlobalHandle(data_behind(handle)) == handle, "after the data has moved: the same");
    GlobalFree(handle);

    handle = GlobalAlloc(GMEM_MOVEABLE, 0x180000);
    EXPECT("6.9", GlobalHandle(data_behind(handle)) == handle, "a large object: its handle");
    GlobalFree(handle);

    HGLOBAL object = GlobalAlloc(GMEM_FIXED, 100);
    EXPECT("6.9", GlobalHandle(object) == object, "a fixed pointer: itself");
    GlobalFree(object);
    void *block = HeapAlloc(GetProcessHeap(), 0, 100);
    EXPECT("6.9", GlobalHandle(block) == block, "a plain block of the process heap: itself");
    HeapFree(GetProcessHeap(), 0, block);

    SetLastError(SENTINEL);
    EXPECT("6.9", GlobalHandle(NULL) == NULL, "NULL: NULL");
    EXPECT_ERROR("6.9", ERROR_INVALID_PARAMETER, "NULL: 87");
    SetLastError(SENTINEL);
    EXPECT("6.9", GlobalHandle(unmapped_fixed()) == NULL, "an unmapped pointer: NULL");
    EXPECT_ERROR("6.9", ERROR_INVALID_HANDLE, "an unmapped pointer: 6");
    if (!may_ask_wild()) {
        SKIP("6.9", "a handle instead of a pointer: crashes on 64-bit Windows");
    } else {
        handle = GlobalAlloc(GMEM_MOVEABLE, 100);
        SetLastError(SENTINEL);
        EXPECT("6.9", GlobalHandle(handle) == NULL, "a handle instead of a pointer: NULL");
        EXPECT_ERROR("6.9", ERROR_INVALID_HANDLE, "a handle instead of a pointer: 6");
        GlobalFree(handle);
    }

    case_begin("6.2", "1000 objects at once");
    enum {
        OBJECTS = 1000
    };
    static HGLOBAL handles[OBJECTS];
    bool all_found = true;
    for (SIZE_T i = 0; i < OBJECTS; i++) {
        handles[i] = GlobalAlloc(GMEM_MOVEABLE, 1 + i * 7);
    }
    for (SIZE_T i = 0; i < OBJECTS; i++) {
        all_found = all_found && GlobalHandle(data_behind(handles[i])) == handles[i] &&
                    GlobalSize(handles[i]) == 1 + i * 7;
    }
    EXPECT("6.9", all_found, "each data pointer leads to its handle");
    for (SIZE_T i = 0; i < OBJECTS; i++) {
        GlobalFree(handles[i]);
    }
    return conformance_finish();
}
