// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Types, structures, constants and small macros: win32-heap.md 1.1, 1.2, 1.5, 1.7, 2.1, 13.2, 13.3.

#include "rtl.h"

#include <intsafe.h>

#if defined(_WIN32) && !defined(SIZETMult)
#define SIZETMult SizeTMult // the older spelling
#endif

// The words that must parse where Windows programs put them (1.2).
static int __cdecl words_cdecl(void);
static int __stdcall words_stdcall(IN int value, OUT int *result OPTIONAL);
static VOID WINAPI words_winapi(CONST VOID *pointer, char FAR *target);

static int __cdecl words_cdecl(void)
{
    return 3;
}

static int __stdcall words_stdcall(IN int value, OUT int *result OPTIONAL)
{
    *result = value + 1;
    return value;
}

static VOID WINAPI words_winapi(CONST VOID *pointer, char FAR *target)
{
    UNREFERENCED_PARAMETER(pointer);
    *target = 'w';
}

#define IS_UNSIGNED(type) ((type)-1 > (type)0)

static void test_sizes(void)
{
    case_begin("1.1", "integer types");
    static const struct {
        size_t expected, actual;
        const char *name;
    } sizes[] = {
        {1, sizeof(BYTE), "BYTE"},
        {1, sizeof(UCHAR), "UCHAR"},
        {1, sizeof(BOOLEAN), "BOOLEAN"},
        {1, sizeof(CHAR), "CHAR"},
        {2, sizeof(WORD), "WORD"},
        {2, sizeof(USHORT), "USHORT"},
        {2, sizeof(SHORT), "SHORT"},
        {4, sizeof(DWORD), "DWORD"},
        {4, sizeof(ULONG), "ULONG"},
        {4, sizeof(LONG), "LONG"},
        {4, sizeof(INT), "INT"},
        {4, sizeof(UINT), "UINT"},
        {4, sizeof(BOOL), "BOOL"},
        {4, sizeof(HRESULT), "HRESULT"},
        {4, sizeof(NTSTATUS), "NTSTATUS"},
        {8, sizeof(LONGLONG), "LONGLONG"},
        {8, sizeof(ULONGLONG), "ULONGLONG"},
        {8, sizeof(DWORDLONG), "DWORDLONG"},
        {8, sizeof(SIZE_T), "SIZE_T"},
        {8, sizeof(SSIZE_T), "SSIZE_T"},
        {8, sizeof(UINT_PTR), "UINT_PTR"},
        {8, sizeof(INT_PTR), "INT_PTR"},
        {8, sizeof(ULONG_PTR), "ULONG_PTR"},
        {8, sizeof(LONG_PTR), "LONG_PTR"},
        {8, sizeof(DWORD_PTR), "DWORD_PTR"},
        {8, sizeof(HANDLE), "HANDLE"},
        {8, sizeof(HGLOBAL), "HGLOBAL"},
        {8, sizeof(HLOCAL), "HLOCAL"},
        {8, sizeof(PVOID), "PVOID"},
        {8, sizeof(LPVOID), "LPVOID"},
        {8, sizeof(PHANDLE), "PHANDLE"},
        {8, sizeof(LPDWORD), "LPDWORD"},
        {8, sizeof(FARPROC), "FARPROC"},
        {4, sizeof(DWORD32), "DWORD32"},
        {8, sizeof(DWORD64), "DWORD64"},
        {4, sizeof(HEAP_INFORMATION_CLASS), "HEAP_INFORMATION_CLASS"},
    };
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        EXPECT_EQUAL("1.1", sizes[i].expected, sizes[i].actual, "sizeof(%s)", sizes[i].name);
    }
    static const struct {
        bool expected, actual;
        const char *name;
    } signs[] = {
        {true, IS_UNSIGNED(BYTE), "BYTE"},
        {true, IS_UNSIGNED(BOOLEAN), "BOOLEAN"},
        {true, IS_UNSIGNED(WORD), "WORD"},
        {true, IS_UNSIGNED(DWORD), "DWORD"},
        {true, IS_UNSIGNED(ULONG), "ULONG"},
        {true, IS_UNSIGNED(UINT), "UINT"},
        {true, IS_UNSIGNED(SIZE_T), "SIZE_T"},
        {true, IS_UNSIGNED(ULONG_PTR), "ULONG_PTR"},
        {false, IS_UNSIGNED(LONG), "LONG"},
        {false, IS_UNSIGNED(BOOL), "BOOL"},
        {false, IS_UNSIGNED(HRESULT), "HRESULT"},
        {false, IS_UNSIGNED(NTSTATUS), "NTSTATUS"},
        {false, IS_UNSIGNED(LONG_PTR), "LONG_PTR"},
        {false, IS_UNSIGNED(SSIZE_T), "SSIZE_T"},
        {false, IS_UNSIGNED(LONGLONG), "LONGLONG"},
    };
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        EXPECT("1.1", signs[i].expected == signs[i].actual, "%s is %s", signs[i].name,
            signs[i].expected ? "unsigned" : "signed");
    }
    const long long *wide = (const LONGLONG *)NULL;
    EXPECT("1.1", wide == NULL, "LONGLONG is long long");
    EXPECT_EQUAL("1.1", 1, TRUE, "TRUE");
    EXPECT_EQUAL("1.1", 0, FALSE, "FALSE");
    EXPECT("1.1", INVALID_HANDLE_VALUE == (HANDLE)(LONG_PTR)-1, "INVALID_HANDLE_VALUE is -1");
    OBSERVE("1.5 sizeof(WCHAR)", "%u", (unsigned)sizeof(WCHAR));
}

