// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The thirty behaviours that programs rely on, by their numbers in the specification's appendix B.
// Those that show at the end of a process only (8, 9) are programs of tests/crtdbg/death.

#include "capture.h"

#include <malloc.h>
#include <stdlib.h>

static bool is_filled(const void *bytes, size_t size, unsigned char fill)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < size; i++) {
        if (byte[i] != fill) {
            return false;
        }
    }
    return true;
}

static void b01_new_memory(void)
{
    unsigned char *block = malloc(100);
    EXPECT_TRUE(is_filled(block, 100, 0xCD));
    EXPECT_TRUE(is_filled(block - 4, 4, 0xFD));
    EXPECT_TRUE(is_filled(block + 100, 4, 0xFD));
    block = realloc(block, 200);
    EXPECT_TRUE(is_filled(block, 200, 0xCD));
    free(block);
    EXPECT_SILENCE();
}

// 2. The file of a module that is gone: its text is not at the pointer any more.
static void b02_file_of_other_module(void)
{
    char name[] = "other_module.c";
    unsigned char *block = _malloc_dbg(5, _NORMAL_BLOCK, name, 7);
    long number = number_of(block, 5);
    memset(name, 0, sizeof(name));
    block[5] = 1;
    free(block);
    EXPECT_REPORTS(
        "E " AFTER("Normal") ALLOCATED_AT, number, ADDRESS_OF(block), "other_module.c", 7);
}

// 3, 14, 28: lines of a dump.
static void b03_leak_lines(void)
{
    _CrtMemState before;
    _CrtMemCheckpoint(&before);
    char *normal = _malloc_dbg(6, _NORMAL_BLOCK, "demo.c", 27);
    memcpy(normal, "hello", 6);
    void *client = _malloc_dbg(24, _CLIENT_BLOCK | (0x1A << 16), "demo.c", 31);
    void *empty = malloc(0);
    long number = number_of(normal, 6);
    _CrtMemDumpAllObjectsSince(&before);
    EXPECT_REPORTS("W Dumping objects ->\n"
                   "W {%ld} W normal block at " ADDRESS ", 0 bytes long.\n"
                   "W  Data: <> \n"
                   "W demo.c(31) : W {%ld} W client block at " ADDRESS
                   ", subtype 1a, 24 bytes long.\n"
                   "W  Data: <                > CD CD CD CD CD CD CD CD CD CD CD CD CD CD CD CD \n"
                   "W demo.c(27) : W {%ld} W normal block at " ADDRESS ", 6 bytes long.\n"
                   "W  Data: <hello > 68 65 6C 6C 6F 00 \n"
                   "W Object dump complete.\n",
        number + 2, ADDRESS_OF(empty), number + 1, ADDRESS_OF(client), number, ADDRESS_OF(normal));
    free(normal);
    free(empty);
    _free_dbg(client, _CLIENT_BLOCK | (0x1A << 16));
    EXPECT_SILENCE();
}

static void b04_numbers(void)
{
    void *first = malloc(1);
    volatile size_t too_much = SIZE_MAX;
    void *failed = malloc(too_much);
    void *second = malloc(1);
    EXPECT_POINTER(failed, NULL);
    EXPECT_TRUE(number_of(first, 1) >= 1);
    EXPECT_TRUE(number_of(second, 1) == number_of(first, 1) + 1);
    free(first);
    free(second);
}

static void b05_realloc_restamps(void)
{
    char *block = _malloc_dbg(10, _CLIENT_BLOCK | (3 << 16), "old.c", 1);
    long old = number_of(block, 10);
    block = _realloc_dbg(block, 20, _NORMAL_BLOCK, "new.c", 2);
    long number = 0;
    char *file = NULL;
    int line = 0;
    EXPECT_TRUE(_CrtIsMemoryBlock(block, 20, &number, &file, &line));
    EXPECT_TRUE(number == old + 1 && line == 2 && strcmp(file, "new.c") == 0);
    EXPECT_TRUE(_CrtReportBlockType(block) == (_CLIENT_BLOCK | (3 << 16)));
    _free_dbg(block, _CLIENT_BLOCK | (3 << 16));
    EXPECT_SILENCE();
}

