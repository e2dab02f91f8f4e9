// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// ToolHelp beside HeapWalk, and handles of snapshots.

#include "check.h"

#include "fault_page.h"

#include <string.h>
#include <tlhelp32.h>
#include <windows.h>

// Every element but the regions, with the same sum of sizes.
static void test_same_as_walk(HANDLE heap)
{
    PROCESS_HEAP_ENTRY entry = {.lpData = NULL};
    HEAPENTRY32 found = {.dwSize = sizeof(found)};
    BOOL has_more = Heap32First(&found, GetCurrentProcessId(), (ULONG_PTR)heap);
    size_t count = 0;
    while (HeapWalk(heap, &entry)) {
        if ((entry.wFlags & PROCESS_HEAP_REGION) != 0) {
            continue;
        }
        ASSERT_TRUE(has_more);
        bool is_busy = (entry.wFlags & PROCESS_HEAP_ENTRY_BUSY) != 0;
        bool is_movable = (entry.wFlags & PROCESS_HEAP_ENTRY_MOVEABLE) != 0;
        EXPECT_SIZE(found.dwSize, sizeof(found));
        EXPECT_SIZE(found.dwAddress, (uintptr_t)entry.lpData);
        EXPECT_SIZE(found.dwBlockSize, (uint64_t)entry.cbData + entry.cbOverhead);
        EXPECT_SIZE(found.dwFlags, is_movable ? LF32_MOVEABLE : is_busy ? LF32_FIXED : LF32_FREE);
        EXPECT_POINTER(found.hHandle, is_movable ? entry.Block.hMem : entry.lpData);
        EXPECT_SIZE(found.dwLockCount, 0);
        EXPECT_SIZE(found.th32ProcessID, GetCurrentProcessId());
        EXPECT_SIZE(found.th32HeapID, (uintptr_t)heap);
        SetLastError(0);
        has_more = Heap32Next(&found);
        EXPECT_TRUE(has_more || GetLastError() == ERROR_NO_MORE_FILES);
        count++;
    }
    EXPECT_FALSE(has_more);
    EXPECT_AT_LEAST(count, 3);
}

static void test_blocks(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    for (size_t i = 1; i < 100; i++) {
        void *block = HeapAlloc(heap, 0, i * i);
        if (i % 3 == 0) {
            HeapFree(heap, 0, block);
        }
    }
    HeapAlloc(heap, 0, 0x300000);
    test_same_as_walk(heap);
    HeapDestroy(heap);
    HGLOBAL movable = GlobalAlloc(GMEM_MOVEABLE, 1000);
    void *fixed = GlobalAlloc(GMEM_FIXED, 1000);
    test_same_as_walk(GetProcessHeap());
    GlobalFree(fixed);
    GlobalFree(movable);
}

static void test_wrong_arguments(void)
{
    HEAPENTRY32 entry = {.dwSize = 0};
    EXPECT_FALSE(Heap32First(NULL, 0, (ULONG_PTR)GetProcessHeap()));
    EXPECT_FALSE(Heap32First(&entry, 0, (ULONG_PTR)GetProcessHeap()));
    EXPECT_SIZE(GetLastError(), ERROR_BAD_LENGTH);
    entry.dwSize = sizeof(entry);
    const ULONG_PTR wrong[] = {
        0, 1, 0x10000, (ULONG_PTR)&entry, UINTPTR_MAX, (ULONG_PTR)fault_page()};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        SetLastError(0);
        EXPECT_FALSE(Heap32First(&entry, 0, wrong[i]));
        EXPECT_SIZE(GetLastError(), ERROR_NO_MORE_FILES);
    }
    ASSERT_TRUE(Heap32First(&entry, 0, (ULONG_PTR)GetProcessHeap()));
    entry.dwAddress = (ULONG_PTR)&entry;
    EXPECT_FALSE(Heap32Next(&entry));
    entry.dwSize = sizeof(entry);
    entry.dwAddress = 0;
    EXPECT_FALSE(Heap32Next(&entry));
    EXPECT_SIZE(GetLastError(), ERROR_NO_MORE_FILES);
}

// Others that use Halde: view_toolhelp.c.
static void test_other_processes(void)
{
    HEAPENTRY32 entry = {.dwSize = sizeof(entry)};
    DWORD missing = 0x7FFFFFF0;
    EXPECT_POINTER(CreateToolhelp32Snapshot(TH32CS_SNAPHEAPLIST, missing), INVALID_HANDLE_VALUE);
    EXPECT_SIZE(GetLastError(), ERROR_INVALID_PARAMETER);
    EXPECT_FALSE(Heap32First(&entry, missing, (ULONG_PTR)GetProcessHeap()));
    EXPECT_SIZE(GetLastError(), ERROR_INVALID_PARAMETER);
    entry.dwAddress = 0x10000;
    entry.th32ProcessID = missing;
    EXPECT_FALSE(Heap32Next(&entry));
    EXPECT_SIZE(GetLastError(), ERROR_INVALID_PARAMETER);
}

