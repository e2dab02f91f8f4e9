// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// FENCE: no

// ToolHelp on another process: a forked child has the heaps of its parent at the same addresses, so
// what ToolHelp says of the child is what HeapWalk says here.

#include "check.h"

#include <errno.h>
#include <pthread.h>
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

static bool is_same(const HEAPENTRY32 *a, const HEAPENTRY32 *b)
{
    return a->dwAddress == b->dwAddress && a->dwBlockSize == b->dwBlockSize &&
           a->dwFlags == b->dwFlags && a->th32ProcessID == b->th32ProcessID &&
           a->th32HeapID == b->th32HeapID;
}

// The elements of a heap, in one go. Returns how many.
static size_t list_entries(pid_t child, HANDLE heap, HEAPENTRY32 *entries, size_t capacity)
{
    size_t count = 0;
    HEAPENTRY32 entry = {.dwSize = sizeof(entry)};
    BOOL goes_on = Heap32First(&entry, (DWORD)child, (ULONG_PTR)heap);
    for (; goes_on && count < capacity; goes_on = Heap32Next(&entry)) {
        entries[count++] = entry;
    }
    return count;
}

enum {
    ENTRIES_MAX = 2000
};

struct walker {
    pid_t child;
    HANDLE heap;
    const HEAPENTRY32 *wanted;
    size_t count;
    size_t different;
};

static void *walk_again(void *context)
{
    static _Thread_local HEAPENTRY32 entries[ENTRIES_MAX];
    struct walker *walker = context;
    for (int round = 0; round < 5; round++) {
        size_t count = list_entries(walker->child, walker->heap, entries, ENTRIES_MAX);
        walker->different += count != walker->count;
        for (size_t i = 0; i < count && i < walker->count; i++) {
            walker->different += !is_same(&entries[i], &walker->wanted[i]);
        }
    }
    return NULL;
}

// Walks in turns, of two heaps of two processes, and by two threads at once, are those in one go.
static void test_many_walks(pid_t child)
{
    static HEAPENTRY32 entries[2][ENTRIES_MAX];
    pid_t children[2] = {child, start_child()};
    HANDLE which[2] = {heaps[0], heaps[1]};
    size_t counts[2];
    HEAPENTRY32 at[2] = {{.dwSize = sizeof(at[0])}, {.dwSize = sizeof(at[0])}};
    for (int i = 0; i < 2; i++) {
        counts[i] = list_entries(children[i], which[i], entries[i], ENTRIES_MAX);
        EXPECT_AT_LEAST(counts[i], BLOCK_COUNT / 2);
        EXPECT_TRUE(Heap32First(&at[i], (DWORD)children[i], (ULONG_PTR)which[i]));
    }
    for (size_t step = 0; step < 100; step++) {
        for (int i = 0; i < 2; i++) {
            EXPECT_TRUE(is_same(&at[i], &entries[i][step]));
            EXPECT_TRUE(Heap32Next(&at[i]));
        }
    }
    // From any place, not only on from the last one.
    HEAPENTRY32 back = entries[0][7];
    EXPECT_TRUE(Heap32Next(&back) && is_same(&back, &entries[0][8]));
    struct walker walkers[2];
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        walkers[i] = (struct walker){children[i], which[i], entries[i], counts[i], 0};
        ASSERT_TRUE(pthread_create(&threads[i], NULL, walk_again, &walkers[i]) == 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        EXPECT_SIZE(walkers[i].different, 0);
    }
    end_child(children[1]);
}

// A walk sees what the process does meanwhile, if not at once.
static void test_fresh(void)
{
    enum {
        BLOCKS = 30
    };
    static void *blocks[BLOCKS];
    int ends[2], answers[2];
    char byte = 0;
    HANDLE heap = heaps[3];
    ASSERT_TRUE(pipe(ends) == 0 && pipe(answers) == 0);
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = HeapAlloc(heap, 0, 40000);
    }
    pid_t child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (read(ends[0], &byte, 1) == 1) {
            HeapFree(heap, 0, blocks[BLOCKS - 1]);
            (void)!write(answers[1], "", 1);
        }
        pause();
        _exit(0);
    }
    HEAPENTRY32 entry = {.dwSize = sizeof(entry)};
    ULONG_PTR last = (ULONG_PTR)blocks[BLOCKS - 1];
    bool is_busy = false;
    EXPECT_TRUE(Heap32First(&entry, (DWORD)child, (ULONG_PTR)heap));
    EXPECT_TRUE(write(ends[1], "", 1) == 1 && read(answers[0], &byte, 1) == 1);
    usleep(30 * 1000);
    while (Heap32Next(&entry)) {
        is_busy |= entry.dwAddress == last && entry.dwFlags != LF32_FREE;
    }
    EXPECT_FALSE(is_busy);
    end_child(child);
    for (size_t i = 0; i < BLOCKS; i++) {
        HeapFree(heap, 0, blocks[i]);
    }
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
    test_many_walks(child);
    test_fresh();
    test_wrong(child);
    test_memory(child);
    test_stranger();
    test_ended(child);
    return test_result();
}