// 6. What a break does is seen in tests/crtdbg/death/break_alloc.c.
static void b06_break_number(void)
{
    EXPECT_TRUE(_CrtSetBreakAlloc(12345678) == -1);
    EXPECT_TRUE(_crtBreakAlloc == 12345678);
    _crtBreakAlloc = -1;
    EXPECT_TRUE(_CrtSetBreakAlloc(-1) == -1);
}

static void b07_flag(void)
{
    int old = _CrtSetDbgFlag(_CRTDBG_REPORT_FLAG);
    EXPECT_TRUE(old == _CRTDBG_ALLOC_MEM_DF);
    EXPECT_TRUE(_CrtSetDbgFlag(_CRTDBG_REPORT_FLAG | _CRTDBG_LEAK_CHECK_DF) == old);
    EXPECT_TRUE(_crtDbgFlag == old);
    EXPECT_TRUE(_CrtSetDbgFlag(_CRTDBG_LEAK_CHECK_DF) == old);
    void *block = malloc(8);
    EXPECT_TRUE(_CrtReportBlockType(block) == _IGNORE_BLOCK);
    EXPECT_TRUE(_CrtSetDbgFlag(old) == _CRTDBG_LEAK_CHECK_DF);
    free(block);
}

static void b10_no_leaks(void)
{
    EXPECT_TRUE(_CrtDumpMemoryLeaks() == 0);
    EXPECT_SILENCE();
    void *block = _malloc_dbg(1, _NORMAL_BLOCK, NULL, 0);
    long number = number_of(block, 1);
    EXPECT_TRUE(_CrtDumpMemoryLeaks() == 1);
    EXPECT_REPORTS("W Detected memory leaks!\n"
                   "W Dumping objects ->\n"
                   "W {%ld} W normal block at " ADDRESS ", 1 bytes long.\n"
                   "W  Data: < > CD \n"
                   "W Object dump complete.\n",
        number, ADDRESS_OF(block));
    free(block);
}

static void b11_crt_blocks(void)
{
    _CrtMemState before;
    _CrtMemCheckpoint(&before);
    void *block = _malloc_dbg(3, _CRT_BLOCK | (2 << 16), "crt.c", 5);
    long number = number_of(block, 3);
    EXPECT_TRUE(_CrtDumpMemoryLeaks() == 0);
    EXPECT_SILENCE();
    int old = _CrtSetDbgFlag(_CRTDBG_ALLOC_MEM_DF | _CRTDBG_CHECK_CRT_DF);
    _CrtMemDumpAllObjectsSince(&before);
    EXPECT_REPORTS("W Dumping objects ->\n"
                   "W crt.c(5) : W {%ld} W crt block at " ADDRESS ", subtype 2, 3 bytes long.\n"
                   "W  Data: <   > CD CD CD \n"
                   "W Object dump complete.\n",
        number, ADDRESS_OF(block));
    _CrtSetDbgFlag(old);
    _free_dbg(block, _CRT_BLOCK | (2 << 16));
    // A CRT block without subtype may be freed as a normal one.
    free(_malloc_dbg(3, _CRT_BLOCK, NULL, 0));
    EXPECT_SILENCE();
}

static unsigned hook_calls;
static bool is_hook_refusing;
static char hook_seen[256];

static int __cdecl alloc_hook(int operation, void *block, size_t size, int use, long request,
    const unsigned char *file, int line)
{
    hook_calls++;
    snprintf(hook_seen, sizeof(hook_seen), "%d %d %zu %d %ld %s %d", operation, block != NULL, size,
        use, request, file == NULL ? "-" : (const char *)file, line);
    return !is_hook_refusing;
}

static void expect_hook(struct test_place place, const char *expected)
{
    if (strcmp(hook_seen, expected) != 0) {
        test_fail(place, "hook saw \"%s\", expected \"%s\"", hook_seen, expected);
    }
}

