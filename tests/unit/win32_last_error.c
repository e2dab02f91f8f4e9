// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The last error: one per thread, set by failures only; and errno, which nothing may change.

#include "check.h"

#include <errno.h>
#include <pthread.h>
#include <tlhelp32.h>
#include <windows.h>
#include <winternl.h>

#define SENTINEL 0xDEADBEEFu
enum {
    ERRNO_SENTINEL = 12345
};

static void *check_fresh_thread(void *argument)
{
    (void)argument;
    EXPECT_SIZE(GetLastError(), 0);
    SetLastError(77);
    return NULL;
}

static void test_per_thread(void)
{
    EXPECT_SIZE(GetLastError(), 0);
    SetLastError(0xFFFFFFFF);
    pthread_t thread;
    ASSERT_SIZE((uint64_t)pthread_create(&thread, NULL, check_fresh_thread, NULL), 0);
    pthread_join(thread, NULL);
    EXPECT_SIZE(GetLastError(), 0xFFFFFFFF);
}

// Evaluates a call that succeeds: neither value changes.
#define EXPECT_SILENT(call)                                                                        \
    do {                                                                                           \
        SetLastError(SENTINEL);                                                                    \
        errno = ERRNO_SENTINEL;                                                                    \
        EXPECT_TRUE(call);                                                                         \
        EXPECT_SIZE(GetLastError(), SENTINEL);                                                     \
        EXPECT_SIZE((uint64_t)errno, ERRNO_SENTINEL);                                              \
    } while (0)

// Evaluates a call that fails with `error`: errno does not change.
#define EXPECT_FAILS(call, error)                                                                  \
    do {                                                                                           \
        SetLastError(SENTINEL);                                                                    \
        errno = ERRNO_SENTINEL;                                                                    \
        EXPECT_FALSE(call);                                                                        \
        EXPECT_SIZE(GetLastError(), (error));                                                      \
        EXPECT_SIZE((uint64_t)errno, ERRNO_SENTINEL);                                              \
    } while (0)

static void test_heaps(void)
{
    HANDLE heap = NULL;
    void *block = NULL;
    PROCESS_HEAP_ENTRY entry = {.lpData = NULL};
    HEAP_SUMMARY summary = {.cb = sizeof(summary)};
    ULONG value = 2;
    EXPECT_SILENT((heap = HeapCreate(0, 0, 0)) != NULL);
    EXPECT_SILENT((block = HeapAlloc(heap, 0, 100)) != NULL);
    EXPECT_SILENT((block = HeapReAlloc(heap, HEAP_ZERO_MEMORY, block, 500000)) != NULL);
    EXPECT_SILENT(HeapSize(heap, 0, block) == 500000);
    EXPECT_SILENT(HeapValidate(heap, 0, block));
    EXPECT_SILENT(HeapLock(heap));
    EXPECT_SILENT(HeapWalk(heap, &entry));
    EXPECT_SILENT(HeapSummary(heap, 0, &summary));
    EXPECT_SILENT(HeapUnlock(heap));
    EXPECT_SILENT(HeapCompact(heap, 0) != 0);
    // Heaps with debug checks have no front end.
    EXPECT_SILENT(RtlGetNtGlobalFlags() != 0 ||
                  HeapSetInformation(heap, HeapCompatibilityInformation, &value, sizeof(value)));
    EXPECT_SILENT(
        HeapQueryInformation(heap, HeapCompatibilityInformation, &value, sizeof(value), NULL));
    EXPECT_SILENT(GetProcessHeaps(0, NULL) != 0);
    EXPECT_FAILS(HeapUnlock(heap), ERROR_NOT_OWNER);
    EXPECT_FAILS(HeapAlloc(heap, 0, SIZE_MAX), ERROR_NOT_ENOUGH_MEMORY);
    EXPECT_FAILS(HeapReAlloc(heap, 0, block, SIZE_MAX), ERROR_NOT_ENOUGH_MEMORY);
    EXPECT_FAILS(HeapReAlloc(heap, 0, NULL, 1), NO_ERROR);
    EXPECT_FAILS(HeapWalk(heap, NULL), ERROR_INVALID_PARAMETER);
    EXPECT_FAILS(HeapSize(heap, 0, &heap) != SIZE_MAX, SENTINEL);
    EXPECT_FAILS(HeapValidate(heap, 0, &heap), SENTINEL);
    EXPECT_SILENT(HeapFree(heap, 0, block));
    EXPECT_SILENT(HeapDestroy(heap));
    EXPECT_FAILS(HeapDestroy(heap), ERROR_INVALID_HANDLE);
    EXPECT_FAILS(HeapDestroy(GetProcessHeap()), ERROR_INVALID_HANDLE);
    EXPECT_FAILS(HeapLock(heap), ERROR_INVALID_HANDLE);
    EXPECT_FAILS(HeapAlloc(heap, 0, 1), ERROR_INVALID_HANDLE);
    EXPECT_FAILS(HeapCreate(0, 0, SIZE_MAX), ERROR_NOT_ENOUGH_MEMORY);
}

static void test_objects(void)
{
    HGLOBAL handle = NULL;
    void *data = NULL;
    EXPECT_SILENT((handle = GlobalAlloc(GMEM_MOVEABLE, 10)) != NULL);
    EXPECT_SILENT((data = GlobalLock(handle)) != NULL);
    EXPECT_SILENT(GlobalSize(handle) == 10);
    EXPECT_SILENT(GlobalFlags(handle) == 1);
    EXPECT_SILENT(GlobalHandle(data) == handle);
    EXPECT_FAILS(GlobalUnlock(handle), NO_ERROR);
    EXPECT_FAILS(GlobalUnlock(handle), ERROR_NOT_LOCKED);
    EXPECT_SILENT(GlobalReAlloc(handle, 0, GMEM_MOVEABLE) == handle);
    EXPECT_FAILS(GlobalLock(handle), ERROR_DISCARDED);
    EXPECT_SILENT(GlobalFree(handle) == NULL);
    EXPECT_FAILS(GlobalFree(handle) == NULL, ERROR_INVALID_HANDLE);
}

static void test_others(void)
{
    HANDLE snapshot = NULL;
    MEMORYSTATUSEX memory = {.dwLength = sizeof(memory)};
    EXPECT_SILENT(
        (snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPHEAPLIST, 0)) != INVALID_HANDLE_VALUE);
    EXPECT_SILENT(CloseHandle(snapshot));
    EXPECT_SILENT(GlobalMemoryStatusEx(&memory));
    EXPECT_SILENT(IsBadReadPtr(NULL, 1));
    EXPECT_SILENT(IsBadWritePtr(NULL, 1));
    EXPECT_SILENT(IsBadStringPtrA(NULL, 1));
    EXPECT_SILENT(RtlGetNtGlobalFlags() < 0x10000000);
    memory.dwLength = 1;
    EXPECT_FAILS(GlobalMemoryStatusEx(&memory), ERROR_INVALID_PARAMETER);
    EXPECT_FAILS(GlobalMemoryStatusEx(NULL), ERROR_INVALID_PARAMETER);
}

int main(void)
{
    test_per_thread();
    test_heaps();
    test_objects();
    test_others();
    return test_result();
}