static void test_conversions(void)
{
    case_begin("1.1", "conversions between handles and integers");
    EXPECT("1.1", LongToHandle(-1) == INVALID_HANDLE_VALUE, "LongToHandle extends the sign");
    EXPECT("1.1", ULongToHandle(0xFFFFFFFFu) == (HANDLE)(uintptr_t)0xFFFFFFFFu,
        "ULongToHandle extends with zeroes");
    EXPECT_EQUAL("1.1", 0x9ABCDEF0u, HandleToULong((HANDLE)(uintptr_t)0x123456789ABCDEF0u),
        "HandleToULong takes the low half");
    EXPECT("1.1", HandleToLong((HANDLE)(uintptr_t)0x12345678FFFFFFFEu) == -2,
        "HandleToLong takes the low half, signed");
    EXPECT_EQUAL("1.1", 0x9ABCDEF0u, PtrToUlong((void *)(uintptr_t)0x123456789ABCDEF0u),
        "PtrToUlong takes the low half");
    EXPECT("1.1", PtrToLong((void *)(uintptr_t)0xFFFFFFFFu) == -1,
        "PtrToLong takes the low half, signed");
    EXPECT("1.1", IntToPtr(-1) == (void *)(intptr_t)-1, "IntToPtr extends the sign");
    EXPECT("1.1", UIntToPtr(0xFFFFFFFFu) == (void *)(uintptr_t)0xFFFFFFFFu,
        "UIntToPtr extends with zeroes");
}

static void test_words(void)
{
    case_begin("1.2", "calling conventions and decoration");
    int result = 0;
    char target = 0;
    words_winapi(&result, &target);
    EXPECT("1.2",
        words_cdecl() == 3 && words_stdcall(4, &result) == 4 && result == 5 && target == 'w',
        "functions with __cdecl, __stdcall, WINAPI, IN, OUT, OPTIONAL, CONST, FAR");
    PROCESS_HEAP_ENTRY entry = {0};
    entry.Block.hMem = &entry;
    EXPECT("1.2",
        (void *)((char *)&entry + 16) == &entry.Block.hMem &&
            entry.Region.dwCommittedSize == PtrToUlong(&entry),
        "members of the anonymous union are reached without its name");
}

