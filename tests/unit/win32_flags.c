// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Global flags and heap flags: the option's text, what results from it, what a heap remembers.

#include "check.h"
#include "child.h"

#include "win32/flags.h"

#include <halde/heap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <winternl.h>

static void expect_parsed(const char *text, DWORD expected)
{
    DWORD flags = 0xABCDABCD;
    if (!flags_parse(text, &flags)) {
        test_fail(CHECK_HERE, "'%s' was refused", text);
    } else if (flags != expected) {
        test_fail(CHECK_HERE, "'%s' gave 0x%x instead of 0x%x", text, flags, expected);
    }
}

static void expect_refused(const char *text)
{
    DWORD flags = 0xABCDABCD;
    if (flags_parse(text, &flags)) {
        test_fail(CHECK_HERE, "'%s' was accepted as 0x%x", text, flags);
    }
    EXPECT_SIZE(flags, 0xABCDABCD);
}

static void test_parse(void)
{
    expect_parsed("70", 0x70);
    expect_parsed("0x70", 0x70);
    expect_parsed("0X02000070", 0x02000070);
    expect_parsed("ffffFFFF", 0xFFFFFFFF);
    expect_parsed("0", 0);
    expect_parsed("htc", 0x10);
    expect_parsed("hfc", 0x20);
    expect_parsed("hpc", 0x40);
    expect_parsed("hvc", 0x80);
    expect_parsed("vrf", 0x100);
    expect_parsed("htg", 0x800);
    expect_parsed("ust", 0x1000);
    expect_parsed("htd", 0x8000);
    expect_parsed("dhc", 0x200000);
    expect_parsed("hpa", 0x2000000);
    expect_parsed("htc,hfc,hpc", 0x70);
    expect_parsed("hpc,htc,hfc,htc", 0x70);
    const char *const wrong[] = {"", ",", "0x", "0x123456789", "70 ", "xyz", "htc,", ",htc",
        "htc,,hfc", "htc,xyz", "htcx", "ht", "HTC", "htc hfc", "-1", "0x0x1"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        expect_refused(wrong[i]);
    }
}

// win32-heap.md 10.1, last column.
static void test_heap_flags_of_global(void)
{
    EXPECT_SIZE(flags_of_global(0), 0);
    EXPECT_SIZE(flags_of_global(FLG_HEAP_ENABLE_TAIL_CHECK), 0x20);
    EXPECT_SIZE(flags_of_global(FLG_HEAP_ENABLE_FREE_CHECK), 0x40);
    EXPECT_SIZE(flags_of_global(FLG_HEAP_VALIDATE_PARAMETERS), 0x40000060);
    EXPECT_SIZE(flags_of_global(FLG_HEAP_VALIDATE_ALL), 0x20000060);
    EXPECT_SIZE(flags_of_global(FLG_HEAP_ENABLE_TAGGING), 0x04000000);
    EXPECT_SIZE(flags_of_global(FLG_HEAP_DISABLE_COALESCING), 0x80);
    EXPECT_SIZE(flags_of_global(FLG_HEAP_PAGE_ALLOCS), 0x01000000);
    EXPECT_SIZE(flags_of_global(FLG_USER_STACK_TRACE_DB), 0);
    EXPECT_SIZE(flags_of_global(0x70), 0x40000060);
    EXPECT_SIZE(flags_to_checks(0), 0);
    EXPECT_SIZE(flags_to_checks(0x20), HALDE_CHECK_TAIL);
    EXPECT_SIZE(flags_to_checks(0x40), HALDE_CHECK_FREE);
    EXPECT_SIZE(
        flags_to_checks(0x20000060), HALDE_CHECK_TAIL | HALDE_CHECK_FREE | HALDE_CHECK_ALWAYS);
}

static DWORD stored_after(DWORD options, SIZE_T maximum)
{
    HANDLE heap = HeapCreate(options, 0, maximum);
    EXPECT_NOT_NULL(heap);
    DWORD stored = flags_stored(heap);
    HeapDestroy(heap);
    return stored;
}

