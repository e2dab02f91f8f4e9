// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// ToolHelp heap enumeration of the own process: win32-heap.md 8.

#include "walk.h"

#include <tlhelp32.h>

static struct walk walk;

static void test_structures(void)
{
    case_begin("8", "structures and constants");
    EXPECT_EQUAL("8", 32, sizeof(HEAPLIST32), "the size of HEAPLIST32");
    EXPECT_EQUAL("8", 56, sizeof(HEAPENTRY32), "the size of HEAPENTRY32");
    const HEAPLIST32 list = {0};
    const char *base = (const char *)&list;
    EXPECT_EQUAL(
        "8", 8, (const char *)&list.th32ProcessID - base, "offset of HEAPLIST32.th32ProcessID");
    EXPECT_EQUAL("8", 16, (const char *)&list.th32HeapID - base, "offset of HEAPLIST32.th32HeapID");
    EXPECT_EQUAL("8", 24, (const char *)&list.dwFlags - base, "offset of HEAPLIST32.dwFlags");
    const HEAPENTRY32 entry = {0};
    base = (const char *)&entry;
    EXPECT_EQUAL("8", 8, (const char *)&entry.hHandle - base, "offset of HEAPENTRY32.hHandle");
    EXPECT_EQUAL("8", 16, (const char *)&entry.dwAddress - base, "offset of HEAPENTRY32.dwAddress");
    EXPECT_EQUAL(
        "8", 24, (const char *)&entry.dwBlockSize - base, "offset of HEAPENTRY32.dwBlockSize");
    EXPECT_EQUAL("8", 32, (const char *)&entry.dwFlags - base, "offset of HEAPENTRY32.dwFlags");
    EXPECT_EQUAL(
        "8", 36, (const char *)&entry.dwLockCount - base, "offset of HEAPENTRY32.dwLockCount");
    EXPECT_EQUAL("8", 40, (const char *)&entry.dwResvd - base, "offset of HEAPENTRY32.dwResvd");
    EXPECT_EQUAL(
        "8", 44, (const char *)&entry.th32ProcessID - base, "offset of HEAPENTRY32.th32ProcessID");
    EXPECT_EQUAL(
        "8", 48, (const char *)&entry.th32HeapID - base, "offset of HEAPENTRY32.th32HeapID");
    EXPECT_EQUAL("8", 0x1, TH32CS_SNAPHEAPLIST, "TH32CS_SNAPHEAPLIST");
    EXPECT_EQUAL("8", 0xF, TH32CS_SNAPALL, "TH32CS_SNAPALL");
    EXPECT_EQUAL("8", 0x80000000u, TH32CS_INHERIT, "TH32CS_INHERIT");
    EXPECT_EQUAL("8", 1, HF32_DEFAULT, "HF32_DEFAULT");
    EXPECT_EQUAL("8", 2, HF32_SHARED, "HF32_SHARED");
    EXPECT_EQUAL("8", 1, LF32_FIXED, "LF32_FIXED");
    EXPECT_EQUAL("8", 2, LF32_FREE, "LF32_FREE");
    EXPECT_EQUAL("8", 4, LF32_MOVEABLE, "LF32_MOVEABLE");
}

