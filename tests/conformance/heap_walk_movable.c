// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Movable memory as HeapWalk shows it: win32-heap.md 4.2, 4.7.

#include "movable.h"
#include "walk.h"

static struct walk walk;

static void walk_process_heap(void)
{
    HeapLock(GetProcessHeap());
    walk_take(&walk, GetProcessHeap());
    HeapUnlock(GetProcessHeap());
}

static void test_movable_data(void)
{
    case_begin("4.7", "the data block of a movable object");
    static const SIZE_T sizes[] = {1, 100, 5000, 100000, 0x180000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const unsigned size = (unsigned)sizes[i];
        HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE, sizes[i]);
        void *data = data_behind(handle);
        walk_process_heap();
        const PROCESS_HEAP_ENTRY *entry = walk_find_busy(&walk, data);
        EXPECT("4.7", entry != NULL, "%u bytes: a busy entry", size);
        EXPECT("4.7", entry != NULL && entry->cbData == sizes[i], "%u bytes: cbData is the size",
            size);
        EXPECT("4.7", entry != NULL && (entry->wFlags & PROCESS_HEAP_ENTRY_MOVEABLE),
            "%u bytes: MOVEABLE", size);
        EXPECT("4.7", entry != NULL && entry->Block.hMem == handle,
            "%u bytes: Block.hMem is the handle", size);
        EXPECT("4.7", entry != NULL && !(entry->wFlags & PROCESS_HEAP_ENTRY_DDESHARE),
            "%u bytes: not DDESHARE", size);
        GlobalFree(handle);
        walk_process_heap();
        EXPECT(
            "4.7", walk_find_busy(&walk, data) == NULL, "%u bytes: freed, the entry is gone", size);
    }
    HLOCAL handle = LocalAlloc(LMEM_MOVEABLE, 321);
    walk_process_heap();
    const PROCESS_HEAP_ENTRY *entry = walk_find_busy(&walk, data_behind(handle));
    EXPECT("4.7",
        entry != NULL && (entry->wFlags & PROCESS_HEAP_ENTRY_MOVEABLE) &&
            entry->Block.hMem == handle,
        "Local memory is shown in the same way");
    LocalReAlloc(handle, 200000, LMEM_MOVEABLE);
    walk_process_heap();
    entry = walk_find_busy(&walk, data_behind(handle));
    EXPECT("4.7", entry != NULL && entry->cbData == 200000 && entry->Block.hMem == handle,
        "and after a resize");
    LocalDiscard(handle);
    walk_process_heap();
    size_t shown = 0;
    for (size_t i = 0; i < walk.count; i++) {
        shown += (walk.entries[i].wFlags & PROCESS_HEAP_ENTRY_MOVEABLE) &&
                         walk.entries[i].Block.hMem == handle
                     ? 1
                     : 0;
    }
    EXPECT_EQUAL("4.7", 0, shown, "discarded: no entry");
    LocalFree(handle);
}

static void test_fixed(void)
{
    case_begin("4.7", "fixed objects");
    HGLOBAL shared = GlobalAlloc(GMEM_FIXED | GMEM_DDESHARE, 100);
    HGLOBAL plain = GlobalAlloc(GMEM_FIXED, 100);
    walk_process_heap();
    const PROCESS_HEAP_ENTRY *entry = walk_find_busy(&walk, shared);
    EXPECT(
        "4.7", entry != NULL && entry->wFlags == PROCESS_HEAP_ENTRY_BUSY, "DDESHARE: plain BUSY");
    entry = walk_find_busy(&walk, plain);
    EXPECT("4.7", entry != NULL && entry->wFlags == PROCESS_HEAP_ENTRY_BUSY, "plain: plain BUSY");
    GlobalFree(shared);
    GlobalFree(plain);
}

static void test_resume_over_movable(void)
{
    case_begin("4.3", "resuming at a movable entry");
    HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE, 100);
    HeapLock(GetProcessHeap());
    walk_take(&walk, GetProcessHeap());
    const PROCESS_HEAP_ENTRY *entry = walk_find_busy(&walk, data_behind(handle));
    PROCESS_HEAP_ENTRY resumed = {0};
    resumed.lpData = data_behind(handle);
    resumed.wFlags = PROCESS_HEAP_ENTRY_BUSY;
    EXPECT("4.3",
        entry != NULL && HeapWalk(GetProcessHeap(), &resumed) &&
            walk_entries_agree(&resumed, entry + 1),
        "lpData and BUSY lead to the next entry");
    HeapUnlock(GetProcessHeap());
    GlobalFree(handle);
}

int main(void)
{
    test_movable_data();
    test_fixed();
    test_resume_over_movable();
    return conformance_finish();
}