// 2.1, 2.2.
static void test_stored(void)
{
    EXPECT_SIZE(flags_stored(GetProcessHeap()), 0x2);
    EXPECT_SIZE(flags_stored(NULL), 0);
    EXPECT_SIZE(flags_stored((HANDLE)0x10000), 0);
    EXPECT_SIZE(stored_after(0, 0), 0x1002);
    EXPECT_SIZE(stored_after(0, 0x40000), 0x1000);
    EXPECT_SIZE(stored_after(HEAP_NO_SERIALIZE | HEAP_GENERATE_EXCEPTIONS, 0), 0x1007);
    EXPECT_SIZE(stored_after(HEAP_TAIL_CHECKING_ENABLED | HEAP_FREE_CHECKING_ENABLED, 0), 0x1002);
    EXPECT_SIZE(stored_after(HEAP_GROWABLE, 0x40000), 0x1000);
    EXPECT_SIZE(stored_after(0x04000000, 0x40000), 0x1002);
    EXPECT_SIZE(stored_after(HEAP_CREATE_SEGMENT_HEAP | HEAP_CREATE_HARDENED, 0), 0x1002);
}

static bool is_zero(const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

// 2.1: per-call flags are added to the creation flags.
static void test_inherited(void)
{
    HANDLE heap = HeapCreate(HEAP_ZERO_MEMORY, 0, 0);
    for (size_t i = 0; i < 1000; i++) {
        unsigned char *block = HeapAlloc(heap, 0, 100);
        ASSERT_TRUE(is_zero(block, 100));
        memset(block, 0xFF, 100);
        block = HeapReAlloc(heap, 0, block, 200);
        ASSERT_TRUE(is_zero(block + 100, 100));
        memset(block, 0xFF, 200);
        ASSERT_TRUE(HeapFree(heap, 0, block));
    }
    HeapDestroy(heap);
    heap = HeapCreate(HEAP_REALLOC_IN_PLACE_ONLY, 0, 0);
    void *block = HeapAlloc(heap, 0, 0x200000);
    EXPECT_POINTER(HeapReAlloc(heap, 0, block, 0x100000), block);
    EXPECT_POINTER(HeapReAlloc(heap, 0, block, 0x8000000), NULL);
    EXPECT_SIZE(GetLastError(), ERROR_NOT_ENOUGH_MEMORY);
    EXPECT_SIZE(HeapSize(heap, 0, block), 0x100000);
    HeapDestroy(heap);
}

// ---- The option -------------------------------------------------------------------------------

static void print_flags(void *context)
{
    (void)context;
    char text[64];
    HANDLE heap = HeapCreate(0, 0, 0);
    ULONG global = RtlGetNtGlobalFlags();
    int length = snprintf(text, sizeof(text), "[%x %x]", global, flags_stored(heap));
    EXPECT_SIZE((uint64_t)write(STDERR_FILENO, text, (size_t)length), (uint64_t)length);
}

static char *program_path; // argv[0]: under valgrind /proc/self/exe is valgrind

// Options are read once, at the start: a new process is needed for each.
static void run_with_option(const char *value, struct child *child)
{
    char option[128], mark[] = "print-flags";
    snprintf(option, sizeof(option), "heap_flags=%s", value);
    setenv("HALDE_OPTIONS", option, 1);
    char *const arguments[] = {program_path, mark, NULL};
    child_execute(child, program_path, arguments, NULL, 20);
}

static void test_option(void)
{
    struct child child;
    run_with_option("0x70", &child);
    EXPECT_NOT_NULL(strstr(child.text, "[70 40001062]"));
    run_with_option("htg,ust,hpa", &child);
    EXPECT_NOT_NULL(strstr(child.text, "[2001800 5001002]"));
    run_with_option("htc,nonsense", &child);
    EXPECT_NOT_NULL(strstr(child.text, "heap_flags='htc,nonsense'"));
    EXPECT_NOT_NULL(strstr(child.text, "htc,hfc,hpc,hvc,vrf,htg,ust,htd,dhc,hpa"));
    EXPECT_NOT_NULL(strstr(child.text, "[0 1002]"));
}

int main(int argc, char *argv[])
{
    if (argc == 2 && strcmp(argv[1], "print-flags") == 0) {
        print_flags(NULL);
        return test_result();
    }
    program_path = argv[0];
    if (RtlGetNtGlobalFlags() == 0) {
        test_stored();
    }
    test_inherited();
    test_parse();
    test_heap_flags_of_global();
    test_option();
    return test_result();
}
