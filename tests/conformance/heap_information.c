// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// HeapQueryInformation and HeapSetInformation: win32-heap.md 5.

#include "conformance.h"

// The classes by number, because older headers name only the first two.
#define CLASS_COMPATIBILITY ((HEAP_INFORMATION_CLASS)0)
#define CLASS_TERMINATION ((HEAP_INFORMATION_CLASS)1)
#define CLASS_OPTIMIZE ((HEAP_INFORMATION_CLASS)3)
#define CLASS_UNKNOWN ((HEAP_INFORMATION_CLASS)0x1234)

static ULONG compatibility(HANDLE heap)
{
    ULONG value = 0xCCCCCCCCu;
    return HeapQueryInformation(heap, CLASS_COMPATIBILITY, &value, sizeof(value), NULL)
               ? value
               : 0xFFFFFFFFu;
}

static void test_query(void)
{
    case_begin("5.1", "HeapQueryInformation, compatibility");
    HANDLE heap = HeapCreate(0, 0, 0);
    ULONG values[2] = {0xCCCCCCCCu, 0xCCCCCCCCu};
    SIZE_T length = 0x55;
    SetLastError(SENTINEL);
    EXPECT("5.1", HeapQueryInformation(heap, CLASS_COMPATIBILITY, values, 4, &length) != FALSE,
        "buffer of 4: TRUE");
    EXPECT_ERROR("1.6", SENTINEL, "buffer of 4: the last error is left alone");
    EXPECT_EQUAL("5.1", 0, values[0], "a new heap: 0");
    EXPECT_EQUAL("5.1", 0xCCCCCCCCu, values[1], "nothing is written behind it");
    EXPECT_EQUAL("5.1", 4, length, "retLen is 4");
    values[0] = 0xCCCCCCCCu;
    length = 0x55;
    EXPECT("5.1", HeapQueryInformation(heap, CLASS_COMPATIBILITY, values, 5, &length) != FALSE,
        "buffer of 5: TRUE");
    EXPECT_EQUAL("5.1", 0, values[0], "buffer of 5: 0");
    EXPECT_EQUAL("5.1", 4, length, "buffer of 5: retLen is 4");
    EXPECT("5.1", HeapQueryInformation(heap, CLASS_COMPATIBILITY, values, 4, NULL) != FALSE,
        "retLen may be NULL");
    for (SIZE_T size = 0; size < 4; size++) {
        values[0] = 0xCCCCCCCCu;
        length = 0x55;
        SetLastError(SENTINEL);
        EXPECT_EQUAL("5.1", FALSE,
            HeapQueryInformation(heap, CLASS_COMPATIBILITY, values, size, &length),
            "buffer of %u: FALSE", (unsigned)size);
        EXPECT_ERROR("5.1", ERROR_INSUFFICIENT_BUFFER, "buffer of %u: 122", (unsigned)size);
        EXPECT_EQUAL("5.1", 4, length, "buffer of %u: retLen is 4", (unsigned)size);
        EXPECT_EQUAL(
            "5.1", 0xCCCCCCCCu, values[0], "buffer of %u: nothing is written", (unsigned)size);
    }
    length = 0x55;
    SetLastError(SENTINEL);
    EXPECT_EQUAL("5.1", FALSE, HeapQueryInformation(heap, CLASS_COMPATIBILITY, NULL, 0, &length),
        "no buffer: FALSE");
    EXPECT_ERROR("5.1", ERROR_INSUFFICIENT_BUFFER, "no buffer: 122");
    EXPECT_EQUAL("5.1", 4, length, "no buffer: retLen is 4");
    SetLastError(SENTINEL);
    EXPECT_EQUAL("5.1", FALSE, HeapQueryInformation(heap, CLASS_COMPATIBILITY, NULL, 0, NULL),
        "nothing at all: FALSE");
    EXPECT_ERROR("5.1", ERROR_INSUFFICIENT_BUFFER, "nothing at all: 122");

    length = 0x55;
    SetLastError(SENTINEL);
    EXPECT_EQUAL("5.1", FALSE, HeapQueryInformation(NULL, CLASS_COMPATIBILITY, values, 4, &length),
        "heap NULL: FALSE");
    EXPECT_ERROR("5.1", ERROR_NOACCESS, "heap NULL: 998");
    EXPECT_EQUAL("5.1", 0x55, length, "heap NULL: retLen is untouched");
    HeapDestroy(heap);
}