static size_t count_heaps(HANDLE snapshot)
{
    HEAPLIST32 heap = {.dwSize = sizeof(heap)};
    size_t count = 0;
    for (BOOL more = Heap32ListFirst(snapshot, &heap); more;
         more = Heap32ListNext(snapshot, &heap)) {
        EXPECT_SIZE(
            heap.dwFlags, heap.th32HeapID == (ULONG_PTR)GetProcessHeap() ? HF32_DEFAULT : 0);
        EXPECT_SIZE(heap.th32ProcessID, GetCurrentProcessId());
        count++;
    }
    EXPECT_SIZE(GetLastError(), ERROR_NO_MORE_FILES);
    return count;
}

// The list is fixed when the snapshot is taken.
static void test_list(void)
{
    DWORD before = GetProcessHeaps(0, NULL);
    HANDLE first = CreateToolhelp32Snapshot(TH32CS_SNAPHEAPLIST, 0);
    HANDLE heaps[700];
    for (size_t i = 0; i < 700; i++) {
        heaps[i] = HeapCreate(0, 0, 0);
    }
    HANDLE second = CreateToolhelp32Snapshot(TH32CS_SNAPALL, GetCurrentProcessId());
    for (size_t i = 0; i < 700; i++) {
        HeapDestroy(heaps[i]);
    }
    EXPECT_SIZE(count_heaps(first), before);
    EXPECT_SIZE(count_heaps(second), before + 700);
    EXPECT_SIZE(count_heaps(first), before);
    HANDLE none = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    EXPECT_SIZE(count_heaps(none), 0);
    HEAPLIST32 unset = {.dwSize = 0};
    EXPECT_FALSE(Heap32ListFirst(first, &unset));
    EXPECT_SIZE(GetLastError(), ERROR_BAD_LENGTH);
    EXPECT_TRUE(CloseHandle(first));
    EXPECT_TRUE(CloseHandle(second));
    EXPECT_TRUE(CloseHandle(none));
}

static void test_handles(void)
{
    HEAPLIST32 heap = {.dwSize = sizeof(heap)};
    HANDLE closed = CreateToolhelp32Snapshot(TH32CS_SNAPHEAPLIST, 0);
    EXPECT_TRUE(CloseHandle(closed));
    HANDLE open = CreateToolhelp32Snapshot(TH32CS_SNAPHEAPLIST, 0);
    EXPECT_TRUE(open != closed);
    const HANDLE wrong[] = {closed, NULL, (HANDLE)1, (HANDLE)0x10000, &heap, (char *)open + 1};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        SetLastError(0);
        EXPECT_FALSE(CloseHandle(wrong[i]));
        EXPECT_SIZE(GetLastError(), ERROR_INVALID_HANDLE);
        SetLastError(0);
        EXPECT_FALSE(Heap32ListFirst(wrong[i], &heap));
        EXPECT_SIZE(GetLastError(), ERROR_INVALID_HANDLE);
    }
    EXPECT_TRUE(CloseHandle(open));
    EXPECT_TRUE(CloseHandle(GetCurrentProcess()));
    // Slots are used again, far beyond their number.
    for (size_t i = 0; i < 5000; i++) {
        HANDLE handle = CreateToolhelp32Snapshot(TH32CS_SNAPHEAPLIST, 0);
        ASSERT_TRUE(handle != INVALID_HANDLE_VALUE);
        ASSERT_TRUE(CloseHandle(handle));
    }
}

static void test_all_slots(void)
{
    static HANDLE handles[5000];
    size_t count = 0;
    while (count < 5000) {
        HANDLE handle = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
        if (handle == INVALID_HANDLE_VALUE) {
            break;
        }
        handles[count++] = handle;
    }
    EXPECT_SIZE(count, 1024);
    EXPECT_SIZE(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
    while (count > 0) {
        EXPECT_TRUE(CloseHandle(handles[--count]));
    }
}

static void test_read_memory(void)
{
    char *end = (char *)bytes_before_fault(10000) + 10000;
    memset(end - 10000, 0x5A, 10000);
    static char copy[10000];
    SIZE_T count = 1;
    EXPECT_TRUE(Toolhelp32ReadProcessMemory(0, end - 9000, copy, 9000, &count));
    EXPECT_SIZE(count, 9000);
    EXPECT_SIZE((uint8_t)copy[8999], 0x5A);
    EXPECT_TRUE(Toolhelp32ReadProcessMemory(GetCurrentProcessId(), end - 1, copy, 1, NULL));
    SetLastError(0);
    EXPECT_FALSE(Toolhelp32ReadProcessMemory(0, end - 9000, copy, 9001, &count));
    EXPECT_SIZE(GetLastError(), ERROR_PARTIAL_COPY);
    EXPECT_SIZE(count, 0);
    EXPECT_FALSE(Toolhelp32ReadProcessMemory(0x7FFFFFF0, end - 1, copy, 1, NULL));
    EXPECT_SIZE(GetLastError(), ERROR_INVALID_PARAMETER);
}

int main(void)
{
    test_blocks();
    test_wrong_arguments();
    test_other_processes();
    test_list();
    test_handles();
    test_all_slots();
    test_read_memory();
    return test_result();
}