static void test_structures(void)
{
    case_begin("13.3", "sizes of structures");
    EXPECT_EQUAL("13.3", 40, sizeof(PROCESS_HEAP_ENTRY), "PROCESS_HEAP_ENTRY");
    EXPECT_EQUAL("13.3", 40, sizeof(HEAP_SUMMARY), "HEAP_SUMMARY");
    EXPECT_EQUAL("13.3", 96, sizeof(RTL_HEAP_PARAMETERS), "RTL_HEAP_PARAMETERS");
    EXPECT_EQUAL("13.3", 48, sizeof(RTL_HEAP_WALK_ENTRY), "RTL_HEAP_WALK_ENTRY");
    EXPECT_EQUAL("13.3", 56, sizeof(MEMORYSTATUS), "MEMORYSTATUS");
    EXPECT_EQUAL("13.3", 64, sizeof(MEMORYSTATUSEX), "MEMORYSTATUSEX");
    const RTL_HEAP_PARAMETERS parameters = {0};
    const char *base = (const char *)&parameters;
    EXPECT_EQUAL("9", 8, (const char *)&parameters.SegmentReserve - base,
        "offset of RTL_HEAP_PARAMETERS.SegmentReserve");
    EXPECT_EQUAL("9", 56, (const char *)&parameters.InitialCommit - base,
        "offset of RTL_HEAP_PARAMETERS.InitialCommit");
    EXPECT_EQUAL("9", 72, (const char *)&parameters.CommitRoutine - base,
        "offset of RTL_HEAP_PARAMETERS.CommitRoutine");
    LPPROCESS_HEAP_ENTRY long_pointer = NULL;
    PPROCESS_HEAP_ENTRY pointer = long_pointer;
    EXPECT("13.3", pointer == NULL, "LPPROCESS_HEAP_ENTRY and PPROCESS_HEAP_ENTRY are one type");
}

static void test_flags(void)
{
    case_begin("2.1", "flag values");
    static const struct {
        DWORD expected, actual;
        const char *name;
    } values[] = {
        {0x1, HEAP_NO_SERIALIZE, "HEAP_NO_SERIALIZE"},
        {0x2, HEAP_GROWABLE, "HEAP_GROWABLE"},
        {0x4, HEAP_GENERATE_EXCEPTIONS, "HEAP_GENERATE_EXCEPTIONS"},
        {0x8, HEAP_ZERO_MEMORY, "HEAP_ZERO_MEMORY"},
        {0x10, HEAP_REALLOC_IN_PLACE_ONLY, "HEAP_REALLOC_IN_PLACE_ONLY"},
        {0x20, HEAP_TAIL_CHECKING_ENABLED, "HEAP_TAIL_CHECKING_ENABLED"},
        {0x40, HEAP_FREE_CHECKING_ENABLED, "HEAP_FREE_CHECKING_ENABLED"},
        {0x80, HEAP_DISABLE_COALESCE_ON_FREE, "HEAP_DISABLE_COALESCE_ON_FREE"},
        {0x10000, HEAP_CREATE_ALIGN_16, "HEAP_CREATE_ALIGN_16"},
        {0x20000, HEAP_CREATE_ENABLE_TRACING, "HEAP_CREATE_ENABLE_TRACING"},
        {0x40000, HEAP_CREATE_ENABLE_EXECUTE, "HEAP_CREATE_ENABLE_EXECUTE"},
        {0xFFF, HEAP_MAXIMUM_TAG, "HEAP_MAXIMUM_TAG"},
        {0x8000, HEAP_PSEUDO_TAG_FLAG, "HEAP_PSEUDO_TAG_FLAG"},
        {18, HEAP_TAG_SHIFT, "HEAP_TAG_SHIFT"},
        {0x1, PROCESS_HEAP_REGION, "PROCESS_HEAP_REGION"},
        {0x2, PROCESS_HEAP_UNCOMMITTED_RANGE, "PROCESS_HEAP_UNCOMMITTED_RANGE"},
        {0x4, PROCESS_HEAP_ENTRY_BUSY, "PROCESS_HEAP_ENTRY_BUSY"},
        {0x8, PROCESS_HEAP_SEG_ALLOC, "PROCESS_HEAP_SEG_ALLOC"},
        {0x10, PROCESS_HEAP_ENTRY_MOVEABLE, "PROCESS_HEAP_ENTRY_MOVEABLE"},
        {0x20, PROCESS_HEAP_ENTRY_DDESHARE, "PROCESS_HEAP_ENTRY_DDESHARE"},
        {0, HeapCompatibilityInformation, "HeapCompatibilityInformation"},
        {1, HeapEnableTerminationOnCorruption, "HeapEnableTerminationOnCorruption"},
        {260, MAX_PATH, "MAX_PATH"},
    };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        EXPECT_EQUAL("2.1", values[i].expected, values[i].actual, "%s", values[i].name);
    }
}

