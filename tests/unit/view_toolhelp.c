// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// FENCE: no

// ToolHelp on another process: a forked child has the heaps of its parent at the same addresses, so
// what ToolHelp says of the child is what HeapWalk says here.

#include "check.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <tlhelp32.h>
#include <unistd.h>
#include <windows.h>

enum {
    HEAP_COUNT = 4,
    BLOCK_COUNT = 200,
};

static HANDLE heaps[HEAP_COUNT];

static pid_t start_child(void)
{
    pid_t child = fork();
    ASSERT_TRUE(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            pause();
        }
    }
    return child;
}

static void end_child(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static void fill(HANDLE heap, size_t largest)
{
    static void *blocks[BLOCK_COUNT];
    for (size_t i = 0; i < BLOCK_COUNT; i++) {
        blocks[i] = HeapAlloc(heap, 0, i * i % largest);
    }
    for (size_t i = 0; i < BLOCK_COUNT; i += 3) {
        HeapFree(heap, 0, blocks[i]);
    }
}

static void make_heaps(void)
{
    heaps[0] = GetProcessHeap();
    heaps[1] = HeapCreate(0, 0, 0);
    heaps[2] = HeapCreate(0, 0, (SIZE_T)4 << 20);
    heaps[3] = HeapCreate(HEAP_NO_SERIALIZE, 100000, 0);
    for (size_t i = 0; i < HEAP_COUNT; i++) {
        fill(heaps[i], 1000 + i * 500);
    }
    for (size_t i = 1; i < 5; i++) {
        HeapAlloc(heaps[1], 0, i << 20);
        GlobalAlloc(GMEM_MOVEABLE, 100 * i);
        GlobalAlloc(GMEM_FIXED, 100 * i);
    }
}

// Skips the test where the system lets nobody look.
static void need_permission(pid_t child)
{
    char byte;
    if (!Toolhelp32ReadProcessMemory((DWORD)child, heaps[0], &byte, 1, NULL)) {
        EXPECT_SIZE(GetLastError(), ERROR_ACCESS_DENIED);
        end_child(child);
        test_skip("the memory of other processes may not be read");
    }
}

static void test_list(pid_t child)
{
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPHEAPLIST, (DWORD)child);
    ASSERT_TRUE(snapshot != INVALID_HANDLE_VALUE);
    HEAPLIST32 heap = {.dwSize = sizeof(heap)};
    size_t count = 0;
    for (BOOL is_heap = Heap32ListFirst(snapshot, &heap); is_heap;
         is_heap = Heap32ListNext(snapshot, &heap)) {
        ASSERT_TRUE(count < HEAP_COUNT);
        EXPECT_SIZE(heap.th32HeapID, (uintptr_t)heaps[count]);
        EXPECT_SIZE(heap.th32ProcessID, (DWORD)child);
        EXPECT_SIZE(heap.dwFlags, count == 0 ? HF32_DEFAULT : 0);
        count++;
    }
    EXPECT_SIZE(GetLastError(), ERROR_NO_MORE_FILES);
    EXPECT_SIZE(count, HEAP_COUNT);
    EXPECT_TRUE(CloseHandle(snapshot));
}

static void test_same_as_walk(pid_t child, HANDLE heap)
{
    PROCESS_HEAP_ENTRY entry = {.lpData = NULL};
    HEAPENTRY32 found = {.dwSize = sizeof(found)};
    BOOL has_more = Heap32First(&found, (DWORD)child, (ULONG_PTR)heap);
    size_t count = 0;
    while (HeapWalk(heap, &entry)) {
        if ((entry.wFlags & PROCESS_HEAP_REGION) != 0) {
            continue;
        }
        ASSERT_TRUE(has_more);
        bool is_busy = (entry.wFlags & PROCESS_HEAP_ENTRY_BUSY) != 0;
        bool is_movable = (entry.wFlags & PROCESS_HEAP_ENTRY_MOVEABLE) != 0;
        ASSERT_SIZE(found.dwAddress, (uintptr_t)entry.lpData);
        EXPECT_SIZE(found.dwBlockSize, (uint64_t)entry.cbData + entry.cbOverhead);
        EXPECT_SIZE(found.dwFlags, is_movable ? LF32_MOVEABLE : is_busy ? LF32_FIXED : LF32_FREE);
        EXPECT_POINTER(found.hHandle, is_movable ? entry.Block.hMem : entry.lpData);
        EXPECT_SIZE(found.th32ProcessID, (DWORD)child);
        EXPECT_SIZE(found.th32HeapID, (uintptr_t)heap);
        found.dwSize = sizeof(found);
        has_more = Heap32Next(&found);
        count++;
    }
    EXPECT_FALSE(has_more);
    EXPECT_AT_LEAST(count, 200);
}

