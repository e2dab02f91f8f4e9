// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The exported variables: assignments to them work, with the macros and without.

#include "capture.h"

#include <stdlib.h>

static unsigned calls;

static int count_calls(int operation, void *block, size_t size, int use, long number,
    const unsigned char *file, int line)
{
    (void)block;
    (void)size;
    (void)use;
    (void)number;
    (void)file;
    (void)line;
    calls += operation == _HOOK_ALLOC;
    return 1;
}

static void with_macros(void)
{
    _crtDbgFlag &= ~_CRTDBG_ALLOC_MEM_DF;
    void *ignored = malloc(3);
    EXPECT_TRUE(_CrtReportBlockType(ignored) == _IGNORE_BLOCK);
    _crtDbgFlag |= _CRTDBG_ALLOC_MEM_DF;
    EXPECT_TRUE(_CrtSetDbgFlag(_CRTDBG_REPORT_FLAG) == _CRTDBG_ALLOC_MEM_DF);
    _crtBreakAlloc = 1000000;
    EXPECT_TRUE(_CrtSetBreakAlloc(-1) == 1000000);
    free(ignored);
}

#undef _crtDbgFlag
#undef _crtBreakAlloc

static void without_macros(void)
{
    _crtDbgFlag = 0;
    void *ignored = malloc(3);
    EXPECT_TRUE(_CrtReportBlockType(ignored) == _IGNORE_BLOCK);
    _crtDbgFlag = _CRTDBG_ALLOC_MEM_DF;
    free(ignored);
    _crtBreakAlloc = 2000000;
    EXPECT_TRUE(_CrtSetBreakAlloc(-1) == 2000000 && _crtBreakAlloc == -1);
}

static void hooks(void)
{
    EXPECT_TRUE(_pfnAllocHook == _CrtDefaultAllocHook && _pfnDumpClient == NULL);
    _pfnAllocHook = count_calls;
    free(malloc(1));
    EXPECT_TRUE(calls == 1 && _CrtGetAllocHook() == count_calls);
    EXPECT_TRUE(_CrtSetAllocHook(NULL) == count_calls && _pfnAllocHook == NULL);
    free(malloc(1));
    EXPECT_TRUE(calls == 1);
    _CrtSetAllocHook(_CrtDefaultAllocHook);
}

int main(void)
{
    capture_start();
    with_macros();
    without_macros();
    hooks();
    EXPECT_SILENCE();
    return test_result();
}