static void test_memory_macros(void)
{
    case_begin("1.7", "memory macros");
    unsigned char bytes[64];
    FillMemory(bytes, sizeof(bytes), 0x5A);
    EXPECT("1.7", is_filled(bytes, 0x5A, 64), "FillMemory: length, then value");
    ZeroMemory(bytes + 8, 8);
    EXPECT("1.7",
        is_filled(bytes + 8, 0, 8) && is_filled(bytes, 0x5A, 8) && is_filled(bytes + 16, 0x5A, 48),
        "ZeroMemory");
    CopyMemory(bytes + 32, bytes + 8, 8);
    EXPECT("1.7", is_filled(bytes + 32, 0, 8), "CopyMemory");
    pattern_write(bytes, 64, 1);
    MoveMemory(bytes + 1, bytes, 63);
    EXPECT("1.7", pattern_matches(bytes + 1, 63, 1), "MoveMemory, overlapping");
    EXPECT(
        "1.7", SecureZeroMemory(bytes, 64) == bytes && is_filled(bytes, 0, 64), "SecureZeroMemory");
    RtlFillMemory(bytes, 4, 1);
    RtlZeroMemory(bytes + 1, 1);
    RtlCopyMemory(bytes + 4, bytes, 4);
    RtlMoveMemory(bytes + 5, bytes + 4, 4);
    EXPECT("1.7", bytes[4] == 1 && bytes[5] == 1 && bytes[6] == 0 && bytes[7] == 1,
        "RtlFillMemory, RtlZeroMemory, RtlCopyMemory, RtlMoveMemory");
}

static void test_intsafe(void)
{
    case_begin("1.7", "SIZETMult");
    SIZE_T product = 0;
    EXPECT_EQUAL("1.7", 0, SIZETMult(100, sizeof(HANDLE), &product), "100 * 8: S_OK");
    EXPECT_EQUAL("1.7", 800, product, "100 * 8: the product");
    EXPECT_EQUAL("1.7", 0, SIZETMult(0, ~(SIZE_T)0, &product), "0 * ~0: S_OK");
    EXPECT_EQUAL("1.7", 0, product, "0 * ~0: the product");
    EXPECT_EQUAL(
        "1.7", 0, SIZETMult((SIZE_T)1 << 32, 0xFFFFFFFFu, &product), "2^32 * 0xFFFFFFFF: S_OK");
    EXPECT_EQUAL("1.7", 0xFFFFFFFF00000000u, product, "2^32 * 0xFFFFFFFF: the product");
    EXPECT_EQUAL("1.7", 0x80070216u, (DWORD)SIZETMult((SIZE_T)1 << 32, (SIZE_T)1 << 32, &product),
        "2^32 * 2^32: 0x80070216");
    OBSERVE("1.7 product after an overflow is ~0", "%d", product == ~(SIZE_T)0);
    EXPECT_EQUAL(
        "1.7", 0x80070216u, (DWORD)SIZETMult(~(SIZE_T)0, 2, &product), "~0 * 2: 0x80070216");
    EXPECT_EQUAL(
        "1.7", 0x80070216u, (DWORD)INTSAFE_E_ARITHMETIC_OVERFLOW, "INTSAFE_E_ARITHMETIC_OVERFLOW");
    EXPECT_EQUAL("1.7", 0, S_OK, "S_OK");
}

static void test_process(void)
{
    case_begin("1.7", "process and system");
    EXPECT("1.7", GetCurrentProcessId() != 0, "GetCurrentProcessId");
    EXPECT("1.7", GetCurrentProcess() == (HANDLE)(LONG_PTR)-1,
        "GetCurrentProcess is the pseudo handle");
    SYSTEM_INFO info;
    GetSystemInfo(&info);
    EXPECT("1.7", info.dwPageSize >= 4096 && (info.dwPageSize & (info.dwPageSize - 1)) == 0,
        "GetSystemInfo: a page size");
    EXPECT("1.7", info.dwNumberOfProcessors >= 1, "GetSystemInfo: processors");
    EXPECT_EQUAL("1.7", 0x10000, info.dwAllocationGranularity,
        "GetSystemInfo: addresses are given in steps of 64 KiB");
}

int main(void)
{
    test_sizes();
    test_conversions();
    test_words();
    test_structures();
    test_flags();
    test_memory_macros();
    test_intsafe();
    test_process();
    return conformance_finish();
}
