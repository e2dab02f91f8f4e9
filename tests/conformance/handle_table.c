// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The table behind movable handles: win32-heap.md 6.2.

#include "movable.h"
#include "walk.h"

#define LIMIT 65536

static HGLOBAL handles[LIMIT + 1];
static struct walk before, after;

static uint64_t flags_word(HGLOBAL handle)
{
    return *(const uint64_t *)address_plus(handle, -POINTER_SIZE);
}

static void test_entry(void)
{
    case_begin("6.2", "the two words of an entry");
    HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE, 100);
    EXPECT_EQUAL("6.2", POINTER_SIZE, (uintptr_t)handle % (2 * (uintptr_t)POINTER_SIZE),
        "a handle is tagged with P");
    EXPECT("6.2", data_behind(handle) == GlobalLock(handle), "its word is the data pointer");
    EXPECT_EQUAL("6.2", 3, flags_word(handle) & 0xFF, "flags: in use and movable");
    EXPECT_EQUAL(
        "6.2", 1, flags_word(handle) >> 16 & 0xFF, "flags: the lock count in bits 16 to 23");
    GlobalUnlock(handle);
    GlobalDiscard(handle);
    EXPECT_EQUAL("6.2", 0xB, flags_word(handle) & 0xFF, "discarded: flags 0xB");
    EXPECT("6.2", data_behind(handle) == NULL, "discarded: no data");
    GlobalFree(handle);
    EXPECT_EQUAL("6.2", 0, flags_word(handle) & 1, "freed: bit 0 of the flags is clear");
    EXPECT("6.2", data_behind(handle) == NULL, "freed: no data");
    OBSERVE("6.2 flags word of a freed entry is not 0", "%d", flags_word(handle) != 0);

    handle = GlobalAlloc(GMEM_MOVEABLE | GMEM_DISCARDABLE, 0);
    EXPECT_EQUAL("6.2", 0xF, flags_word(handle) & 0xFF, "zero bytes and discardable: flags 0xF");
    GlobalFree(handle);
    handle = GlobalAlloc(GMEM_MOVEABLE | GMEM_DISCARDABLE, 10);
    EXPECT_EQUAL("6.2", 7, flags_word(handle) & 0xFF, "discardable: flags 0x7");
    GlobalFree(handle);
    handle = GlobalAlloc(GMEM_MOVEABLE | GMEM_DDESHARE, 10);
    EXPECT_EQUAL("6.2", 0x8003, flags_word(handle) & 0xFFFF, "DDESHARE: flags 0x8003");
    GlobalFree(handle);
}

static void test_outside_heaps(void)
{
    case_begin("6.2", "the table lies outside every heap");
    HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE, 100);
    static HANDLE heaps[64];
    const DWORD count = GetProcessHeaps(64, heaps);
    bool all_false = true;
    for (DWORD i = 0; i < count && i < 64; i++) {
        all_false = all_false && !HeapValidate(heaps[i], 0, handle) &&
                    !HeapValidate(heaps[i], 0, address_plus(handle, -POINTER_SIZE));
    }
    EXPECT("6.2", all_false, "HeapValidate of an entry is FALSE in each heap");
    HeapLock(GetProcessHeap());
    walk_take(&after, GetProcessHeap());
    HeapUnlock(GetProcessHeap());
    bool is_outside = true;
    for (size_t i = 0; i < after.count; i++) {
        const PROCESS_HEAP_ENTRY *entry = &after.entries[i];
        is_outside = is_outside && ((uintptr_t)handle < (uintptr_t)entry->lpData ||
                                       (uintptr_t)handle >= (uintptr_t)entry_end(entry));
    }
    EXPECT("6.2", is_outside, "no element of a walk covers it");
    GlobalFree(handle);
}