static void test_list(void)
{
    case_begin("8", "the list of heaps");
    HANDLE own[2] = {HeapCreate(0, 0, 0), HeapCreate(HEAP_NO_SERIALIZE, 0, 0x10000)};
    static HANDLE heaps[64];
    const DWORD count = GetProcessHeaps(64, heaps);
    static const DWORD flags[] = {TH32CS_SNAPHEAPLIST, TH32CS_SNAPALL};
    for (size_t f = 0; f < 2; f++) {
        for (int by_id = 0; by_id < 2; by_id++) {
            const DWORD process = by_id ? GetCurrentProcessId() : 0;
            HANDLE snapshot = CreateToolhelp32Snapshot(flags[f], process);
            const char *name = by_id ? "own process id" : "process id 0";
            EXPECT("8", snapshot != INVALID_HANDLE_VALUE && snapshot != NULL,
                "flags 0x%x, %s: a snapshot", (unsigned)flags[f], name);
            HEAPLIST32 list = {.dwSize = sizeof(list)};
            DWORD found = 0;
            bool all_right = true;
            BOOL more = Heap32ListFirst(snapshot, &list);
            while (more && found < count) {
                all_right = all_right && list.th32HeapID == (ULONG_PTR)heaps[found] &&
                            list.th32ProcessID == GetCurrentProcessId() &&
                            (list.dwFlags & HF32_DEFAULT) == (found == 0 ? HF32_DEFAULT : 0u);
                found++;
                list.dwSize = sizeof(list);
                SetLastError(SENTINEL);
                more = Heap32ListNext(snapshot, &list);
            }
            EXPECT("8", !more && found == count, "flags 0x%x, %s: every heap", (unsigned)flags[f],
                name);
            EXPECT_ERROR("8", ERROR_NO_MORE_FILES, "flags 0x%x, %s: the end is 18",
                (unsigned)flags[f], name);
            EXPECT("8", all_right,
                "flags 0x%x, %s: the heap's address, the process id, DEFAULT for the process heap",
                (unsigned)flags[f], name);
            EXPECT("8", CloseHandle(snapshot) != FALSE, "flags 0x%x, %s: closed",
                (unsigned)flags[f], name);
        }
    }
    HeapDestroy(own[0]);
    HeapDestroy(own[1]);
}

static void test_snapshot_is_fixed(void)
{
    case_begin("8", "the list is that of the moment of the snapshot");
    HANDLE before = HeapCreate(0, 0, 0);
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPHEAPLIST, 0);
    HANDLE after = HeapCreate(0, 0, 0);
    HeapDestroy(before);
    bool has_before = false;
    bool has_after = false;
    HEAPLIST32 list = {.dwSize = sizeof(list)};
    for (BOOL more = Heap32ListFirst(snapshot, &list); more;
         more = Heap32ListNext(snapshot, &list)) {
        has_before = has_before || list.th32HeapID == (ULONG_PTR)before;
        has_after = has_after || list.th32HeapID == (ULONG_PTR)after;
        list.dwSize = sizeof(list);
    }
    EXPECT("8", has_before || before == after, "a heap destroyed since is listed");
    EXPECT("8", !has_after || before == after, "a heap created since is not");
    list.dwSize = sizeof(list);
    EXPECT("8", Heap32ListFirst(snapshot, &list) && list.th32HeapID == (ULONG_PTR)GetProcessHeap(),
        "the list may be read again");
    CloseHandle(snapshot);
    HEAPENTRY32 entry = {.dwSize = sizeof(entry)};
    SetLastError(SENTINEL);
    if (before != after) {
        EXPECT_EQUAL("8", FALSE, Heap32First(&entry, 0, (ULONG_PTR)before),
            "entries of the destroyed heap: FALSE");
        EXPECT_ERROR("8", ERROR_NO_MORE_FILES, "entries of the destroyed heap: 18");
    }
    HeapDestroy(after);
}

