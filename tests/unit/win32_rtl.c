// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Native functions that have no Win32 counterpart: sizes of RtlCreateHeap, user values, all heaps,
// statuses.

#include "check.h"

#include "win32/flags.h"

#include <unistd.h>
#include <windows.h>
#include <winternl.h>

static SIZE_T max_reserve(HANDLE heap)
{
    HEAP_SUMMARY summary = {.cb = sizeof(summary)};
    ASSERT_TRUE(HeapSummary(heap, 0, &summary));
    return summary.cbMaxReserve;
}

// Creates, asks for the maximum, destroys.
static SIZE_T maximum_of(
    ULONG flags, SIZE_T reserve, SIZE_T commit, PRTL_HEAP_PARAMETERS parameters)
{
    HANDLE heap = RtlCreateHeap(flags, NULL, reserve, commit, NULL, parameters);
    ASSERT_NOT_NULL(heap);
    SIZE_T maximum = max_reserve(heap);
    EXPECT_POINTER(RtlDestroyHeap(heap), NULL);
    return maximum;
}

// Section 9: what is not given follows from what is.
static void test_create_sizes(void)
{
    const SIZE_T page = (SIZE_T)sysconf(_SC_PAGESIZE);
    EXPECT_SIZE(maximum_of(0, 0, 0, NULL), 64 * page);
    EXPECT_SIZE(maximum_of(0, 0, 17 * page, NULL), 32 * page);
    EXPECT_SIZE(maximum_of(0, 0, 1, NULL), 16 * page);
    EXPECT_SIZE(maximum_of(0, 40 * page, 0, NULL), 40 * page);
    EXPECT_SIZE(maximum_of(0, 40 * page, 80 * page, NULL), 40 * page);
    EXPECT_SIZE(maximum_of(HEAP_GROWABLE, 40 * page, 0, NULL), SIZE_MAX);
    RTL_HEAP_PARAMETERS parameters = {.Length = sizeof(parameters), .InitialReserve = 48 * page};
    EXPECT_SIZE(maximum_of(0, 0, 0, &parameters), 48 * page);
    EXPECT_SIZE(maximum_of(0, 40 * page, 0, &parameters), 40 * page);
    parameters.Length = 1;
    EXPECT_SIZE(maximum_of(0, 0, 0, &parameters), 64 * page);
}

static NTSTATUS commit_nothing(PVOID base, PVOID *address, PSIZE_T size)
{
    *address = base;
    *size = 0;
    return STATUS_NO_MEMORY;
}

static void test_create_refusals(void)
{
    static char memory[0x20000];
    RTL_HEAP_PARAMETERS parameters = {
        .Length = sizeof(parameters), .CommitRoutine = commit_nothing};
    EXPECT_POINTER(RtlCreateHeap(0, memory, sizeof(memory), 0x1000, NULL, NULL), NULL);
    EXPECT_POINTER(RtlCreateHeap(HEAP_GROWABLE, NULL, 0, 0, memory, NULL), NULL);
    EXPECT_POINTER(RtlCreateHeap(0, NULL, 0, 0, NULL, &parameters), NULL);
    EXPECT_POINTER(RtlCreateHeap(0, NULL, SIZE_MAX, 0, NULL, NULL), NULL);
    EXPECT_POINTER(RtlCreateHeap(0, NULL, 0, SIZE_MAX, NULL, NULL), NULL);
}

// At this level the debug checks are the caller's to choose.
static void test_create_with_checks(void)
{
    HANDLE heap = RtlCreateHeap(HEAP_GROWABLE | HEAP_TAIL_CHECKING_ENABLED, NULL, 0, 0, NULL, NULL);
    ASSERT_NOT_NULL(heap);
    EXPECT_SIZE(flags_stored(heap) & HEAP_TAIL_CHECKING_ENABLED, HEAP_TAIL_CHECKING_ENABLED);
    volatile unsigned char *block = RtlAllocateHeap(heap, 0, 20);
    EXPECT_SIZE(block[20], 0xAB);
    EXPECT_SIZE(block[35], 0xAB);
    block[20] = 0;
    EXPECT_FALSE(RtlValidateHeap(heap, 0, (void *)(uintptr_t)block));
    EXPECT_FALSE(RtlValidateHeap(heap, 0, NULL));
    EXPECT_FALSE(RtlFreeHeap(heap, 0, (void *)(uintptr_t)block));
    EXPECT_SIZE(GetLastError(), ERROR_INVALID_PARAMETER);
    block[20] = 0xAB;
    EXPECT_TRUE(RtlValidateHeap(heap, 0, NULL));
    EXPECT_TRUE(RtlFreeHeap(heap, 0, (void *)(uintptr_t)block));
    RtlDestroyHeap(heap);
}