static void test_set(void)
{
    case_begin("5.1", "HeapSetInformation, compatibility");
    HANDLE heap = HeapCreate(0, 0, 0);
    ULONG value = 2;
    SetLastError(SENTINEL);
    EXPECT("5.1", HeapSetInformation(heap, CLASS_COMPATIBILITY, &value, sizeof(value)) != FALSE,
        "2: TRUE");
    EXPECT_ERROR("1.6", SENTINEL, "2: the last error is left alone");
    EXPECT_EQUAL("5.1", 2, compatibility(heap), "the query gives 2");
    EXPECT("5.1", HeapSetInformation(heap, CLASS_COMPATIBILITY, &value, sizeof(value)) != FALSE,
        "2 again: TRUE");
    for (value = 0; value < 2; value++) {
        SetLastError(SENTINEL);
        EXPECT_EQUAL("5.1", FALSE,
            HeapSetInformation(heap, CLASS_COMPATIBILITY, &value, sizeof(value)),
            "once 2, setting %u: FALSE", (unsigned)value);
        EXPECT_ERROR("5.1", ERROR_GEN_FAILURE, "once 2, setting %u: 31", (unsigned)value);
        EXPECT_EQUAL("5.1", 2, compatibility(heap), "once 2, setting %u: the value stays 2",
            (unsigned)value);
    }
    HeapDestroy(heap);

    void *block = HeapAlloc(GetProcessHeap(), 0, 100);
    value = 2;
    EXPECT("5.1",
        HeapSetInformation(GetProcessHeap(), CLASS_COMPATIBILITY, &value, sizeof(value)) != FALSE,
        "the process heap accepts 2");
    EXPECT_EQUAL("5.1", 2, compatibility(GetProcessHeap()), "and the query gives 2");
    EXPECT("5.1", HeapFree(GetProcessHeap(), 0, block) != FALSE, "older blocks are freed as ever");
}

static void test_activation(void)
{
    case_begin("5.1", "activation by use");
    HANDLE heap = HeapCreate(0, 0, 0);
    void *blocks[18];
    for (int i = 0; i < 18; i++) {
        blocks[i] = HeapAlloc(heap, 0, 256);
    }
    for (int i = 0; i < 18; i++) {
        HeapFree(heap, 0, blocks[i]);
    }
    EXPECT_EQUAL("5.1", 2, compatibility(heap),
        "after 18 allocations and frees of one size the query gives 2");
    ULONG value = 0;
    SetLastError(SENTINEL);
    EXPECT_EQUAL("5.1", FALSE, HeapSetInformation(heap, CLASS_COMPATIBILITY, &value, sizeof(value)),
        "switching it off: FALSE");
    EXPECT_ERROR("5.1", ERROR_GEN_FAILURE, "switching it off: 31");
    HeapDestroy(heap);
}

static void test_heaps_without_front_end(void)
{
    case_begin("5.1", "heaps that cannot have the front end");
    HANDLE heaps[2] = {HeapCreate(HEAP_NO_SERIALIZE, 0, 0), HeapCreate(0, 0, 0x40000)};
    static const char *const names[] = {"NO_SERIALIZE", "fixed size"};
    for (int i = 0; i < 2; i++) {
        ULONG value = 2;
        SetLastError(SENTINEL);
        EXPECT_EQUAL("5.1", FALSE,
            HeapSetInformation(heaps[i], CLASS_COMPATIBILITY, &value, sizeof(value)),
            "%s: setting 2: FALSE", names[i]);
        EXPECT_ERROR("5.1", ERROR_GEN_FAILURE, "%s: setting 2: 31", names[i]);
        EXPECT_EQUAL("5.1", 0, compatibility(heaps[i]), "%s: the value stays 0", names[i]);
        HeapDestroy(heaps[i]);
    }
}