static void b12_free_null(void)
{
    _CRT_ALLOC_HOOK old = _CrtSetAllocHook(alloc_hook);
    EXPECT_TRUE(old == _CrtDefaultAllocHook || old != NULL);
    hook_calls = 0;
    free(NULL);
    EXPECT_SIZE(hook_calls, 0);
    EXPECT_TRUE(_CrtSetAllocHook(old) == alloc_hook);
    // It counts for the period of checks: the second operation checks.
    unsigned char *block = malloc(4);
    long number = number_of(block, 4);
    block[4] = 0;
    _CrtSetDbgFlag(_CRTDBG_ALLOC_MEM_DF | (2 << 16));
    void *volatile nothing = NULL;
    free(nothing);
    EXPECT_SILENCE();
    _free_dbg(NULL, _NORMAL_BLOCK);
    EXPECT_REPORTS("W " AFTER("Normal") "W Normal located at " ADDRESS
                                        " is 4 bytes long.\n" ASSERTION("_CrtCheckMemory()"),
        number, ADDRESS_OF(block), ADDRESS_OF(block));
    _CrtSetDbgFlag(_CRTDBG_ALLOC_MEM_DF);
    block[4] = 0xFD;
    free(block);
    EXPECT_SILENCE();
}

static void b13_types_of_free(void)
{
    void *block = _malloc_dbg(4, _CLIENT_BLOCK | (4 << 16), NULL, 0);
    _free_dbg(block, _CLIENT_BLOCK);
    EXPECT_REPORTS(SAME_TYPE);
    EXPECT_FALSE(_CrtIsValidHeapPointer(block));
    block = _malloc_dbg(4, _CLIENT_BLOCK, NULL, 0);
    free(block);
    EXPECT_REPORTS(SAME_TYPE);
    block = _malloc_dbg(4, _CLIENT_BLOCK | (4 << 16), NULL, 0);
    _free_dbg(block, _UNKNOWN_BLOCK);
    EXPECT_SILENCE();
}

static void b15_hook(void)
{
    _CRT_ALLOC_HOOK old = _CrtSetAllocHook(alloc_hook);
    char expected[64];
    void *block = _malloc_dbg(10, _NORMAL_BLOCK, "hook.c", 3);
    long number = number_of(block, 10);
    snprintf(expected, sizeof(expected), "1 0 10 1 %ld hook.c 3", number);
    expect_hook(CHECK_HERE, expected);
    block = _realloc_dbg(block, 11, _NORMAL_BLOCK, "hook.c", 4);
    snprintf(expected, sizeof(expected), "2 1 11 1 %ld hook.c 4", number + 1);
    expect_hook(CHECK_HERE, expected);

    is_hook_refusing = true;
    errno = 0;
    EXPECT_POINTER(_malloc_dbg(10, _NORMAL_BLOCK, "hook.c", 5), NULL);
    EXPECT_SIZE((unsigned)errno, ENOMEM);
    EXPECT_REPORTS("W Client hook allocation failure at file hook.c line 5.\n");
    EXPECT_POINTER(malloc(10), NULL);
    EXPECT_REPORTS("W Client hook allocation failure.\n");
    EXPECT_POINTER(_realloc_dbg(block, 20, _NORMAL_BLOCK, "hook.c", 6), NULL);
    EXPECT_REPORTS("W Client hook re-allocation failure at file hook.c line 6.\n");
    EXPECT_POINTER(realloc(block, 20), NULL);
    EXPECT_REPORTS("W Client hook re-allocation failure.\n");
    free(block);
    expect_hook(CHECK_HERE, "3 1 0 1 0 - 0");
    EXPECT_REPORTS("W Client hook free failure.\n");
    EXPECT_TRUE(_CrtIsValidHeapPointer(block));
    EXPECT_TRUE(number_of(block, 11) == number + 1); // refusals take no number
    is_hook_refusing = false;
    _CrtSetAllocHook(old);
    free(block);
}

static int is_in_hook;
static unsigned inner_calls;

