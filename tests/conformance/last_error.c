// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// GetLastError and SetLastError: win32-heap.md 1.6.

#include <errno.h>

#include "conformance.h"

static void read_last_error(void *argument)
{
    DWORD *values = argument;
    values[0] = GetLastError();
    SetLastError(77);
    values[1] = GetLastError();
}

static void test_value(void)
{
    case_begin("1.6", "one value for each thread");
    static const DWORD values[] = {0, 1, 8, 0x7FFFFFFFu, 0x80000000u, 0xFFFFFFFFu, 0xDEADBEEFu};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        SetLastError(values[i]);
        EXPECT_ERROR("1.6", values[i], "any value of 32 bits: 0x%x", (unsigned)values[i]);
    }
    SetLastError(1234);
    DWORD seen[2] = {99, 99};
    struct worker worker;
    worker_start(&worker, read_last_error, seen);
    worker_join(&worker);
    EXPECT_EQUAL("1.6", 0, seen[0], "a new thread starts with 0");
    EXPECT_EQUAL("1.6", 77, seen[1], "it has a value of its own");
    EXPECT_ERROR("1.6", 1234, "this thread's value is unchanged");
}

static void test_success(void)
{
    case_begin("1.6", "success leaves it alone");
    HANDLE heap = HeapCreate(0, 0, 0);
    SetLastError(SENTINEL);
    void *block = HeapAlloc(heap, HEAP_ZERO_MEMORY, 100);
    EXPECT_ERROR("1.6", SENTINEL, "HeapAlloc");
    block = HeapReAlloc(heap, 0, block, 100000);
    EXPECT_ERROR("1.6", SENTINEL, "HeapReAlloc");
    HeapSize(heap, 0, block);
    EXPECT_ERROR("1.6", SENTINEL, "HeapSize");
    HeapValidate(heap, 0, block);
    HeapValidate(heap, 0, NULL);
    EXPECT_ERROR("1.6", SENTINEL, "HeapValidate");
    HeapLock(heap);
    HeapUnlock(heap);
    EXPECT_ERROR("1.6", SENTINEL, "HeapLock and HeapUnlock");
    HeapFree(heap, 0, block);
    EXPECT_ERROR("1.6", SENTINEL, "HeapFree");
    GetProcessHeap();
    HANDLE heaps[4];
    GetProcessHeaps(4, heaps);
    EXPECT_ERROR("1.6", SENTINEL, "GetProcessHeap and GetProcessHeaps");
    ULONG value = 0;
    HeapQueryInformation(heap, HeapCompatibilityInformation, &value, sizeof(value), NULL);
    EXPECT_ERROR("1.6", SENTINEL, "HeapQueryInformation");
    HeapDestroy(heap);
    EXPECT_ERROR("1.6", SENTINEL, "HeapDestroy");
    HGLOBAL handle = GlobalAlloc(GHND, 100);
    GlobalLock(handle);
    GlobalLock(handle);
    GlobalUnlock(handle);
    GlobalSize(handle);
    GlobalFlags(handle);
    GlobalReAlloc(handle, 200, GMEM_MOVEABLE);
    GlobalFree(handle);
    EXPECT_ERROR("1.6", SENTINEL, "Global functions");
    int local = 0;
    IsBadReadPtr(&local, sizeof(local));
    IsBadReadPtr(NULL, 1);
    EXPECT_ERROR("1.6", SENTINEL, "IsBadReadPtr");
    GetCurrentProcessId();
    GetCurrentProcess();
    EXPECT_ERROR("1.6", SENTINEL, "GetCurrentProcessId");
}

static void test_errno(void)
{
    case_begin("1.6", "errno is another matter");
    HANDLE heap = HeapCreate(0, 0, 0);
    errno = 4321;
    void *block = HeapAlloc(heap, 0, 100);
    HeapFree(heap, 0, HeapAlloc(heap, 0, 0x200000));
    HeapAlloc(heap, 0, ~(SIZE_T)0);
    block = HeapReAlloc(heap, 0, block, 200000);
    HeapFree(heap, 0, block);
    HeapValidate(heap, 0, unmapped_address());
    HeapDestroy(heap);
    HeapDestroy(HeapCreate(0, 0, (SIZE_T)1 << 60));
    GlobalFree(GlobalAlloc(GMEM_MOVEABLE, 0x200000));
    IsBadReadPtr(unmapped_address(), 1);
    EXPECT_EQUAL("1.6", 4321, errno, "it survives success and failure");
    SetLastError(55);
    errno = ENOENT;
    EXPECT_ERROR("1.6", 55, "setting errno leaves the last error alone");
}

static void test_values(void)
{
    case_begin("1.6", "values");
    EXPECT_EQUAL("1.6", 0, ERROR_SUCCESS, "ERROR_SUCCESS");
    EXPECT_EQUAL("1.6", 0, NO_ERROR, "NO_ERROR");
    EXPECT_EQUAL("1.6", 5, ERROR_ACCESS_DENIED, "ERROR_ACCESS_DENIED");
    EXPECT_EQUAL("1.6", 6, ERROR_INVALID_HANDLE, "ERROR_INVALID_HANDLE");
    EXPECT_EQUAL("1.6", 8, ERROR_NOT_ENOUGH_MEMORY, "ERROR_NOT_ENOUGH_MEMORY");
    EXPECT_EQUAL("1.6", 18, ERROR_NO_MORE_FILES, "ERROR_NO_MORE_FILES");
    EXPECT_EQUAL("1.6", 24, ERROR_BAD_LENGTH, "ERROR_BAD_LENGTH");
    EXPECT_EQUAL("1.6", 31, ERROR_GEN_FAILURE, "ERROR_GEN_FAILURE");
    EXPECT_EQUAL("1.6", 87, ERROR_INVALID_PARAMETER, "ERROR_INVALID_PARAMETER");
    EXPECT_EQUAL("1.6", 120, ERROR_CALL_NOT_IMPLEMENTED, "ERROR_CALL_NOT_IMPLEMENTED");
    EXPECT_EQUAL("1.6", 122, ERROR_INSUFFICIENT_BUFFER, "ERROR_INSUFFICIENT_BUFFER");
    EXPECT_EQUAL("1.6", 157, ERROR_DISCARDED, "ERROR_DISCARDED");
    EXPECT_EQUAL("1.6", 158, ERROR_NOT_LOCKED, "ERROR_NOT_LOCKED");
    EXPECT_EQUAL("1.6", 259, ERROR_NO_MORE_ITEMS, "ERROR_NO_MORE_ITEMS");
    EXPECT_EQUAL("1.6", 288, ERROR_NOT_OWNER, "ERROR_NOT_OWNER");
    EXPECT_EQUAL("1.6", 299, ERROR_PARTIAL_COPY, "ERROR_PARTIAL_COPY");
    EXPECT_EQUAL("1.6", 998, ERROR_NOACCESS, "ERROR_NOACCESS");
    EXPECT_EQUAL("1.6", 1359, ERROR_INTERNAL_ERROR, "ERROR_INTERNAL_ERROR");
    EXPECT_EQUAL("1.6", 1455, ERROR_COMMITMENT_LIMIT, "ERROR_COMMITMENT_LIMIT");
    EXPECT_EQUAL("2.5", 0xC0000017u, (DWORD)STATUS_NO_MEMORY, "STATUS_NO_MEMORY");
    EXPECT_EQUAL("2.5", 0xC0000005u, (DWORD)STATUS_ACCESS_VIOLATION, "STATUS_ACCESS_VIOLATION");
}

int main(void)
{
    test_value();
    test_success();
    test_errno();
    test_values();
    return conformance_finish();
}