// What RtlGetUserInfoHeap() leaves in a value that it does not write.
#define UNTOUCHED ((PVOID)0xDEAD)

static void expect_user_info(HANDLE heap, void *block, PVOID expected_value, ULONG expected_flags)
{
    PVOID value = UNTOUCHED;
    ULONG flags = 0xDEAD;
    EXPECT_TRUE(RtlGetUserInfoHeap(heap, 0, block, &value, &flags));
    EXPECT_POINTER(value, expected_value);
    EXPECT_SIZE(flags, expected_flags);
    EXPECT_TRUE(RtlGetUserInfoHeap(heap, 0, block, NULL, NULL));
}

static void test_user_values(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    void *plain = HeapAlloc(heap, 0, 10);
    expect_user_info(heap, plain, UNTOUCHED, 0);
    EXPECT_FALSE(RtlSetUserValueHeap(heap, 0, plain, plain));
    EXPECT_SIZE(GetLastError(), ERROR_INVALID_PARAMETER);
    EXPECT_TRUE(RtlSetUserFlagsHeap(heap, 0, plain, 0, 0x200));
    expect_user_info(heap, plain, UNTOUCHED, 0x200);
    void *block = HeapAlloc(heap, 0xD00, 10);
    expect_user_info(heap, block, NULL, 0xC00);
    EXPECT_TRUE(RtlSetUserFlagsHeap(heap, 0, block, 0x400, 0x200));
    expect_user_info(heap, block, NULL, 0xA00);
    EXPECT_TRUE(RtlSetUserValueHeap(heap, 0, block, heap));
    expect_user_info(heap, block, heap, 0xA00);
    const ULONG wrong[] = {0x100, 0x1000, 0x1, 0x80000000, 0xF00};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        SetLastError(0);
        EXPECT_FALSE(RtlSetUserFlagsHeap(heap, 0, block, wrong[i], 0));
        EXPECT_SIZE(GetLastError(), ERROR_INVALID_PARAMETER);
        EXPECT_FALSE(RtlSetUserFlagsHeap(heap, 0, block, 0, wrong[i]));
    }
    // They follow the block, and flags of a resize are added.
    block = HeapReAlloc(heap, 0, block, 500000);
    expect_user_info(heap, block, heap, 0xA00);
    block = HeapReAlloc(heap, 0x400, block, 20);
    expect_user_info(heap, block, heap, 0xE00);
    EXPECT_TRUE(HeapFree(heap, 0, block));
    EXPECT_FALSE(RtlGetUserInfoHeap(heap, 0, block, NULL, NULL));
    EXPECT_SIZE(GetLastError(), ERROR_INVALID_PARAMETER);
    // A new block in the same place has none.
    for (size_t i = 0; i < 100; i++) {
        expect_user_info(heap, HeapAlloc(heap, 0, 20), UNTOUCHED, 0);
    }
    HeapDestroy(heap);
}

struct enumeration {
    unsigned count;
    PVOID last;
    NTSTATUS result;
};

static NTSTATUS NTAPI count_heap(PVOID heap, PVOID parameter)
{
    struct enumeration *enumeration = parameter;
    enumeration->count++;
    enumeration->last = heap;
    return enumeration->result;
}