static int __cdecl allocating_hook(int operation, void *block, size_t size, int use, long request,
    const unsigned char *file, int line)
{
    (void)operation;
    (void)block;
    (void)size;
    (void)request;
    (void)file;
    (void)line;
    if ((use & 0xFFFF) == _CRT_BLOCK || is_in_hook) {
        return 1;
    }
    is_in_hook = 1;
    inner_calls++;
    free(malloc(100));
    _RPT1(_CRT_WARN, "hook %d\n", operation);
    EXPECT_TRUE(_CrtCheckMemory());
    is_in_hook = 0;
    return 1;
}

static void b16_hook_that_allocates(void)
{
    _CRT_ALLOC_HOOK old = _CrtSetAllocHook(allocating_hook);
    void *block = malloc(1);
    free(realloc(block, 2));
    _CrtSetAllocHook(old);
    EXPECT_SIZE(inner_calls, 3);
    EXPECT_REPORTS("W hook 1\nW hook 2\nW hook 3\n");
}

static void b21_states(void)
{
    _CrtMemState before;
    _CrtMemState after;
    _CrtMemState difference;
    _CrtMemCheckpoint(&before);
    void *normal = malloc(100);
    void *client = _malloc_dbg(24, _CLIENT_BLOCK, NULL, 0);
    void *crt = _malloc_dbg(7, _CRT_BLOCK, NULL, 0);
    free(malloc(1000));
    _CrtMemCheckpoint(&after);
    EXPECT_TRUE(_CrtMemDifference(&difference, &before, &after));
    EXPECT_SIZE(difference.lCounts[_NORMAL_BLOCK], 1);
    EXPECT_SIZE(difference.lSizes[_NORMAL_BLOCK], 100);
    EXPECT_SIZE(difference.lCounts[_CLIENT_BLOCK], 1);
    EXPECT_SIZE(difference.lSizes[_CLIENT_BLOCK], 24);
    EXPECT_SIZE(difference.lSizes[_CRT_BLOCK], 7);
    EXPECT_SIZE(difference.lTotalCount, 1131);
    EXPECT_POINTER(difference.pBlockHeader, NULL);
    _CrtMemDumpStatistics(&difference);
    EXPECT_REPORTS("W 0 bytes in 0 Free Blocks.\n"
                   "W 100 bytes in 1 Normal Blocks.\n"
                   "W 7 bytes in 1 CRT Blocks.\n"
                   "W 0 bytes in 0 Ignore Blocks.\n"
                   "W 24 bytes in 1 Client Blocks.\n"
                   "W Largest number used: %ld bytes.\n"
                   "W Total allocations: 1131 bytes.\n",
        (long)(after.lHighWaterCount - before.lHighWaterCount));
    free(normal);
    _free_dbg(client, _CLIENT_BLOCK);
    // What differs now is a CRT block only, and blocks that are gone.
    _CrtMemCheckpoint(&after);
    EXPECT_FALSE(_CrtMemDifference(&difference, &before, &after));
    _CrtSetDbgFlag(_CRTDBG_ALLOC_MEM_DF | _CRTDBG_CHECK_CRT_DF);
    EXPECT_TRUE(_CrtMemDifference(&difference, &before, &after));
    _CrtSetDbgFlag(_CRTDBG_ALLOC_MEM_DF);
    _free_dbg(crt, _CRT_BLOCK);
    _CrtMemDifference(&difference, &after, &before);
    EXPECT_TRUE((long)difference.lTotalCount == -1131);
}

static void b22_dump_since(void)
{
    _CrtMemState nothing = {.pBlockHeader = NULL};
    _CrtMemState state;
    void *old = malloc(1);
    _CrtMemCheckpoint(&state);
    _CrtMemDumpAllObjectsSince(&state);
    EXPECT_REPORTS("W Dumping objects ->\nW Object dump complete.\n");
    free(old); // the newest block of the checkpoint
    void *young = malloc(2);
    long number = number_of(young, 2);
    _CrtMemDumpAllObjectsSince(&state);
    EXPECT_REPORTS("W Dumping objects ->\n"
                   "W {%ld} W normal block at " ADDRESS ", 2 bytes long.\n"
                   "W  Data: <  > CD CD \nW Object dump complete.\n",
        number, ADDRESS_OF(young));
    _CrtMemDumpAllObjectsSince(&nothing);
    EXPECT_SIZE(capture.count, 5);
    capture_clear();
    free(young);
}