static void test_list_errors(void)
{
    case_begin("8", "errors of the list");
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    if (snapshot != INVALID_HANDLE_VALUE) {
        HEAPLIST32 list = {.dwSize = sizeof(list)};
        SetLastError(SENTINEL);
        EXPECT_EQUAL(
            "8", FALSE, Heap32ListFirst(snapshot, &list), "a snapshot without heaps: FALSE");
        EXPECT_ERROR("8", ERROR_NO_MORE_FILES, "a snapshot without heaps: 18");
        CloseHandle(snapshot);
    }
    snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPHEAPLIST, 0);
    HEAPLIST32 list = {.dwSize = 0};
    EXPECT_EQUAL("8", FALSE, Heap32ListFirst(snapshot, &list), "dwSize 0: FALSE");
    list.dwSize = sizeof(list);
    EXPECT("8", Heap32ListFirst(snapshot, &list) != FALSE, "dwSize set: TRUE");
    EXPECT_EQUAL("8", sizeof(list), list.dwSize, "dwSize holds the bytes filled");
    CloseHandle(snapshot);
    if (may_ask_wild()) {
        EXPECT_EQUAL(
            "8", FALSE, Heap32ListFirst(INVALID_HANDLE_VALUE, &list), "no snapshot: FALSE");
        SetLastError(SENTINEL);
        EXPECT_EQUAL("8", FALSE, CloseHandle(snapshot), "closed twice: FALSE");
        EXPECT_ERROR("1.6", ERROR_INVALID_HANDLE, "closed twice: 6");
    }
    SetLastError(SENTINEL);
    EXPECT("8", CreateToolhelp32Snapshot(TH32CS_SNAPHEAPLIST, 0x7FFFFFFC) == INVALID_HANDLE_VALUE,
        "no such process");
    OBSERVE("8 last error for a process that does not exist", "%u", (unsigned)GetLastError());
}

static void test_entries(void)
{
    case_begin("8", "the entries of a heap");
    HANDLE heap = HeapCreate(0, 0, 0);
    void *blocks[40];
    for (int i = 0; i < 40; i++) {
        blocks[i] = HeapAlloc(heap, 0, (SIZE_T)(i * 37));
    }
    HeapAlloc(heap, 0, 0x180000);
    for (int i = 0; i < 40; i += 3) {
        HeapFree(heap, 0, blocks[i]);
    }
    walk_take(&walk, heap);
    HEAPENTRY32 entry;
    memset(&entry, 0xCD, sizeof(entry));
    entry.dwSize = sizeof(entry);
    BOOL more = Heap32First(&entry, GetCurrentProcessId(), (ULONG_PTR)heap);
    EXPECT("8", more != FALSE, "Heap32First");
    bool same_address = true;
    bool same_size = true;
    bool same_kind = true;
    bool rest_right = true;
    size_t found = 0;
    for (size_t i = 0; i < walk.count; i++) {
        const PROCESS_HEAP_ENTRY *expected = &walk.entries[i];
        if (entry_is_region(expected)) {
            continue;
        }
        if (!more) {
            break;
        }
        found++;
        same_address = same_address && entry.dwAddress == (ULONG_PTR)expected->lpData;
        same_size =
            same_size && entry.dwBlockSize == (SIZE_T)expected->cbData + expected->cbOverhead;
        same_kind =
            same_kind && (entry.dwFlags == (entry_is_busy(expected) ? LF32_FIXED : LF32_FREE));
        rest_right = rest_right && entry.dwLockCount == 0 &&
                     entry.th32ProcessID == GetCurrentProcessId() &&
                     entry.th32HeapID == (ULONG_PTR)heap;
        entry.dwSize = sizeof(entry);
        SetLastError(SENTINEL);
        more = Heap32Next(&entry);
    }
    EXPECT_ERROR("8", ERROR_NO_MORE_FILES, "the end is 18");
    EXPECT("8", !more, "and FALSE");
    EXPECT_EQUAL("8", walk.count - walk_count_if(&walk, entry_is_region), found,
        "HeapWalk's entries without regions, one by one");
    EXPECT("8", same_address, "dwAddress is lpData");
    EXPECT("8", same_size, "dwBlockSize is cbData + cbOverhead");
    EXPECT("8", same_kind, "busy is LF32_FIXED, the rest LF32_FREE");
    EXPECT("8", rest_right, "lock count 0, process id and heap id");
    HeapDestroy(heap);
}

static void test_movable_entry(void)
{
    case_begin("8", "a movable object");
    HGLOBAL handle = GlobalAlloc(GMEM_MOVEABLE, 12345);
    void *data = GlobalLock(handle);
    HEAPENTRY32 entry = {.dwSize = sizeof(entry)};
    BOOL more = Heap32First(&entry, 0, (ULONG_PTR)GetProcessHeap());
    while (more && entry.dwAddress != (ULONG_PTR)data) {
        entry.dwSize = sizeof(entry);
        more = Heap32Next(&entry);
    }
    EXPECT("8", more && entry.dwFlags == LF32_MOVEABLE, "its data is shown as LF32_MOVEABLE");
    EXPECT("8", more && entry.hHandle == handle, "with its handle");
    GlobalUnlock(handle);
    GlobalFree(handle);
}