static void test_termination(void)
{
    case_begin("5.2", "termination on corruption");
    SetLastError(SENTINEL);
    EXPECT("5.2", HeapSetInformation(NULL, CLASS_TERMINATION, NULL, 0) != FALSE, "heap NULL: TRUE");
    EXPECT("5.2", HeapSetInformation(GetProcessHeap(), CLASS_TERMINATION, NULL, 0) != FALSE,
        "the heap is ignored: TRUE");
    EXPECT_ERROR("1.6", SENTINEL, "the last error is left alone");
    HANDLE heap = HeapCreate(0, 0, 0);
    void *block = HeapAlloc(heap, 0, 100);
    EXPECT("5.2", block != NULL && HeapFree(heap, 0, block), "heaps work on");
    EXPECT("5.2", HeapFree(heap, 0, NULL) != FALSE, "freeing NULL is no corruption");
    EXPECT("5.2", HeapAlloc(heap, 0, ~(SIZE_T)0) == NULL, "running out of memory is no corruption");
    EXPECT("5.2", !HeapValidate(heap, 0, &heap), "asking about a wild pointer is no corruption");
    HeapDestroy(heap);
}

struct optimize { // HEAP_OPTIMIZE_RESOURCES_INFORMATION
    DWORD version;
    DWORD flags;
};

static void test_optimize(void)
{
    case_begin("5.3", "optimize resources");
    HANDLE heap = HeapCreate(0, 0, 0);
    char *keeper = HeapAlloc(heap, 0, 1000);
    pattern_write(keeper, 1000, 1);
    HeapFree(heap, 0, HeapAlloc(heap, 0, 700000));
    struct optimize optimize = {.version = 1};
    SetLastError(SENTINEL);
    EXPECT("5.3", HeapSetInformation(heap, CLASS_OPTIMIZE, &optimize, sizeof(optimize)) != FALSE,
        "one heap: TRUE");
    EXPECT_ERROR("1.6", SENTINEL, "one heap: the last error is left alone");
    EXPECT("5.3", HeapSetInformation(NULL, CLASS_OPTIMIZE, &optimize, sizeof(optimize)) != FALSE,
        "all heaps: TRUE");
    EXPECT("5.3", pattern_matches(keeper, 1000, 1) && HeapValidate(heap, 0, NULL),
        "busy blocks stay as they are");
    EXPECT("5.3", HeapAlloc(heap, HEAP_ZERO_MEMORY, 700000) != NULL, "the heap goes on serving");
    optimize.version = 2;
    SetLastError(SENTINEL);
    EXPECT_EQUAL("5.3", FALSE,
        HeapSetInformation(heap, CLASS_OPTIMIZE, &optimize, sizeof(optimize)), "version 2: FALSE");
    EXPECT_ERROR("5.3", ERROR_INVALID_PARAMETER, "version 2: 87");
    optimize.version = 1;
    SetLastError(SENTINEL);
    EXPECT_EQUAL(
        "5.3", FALSE, HeapSetInformation(heap, CLASS_OPTIMIZE, &optimize, 4), "size 4: FALSE");
    EXPECT_ERROR("5.3", ERROR_INVALID_PARAMETER, "size 4: 87");
    HeapDestroy(heap);
}

static void test_unknown_class(void)
{
    case_begin("5.1", "unknown class");
    HANDLE heap = HeapCreate(0, 0, 0);
    ULONG value = 0;
    SetLastError(SENTINEL);
    EXPECT_EQUAL("5.1", FALSE,
        HeapQueryInformation(heap, CLASS_UNKNOWN, &value, sizeof(value), NULL), "query: FALSE");
    EXPECT_ERROR("5.1", ERROR_INVALID_PARAMETER, "query: 87");
    SetLastError(SENTINEL);
    const BOOL result = HeapSetInformation(heap, CLASS_UNKNOWN, &value, sizeof(value));
    EXPECT_EQUAL("5.1", FALSE, result, "set: FALSE");
    EXPECT_ERROR("5.1", ERROR_INVALID_PARAMETER, "set: 87");
    value = 2;
    SetLastError(SENTINEL);
    EXPECT_EQUAL("5.1", FALSE, HeapSetInformation(heap, CLASS_COMPATIBILITY, &value, 2),
        "compatibility of 2 bytes: FALSE");
    OBSERVE("5.1 last error of a short HeapSetInformation", "%u", (unsigned)GetLastError());
    HeapDestroy(heap);
}

int main(void)
{
    test_query();
    test_set();
    test_activation();
    test_heaps_without_front_end();
    test_optimize();
    test_unknown_class();
    test_termination();
    return conformance_finish();
}