static void b23_total_and_peak(void)
{
    _CrtMemState first;
    _CrtMemState second;
    _CrtMemCheckpoint(&first);
    void *block = malloc(1000000);
    block = realloc(block, 2000000);
    _CrtMemCheckpoint(&second);
    EXPECT_SIZE(second.lTotalCount - first.lTotalCount, 2000000);
    EXPECT_AT_LEAST(second.lHighWaterCount, 2000000);
    size_t peak = second.lHighWaterCount;
    block = realloc(block, 500000);
    _CrtMemCheckpoint(&second);
    EXPECT_SIZE(second.lTotalCount - first.lTotalCount, 500000);
    EXPECT_SIZE(second.lHighWaterCount, peak);
    free(block);
    _CrtMemCheckpoint(&second);
    EXPECT_SIZE(second.lTotalCount - first.lTotalCount, 500000);
    EXPECT_SIZE(second.lHighWaterCount, peak);
}

static void b24_check_memory(void)
{
    EXPECT_TRUE(_CrtCheckMemory());
    unsigned char *one = _malloc_dbg(6, _NORMAL_BLOCK, "demo.c", 27);
    unsigned char *two = _malloc_dbg(9, _CLIENT_BLOCK, NULL, 0);
    long number = number_of(one, 6);
    one[6] = 0;
    two[-1] = 0;
    EXPECT_FALSE(_CrtCheckMemory());
    EXPECT_REPORTS("W " BEFORE("Client") "W Client located at " ADDRESS " is 9 bytes long.\n"
                                         "W " AFTER("Normal") ALLOCATED_AT
        "W Normal located at " ADDRESS " is 6 bytes long.\n" ALLOCATED_AT,
        number + 1, ADDRESS_OF(two), ADDRESS_OF(two), number, ADDRESS_OF(one), "demo.c", 27,
        ADDRESS_OF(one), "demo.c", 27);
    one[6] = 0xFD;
    two[-1] = 0xFD;
    EXPECT_TRUE(_CrtCheckMemory());
    free(one);
    _free_dbg(two, _CLIENT_BLOCK);
    EXPECT_SILENCE();
}

static void b25_delayed_free(void)
{
    _CrtSetDbgFlag(_CRTDBG_ALLOC_MEM_DF | _CRTDBG_DELAY_FREE_MEM_DF);
    unsigned char *block = _malloc_dbg(6, _NORMAL_BLOCK, "demo.c", 27);
    free(block);
    EXPECT_TRUE(is_filled(block, 6, 0xDD));
    EXPECT_TRUE(malloc_usable_size(block) == 6 && _CrtReportBlockType(block) == _FREE_BLOCK);
    EXPECT_TRUE(_CrtCheckMemory());
    _CrtMemState state;
    _CrtMemCheckpoint(&state);
    EXPECT_SIZE(state.lCounts[_FREE_BLOCK], 1);
    EXPECT_SIZE(state.lSizes[_FREE_BLOCK], 6);
    EXPECT_TRUE(_CrtDumpMemoryLeaks() == 0);
    block[3] = 'x';
    EXPECT_FALSE(_CrtCheckMemory());
    EXPECT_REPORTS("W " ON_TOP ALLOCATED_AT "W DAMAGED located at " ADDRESS
                   " is 6 bytes long.\n" ALLOCATED_AT,
        ADDRESS_OF(block), "demo.c", 27, ADDRESS_OF(block), "demo.c", 27);
    block[3] = 0xDD;
    free(block);
    EXPECT_REPORTS(VALID_TYPE SAME_TYPE);
    EXPECT_TRUE(_CrtReportBlockType(block) == _FREE_BLOCK);
    _CrtSetDbgFlag(_CRTDBG_ALLOC_MEM_DF);
}