static void test_entry_errors(void)
{
    case_begin("8", "errors of the entries");
    HANDLE heap = HeapCreate(0, 0, 0);
    HEAPENTRY32 entry = {.dwSize = 0};
    EXPECT_EQUAL("8", FALSE, Heap32First(&entry, 0, (ULONG_PTR)heap), "dwSize 0: FALSE");
    entry.dwSize = sizeof(entry);
    EXPECT("8", Heap32First(&entry, 0, (ULONG_PTR)heap) != FALSE, "dwSize set: TRUE");
    EXPECT_EQUAL("8", sizeof(entry), entry.dwSize, "dwSize holds the bytes filled");
    entry.dwSize = 0;
    EXPECT_EQUAL("8", FALSE, Heap32Next(&entry), "Heap32Next with dwSize 0: FALSE");
    HeapDestroy(heap);
    if (may_ask_wild()) {
        entry.dwSize = sizeof(entry);
        SetLastError(SENTINEL);
        EXPECT_EQUAL("8", FALSE, Heap32First(&entry, 0, 0x1234), "no heap: FALSE");
        EXPECT_ERROR("8", ERROR_NO_MORE_FILES, "no heap: 18");
        SetLastError(SENTINEL);
        EXPECT_EQUAL("8", FALSE, Heap32First(&entry, 0, (ULONG_PTR)unmapped_address()),
            "an unmapped heap: FALSE");
        EXPECT_ERROR("8", ERROR_NO_MORE_FILES, "an unmapped heap: 18");
    }
}

static void test_read_memory(void)
{
    case_begin("8", "Toolhelp32ReadProcessMemory");
    char source[200];
    char target[200] = {0};
    pattern_write(source, sizeof(source), 1);
    SIZE_T length = 0;
    EXPECT("8", Toolhelp32ReadProcessMemory(0, source, target, sizeof(source), &length) != FALSE,
        "process id 0: TRUE");
    EXPECT("8", length == sizeof(source) && pattern_matches(target, sizeof(target), 1),
        "process id 0: all bytes");
    memset(target, 0, sizeof(target));
    EXPECT("8",
        Toolhelp32ReadProcessMemory(GetCurrentProcessId(), source, target, 100, NULL) != FALSE,
        "the own id, no length: TRUE");
    EXPECT("8", pattern_matches(target, 100, 1) && is_filled(target + 100, 0, 100),
        "the own id: 100 bytes, not more");
    char *pages = pages_map(2 * PAGES_UNIT, PAGES_WRITE);
    pages_protect(pages + PAGES_UNIT, PAGES_UNIT, PAGES_NONE);
    EXPECT("8",
        Toolhelp32ReadProcessMemory(0, pages + PAGES_UNIT - 100, target, 100, NULL) != FALSE,
        "up to the border: TRUE");
    EXPECT_EQUAL("8", FALSE,
        Toolhelp32ReadProcessMemory(0, pages + PAGES_UNIT - 100, target, 101, NULL),
        "one unreadable byte: FALSE");
    EXPECT_EQUAL("8", FALSE,
        Toolhelp32ReadProcessMemory(0, unmapped_address(), target, 10, &length), "unmapped: FALSE");
    pages_unmap(pages, 2 * PAGES_UNIT);
}

int main(void)
{
    test_structures();
    test_read_memory();
    if (is_wine()) {
        SKIP("8", "this system does not implement the heap part of ToolHelp");
        return conformance_finish();
    }
    test_list();
    test_snapshot_is_fixed();
    test_list_errors();
    test_entries();
    test_movable_entry();
    test_entry_errors();
    return conformance_finish();
}