static void test_all_heaps(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    struct enumeration all = {.result = STATUS_SUCCESS};
    EXPECT_SIZE((uint64_t)RtlEnumProcessHeaps(count_heap, &all), STATUS_SUCCESS);
    EXPECT_SIZE(all.count, GetProcessHeaps(0, NULL));
    EXPECT_POINTER(all.last, heap);
    struct enumeration first = {.result = STATUS_UNSUCCESSFUL};
    EXPECT_TRUE(RtlEnumProcessHeaps(count_heap, &first) == STATUS_UNSUCCESSFUL);
    EXPECT_SIZE(first.count, 1);
    EXPECT_POINTER(first.last, GetProcessHeap());
    EXPECT_TRUE(RtlEnumProcessHeaps(NULL, NULL) == STATUS_INVALID_PARAMETER);
    EXPECT_TRUE(RtlValidateProcessHeaps());
    PVOID heaps[16];
    EXPECT_SIZE(RtlGetProcessHeaps(16, heaps), all.count);
    EXPECT_POINTER(heaps[0], GetProcessHeap());
    HeapAlloc(heap, 0, 1000);
    RTL_HEAP_USAGE usage = {.Length = sizeof(usage)};
    EXPECT_SIZE((uint64_t)RtlUsageHeap(heap, 0, &usage), STATUS_SUCCESS);
    EXPECT_SIZE(usage.BytesAllocated, 1000);
    EXPECT_AT_LEAST(usage.BytesReserved, usage.BytesCommitted);
    EXPECT_AT_LEAST(usage.BytesCommitted, 1000);
    usage.Length = 8;
    EXPECT_TRUE(RtlUsageHeap(heap, 0, &usage) == STATUS_INFO_LENGTH_MISMATCH);
    HeapDestroy(heap);
}

// 1.6.
static void test_statuses(void)
{
    EXPECT_SIZE(RtlNtStatusToDosError(0), 0);
    EXPECT_SIZE(RtlNtStatusToDosError((NTSTATUS)0xC0000017), 8);
    EXPECT_SIZE(RtlNtStatusToDosError((NTSTATUS)0xC0000005), 998);
    EXPECT_SIZE(RtlNtStatusToDosError((NTSTATUS)0xC0000008), 6);
    EXPECT_SIZE(RtlNtStatusToDosError((NTSTATUS)0xC000000D), 87);
    EXPECT_SIZE(RtlNtStatusToDosError((NTSTATUS)0x8000001A), 259);
    EXPECT_SIZE(RtlNtStatusToDosError((NTSTATUS)0xC0000023), 122);
    EXPECT_SIZE(RtlNtStatusToDosError((NTSTATUS)0xC0000003), 87);
    EXPECT_SIZE(RtlNtStatusToDosError((NTSTATUS)0xC0000001), 31);
    EXPECT_SIZE(RtlNtStatusToDosError((NTSTATUS)0xC0000004), 24);
    EXPECT_SIZE(RtlNtStatusToDosError((NTSTATUS)0xC0000264), 288);
    EXPECT_SIZE(RtlNtStatusToDosError((NTSTATUS)0xC0000374), 1359);
    EXPECT_SIZE(RtlNtStatusToDosError((NTSTATUS)0xC000000B), 87);
    EXPECT_SIZE(RtlNtStatusToDosError((NTSTATUS)0xC0070005), 5);
    EXPECT_SIZE(RtlNtStatusToDosError((NTSTATUS)0xC0DEC0DE), 317);
}

// Functions without an effect say so and harm nothing.
static void test_not_offered(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    void *block = HeapAlloc(heap, HEAP_ZERO_MEMORY, 100);
    EXPECT_TRUE(RtlZeroHeap(heap, 0) == STATUS_NOT_IMPLEMENTED);
    EXPECT_TRUE(RtlExtendHeap(heap, 0, heap, 0x10000) == STATUS_NOT_IMPLEMENTED);
    EXPECT_TRUE(RtlQueryProcessHeapInformation(heap) == STATUS_NOT_IMPLEMENTED);
    EXPECT_SIZE(RtlCreateTagHeap(heap, 0, NULL, NULL), 0);
    EXPECT_TRUE(RtlQueryTagHeap(heap, 0, 1, FALSE, NULL) == NULL);
    RtlProtectHeap(heap, TRUE);
    EXPECT_TRUE(HeapFree(heap, 0, block));
    EXPECT_TRUE(HeapValidate(heap, 0, NULL));
    HeapDestroy(heap);
}

int main(void)
{
    test_create_sizes();
    test_create_refusals();
    test_create_with_checks();
    test_user_values();
    test_all_heaps();
    test_statuses();
    test_not_offered();
    return test_result();
}