static void b26_freed_memory(void)
{
    unsigned char *block = malloc(64);
    free(block);
    EXPECT_TRUE(is_filled(block, 64, 0xDD));
}

static void b27_sizes(void)
{
    for (size_t size = 0; size < 3000; size += 37) {
        void *block = malloc(size);
        EXPECT_SIZE(_msize(block), size);
        free(block);
    }
    unsigned char *block = malloc(100);
    EXPECT_POINTER(_expand(block, 40), block);
    EXPECT_SIZE(_msize(block), 40);
    volatile size_t too_much = (size_t)1 << 40;
    EXPECT_POINTER(_expand(block, too_much), NULL);
    EXPECT_SIZE(_msize(block), 40);
    block = _recalloc(block, 20, 10);
    EXPECT_TRUE(is_filled(block, 40, 0xCD) && is_filled(block + 40, 160, 0));
    EXPECT_POINTER(realloc(block, 0), NULL);
    EXPECT_FALSE(_CrtIsValidHeapPointer(block));
    errno = 0;
    EXPECT_POINTER(_calloc_dbg(SIZE_MAX / 2, too_much, _NORMAL_BLOCK, NULL, 0), NULL);
    EXPECT_SIZE((unsigned)errno, ENOMEM);
    EXPECT_SILENCE();
}

static void b29_aligned_mismatch(void)
{
    void *plain = malloc(10);
    char *aligned = _aligned_malloc(100, 64);
    EXPECT_SIZE((uintptr_t)aligned % 64, 0);
    _aligned_free(plain);
    EXPECT_REPORTS("E The block at " ADDRESS " was not allocated by _aligned routines, use free()",
        ADDRESS_OF(plain));
    errno = 0;
    free(aligned);
    EXPECT_SIZE((unsigned)errno, EINVAL);
    EXPECT_REPORTS("E The Block at " ADDRESS
                   " was allocated by aligned routines, use _aligned_free()",
        ADDRESS_OF(aligned));
    EXPECT_POINTER(_aligned_realloc(plain, 20, 16), NULL);
    EXPECT_REPORTS("E The block at " ADDRESS
                   " was not allocated by _aligned routines, use realloc()",
        ADDRESS_OF(plain));
    EXPECT_POINTER(realloc(aligned, 20), NULL);
    EXPECT_REPORTS("E The Block at " ADDRESS
                   " was allocated by aligned routines, use _aligned_realloc()",
        ADDRESS_OF(aligned));
    EXPECT_TRUE(_CrtIsValidHeapPointer(plain));
    EXPECT_SIZE(_aligned_msize(aligned, 64, 0), 100);
    free(plain);
    _aligned_free(aligned);
    EXPECT_SILENCE();
}

static void b30_no_macros(void)
{
    _CrtMemState before;
    _CrtMemState after;
    _CrtMemState difference;
    _CrtMemCheckpoint(&before);
    void *blocks[] = {malloc(1), calloc(2, 1), aligned_alloc(64, 4), strdup("1234567")};
    _CrtMemCheckpoint(&after);
    _CrtMemDifference(&difference, &before, &after);
    EXPECT_SIZE(difference.lCounts[_NORMAL_BLOCK], 4);
    EXPECT_SIZE(difference.lSizes[_NORMAL_BLOCK], 15);
    EXPECT_SIZE((uintptr_t)blocks[2] % 64, 0);
    for (size_t i = 0; i < 4; i++) {
        free(blocks[i]);
    }
    EXPECT_SILENCE();
}

int main(void)
{
    capture_start();
    b01_new_memory();
    b02_file_of_other_module();
    b03_leak_lines();
    b04_numbers();
    b05_realloc_restamps();
    b06_break_number();
    b07_flag();
    b10_no_leaks();
    b11_crt_blocks();
    b12_free_null();
    b13_types_of_free();
    b15_hook();
    b16_hook_that_allocates();
    b21_states();
    b22_dump_since();
    b23_total_and_peak();
    b24_check_memory();
    b25_delayed_free();
    b26_freed_memory();
    b27_sizes();
    b29_aligned_mismatch();
    b30_no_macros();
    return test_result();
}