static void test_reuse(void)
{
    case_begin("6.2", "stale handles");
    HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE, 10);
    GlobalFree(handle);
    EXPECT_EQUAL("6.8", GMEM_INVALID_HANDLE, GlobalFlags(handle), "a freed handle is recognised");
    HGLOBAL others[8];
    for (int i = 0; i < 8; i++) {
        others[i] = GlobalAlloc(GMEM_MOVEABLE, 10);
    }
    for (int i = 0; i < 8; i++) {
        GlobalFree(others[i]);
    }
    bool all_stale = true;
    for (int i = 0; i < 8; i++) {
        all_stale = all_stale && GlobalFlags(others[i]) == GMEM_INVALID_HANDLE &&
                    GlobalFree(others[i]) == others[i];
    }
    EXPECT("6.2", all_stale, "eight freed handles are recognised, in any order of free");
    if (may_ask_wild()) {
        handle = GlobalAlloc(GMEM_MOVEABLE, 10);
        // Between and beyond entries: odd values around the table must not be taken for handles.
        void *const wrong[] = {address_plus(handle, 1), address_plus(handle, -POINTER_SIZE),
            address_plus(handle, 4), address_plus(handle, 1 << 22),
            address_plus(handle, -(1 << 22))};
        bool all_invalid = true;
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
            all_invalid = all_invalid && GlobalFlags(wrong[i]) == GMEM_INVALID_HANDLE &&
                          GlobalSize(wrong[i]) == 0;
        }
        EXPECT("6.2", all_invalid, "values near a handle are none");
        GlobalFree(handle);
    } else {
        SKIP("6.2", "values near a handle: undefined on Windows");
    }
}

static void test_limit(void)
{
    case_begin("6.2", "65536 movable objects");
    HeapLock(GetProcessHeap());
    walk_take(&before, GetProcessHeap());
    HeapUnlock(GetProcessHeap());
    unsigned count = 0;
    SetLastError(SENTINEL);
    while (count <= LIMIT && (handles[count] = count % 2 ? LocalAlloc(LMEM_MOVEABLE, 0)
                                                         : GlobalAlloc(GMEM_MOVEABLE, 0)) != NULL) {
        count++;
    }
    EXPECT_EQUAL(
        "6.2", LIMIT, count, "65536 movable objects, Global and Local together, and no more");
    EXPECT_ERROR("6.2", ERROR_NOT_ENOUGH_MEMORY, "the next one: 8");
    SetLastError(SENTINEL);
    EXPECT("6.2", GlobalAlloc(GMEM_MOVEABLE, 100) == NULL, "with data: NULL too");
    EXPECT_ERROR("6.2", ERROR_NOT_ENOUGH_MEMORY, "with data: 8 too");
    SetLastError(SENTINEL);
    EXPECT("6.2", LocalAlloc(LMEM_MOVEABLE, 100) == NULL, "LocalAlloc: NULL too");
    HGLOBAL fixed = GlobalAlloc(GMEM_FIXED, 100);
    EXPECT("6.2", fixed != NULL && GlobalReAlloc(fixed, 9, GMEM_MODIFY | GMEM_MOVEABLE) == NULL,
        "a fixed object is unaffected, but cannot become movable");
    EXPECT("6.2", GlobalSize(fixed) == 100 && GlobalFree(fixed) == NULL, "and is kept");

    HeapLock(GetProcessHeap());
    walk_take(&after, GetProcessHeap());
    HeapUnlock(GetProcessHeap());
    bool no_flags = true;
    for (size_t i = 0; i < after.count; i++) {
        no_flags = no_flags && !(after.entries[i].wFlags &
                                   (PROCESS_HEAP_ENTRY_MOVEABLE | PROCESS_HEAP_ENTRY_DDESHARE));
    }
    EXPECT("4.7", no_flags, "no entry of a walk carries MOVEABLE or DDESHARE");
    EXPECT_EQUAL("4.7", walk_count_if(&before, entry_is_busy), walk_count_if(&after, entry_is_busy),
        "they own no heap block: as many busy entries as before");

    bool all_differ = true;
    bool all_tagged = true;
    for (unsigned i = 0; i < count; i++) {
        all_tagged = all_tagged && is_movable_handle(handles[i]);
        all_differ = all_differ && (i == 0 || handles[i] != handles[i - 1]);
    }
    EXPECT("6.2", all_tagged && all_differ, "each handle is tagged and another one");
    GlobalFree(handles[12345]);
    handles[12345] = GlobalAlloc(GMEM_MOVEABLE, 20);
    EXPECT("6.2", handles[12345] != NULL, "freeing one makes room again");
    EXPECT("6.2", GlobalAlloc(GMEM_MOVEABLE, 20) == NULL, "for one");
    bool all_freed = true;
    for (unsigned i = 0; i < count; i++) {
        all_freed = (i % 3 ? GlobalFree(handles[i]) : LocalFree(handles[i])) == NULL && all_freed;
    }
    EXPECT("6.4", all_freed, "all are freed");
    HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE, 20);
    EXPECT("6.2", handle != NULL && GlobalFree(handle) == NULL, "and the table serves again");
}

int main(void)
{
    test_entry();
    test_outside_heaps();
    test_reuse();
    test_limit();
    return conformance_finish();
}