static void test_wrong(pid_t child)
{
    HEAPENTRY32 entry = {.dwSize = sizeof(entry)};
    const ULONG_PTR wrong[] = {
        0, 1, 0x10000, (ULONG_PTR)&entry, UINTPTR_MAX, (ULONG_PTR)heaps[1] + 0x1000};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        EXPECT_FALSE(Heap32First(&entry, (DWORD)child, wrong[i]));
        EXPECT_SIZE(GetLastError(), ERROR_NO_MORE_FILES);
    }
    ASSERT_TRUE(Heap32First(&entry, (DWORD)child, (ULONG_PTR)heaps[1]));
    const ULONG_PTR addresses[] = {
        1, (ULONG_PTR)&entry, UINTPTR_MAX, (ULONG_PTR)heaps[1] + 3, (ULONG_PTR)heaps[2]};
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        HEAPENTRY32 next = entry;
        next.dwAddress = addresses[i];
        EXPECT_FALSE(Heap32Next(&next));
        EXPECT_SIZE(GetLastError(), ERROR_NO_MORE_FILES);
    }
}

static void test_memory(pid_t child)
{
    static const char SECRET[] = "what the child sees";
    char copy[sizeof(SECRET)];
    SIZE_T count = 0;
    EXPECT_TRUE(Toolhelp32ReadProcessMemory((DWORD)child, SECRET, copy, sizeof(copy), &count));
    EXPECT_SIZE(count, sizeof(copy));
    EXPECT_TRUE(memcmp(copy, SECRET, sizeof(copy)) == 0);
    EXPECT_FALSE(Toolhelp32ReadProcessMemory((DWORD)child, (void *)16, copy, 1, &count));
    EXPECT_SIZE(GetLastError(), ERROR_PARTIAL_COPY);
    EXPECT_SIZE(count, 0);
}

// A process that has no Halde heap.
static void test_stranger(void)
{
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execlp("sleep", "sleep", "60", (char *)NULL);
        _exit(127);
    }
    usleep(200000);
    HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPHEAPLIST, (DWORD)child);
    ASSERT_TRUE(snapshot != INVALID_HANDLE_VALUE);
    HEAPLIST32 heap = {.dwSize = sizeof(heap)};
    EXPECT_FALSE(Heap32ListFirst(snapshot, &heap));
    EXPECT_SIZE(GetLastError(), ERROR_NO_MORE_FILES);
    CloseHandle(snapshot);
    HEAPENTRY32 entry = {.dwSize = sizeof(entry)};
    EXPECT_FALSE(Heap32First(&entry, (DWORD)child, (ULONG_PTR)heaps[0]));
    EXPECT_SIZE(GetLastError(), ERROR_NO_MORE_FILES);
    end_child(child);
}

static void test_ended(pid_t child)
{
    HEAPENTRY32 entry = {.dwSize = sizeof(entry)};
    end_child(child);
    EXPECT_FALSE(Heap32First(&entry, (DWORD)child, (ULONG_PTR)heaps[0]));
    EXPECT_SIZE(GetLastError(), ERROR_INVALID_PARAMETER);
    EXPECT_POINTER(
        CreateToolhelp32Snapshot(TH32CS_SNAPHEAPLIST, (DWORD)child), INVALID_HANDLE_VALUE);
    EXPECT_SIZE(GetLastError(), ERROR_INVALID_PARAMETER);
}

int main(void)
{
    make_heaps();
    pid_t child = start_child();
    need_permission(child);
    test_list(child);
    for (size_t i = 0; i < HEAP_COUNT; i++) {
        test_same_as_walk(child, heaps[i]);
    }
    test_wrong(child);
    test_memory(child);
    test_stranger();
    test_ended(child);
    return test_result();
}
