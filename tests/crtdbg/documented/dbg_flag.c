// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// clang-format off
// STDERR: at first: 1
// STDERR: before: 0, type 3
// STDERR: 1 free block of 20 bytes, filled with DD
// STDERR: before: 3
// STDERR: Detected memory leaks!
// STDERR: Dumping objects ->
// STDERR: flag.c(30) : {3} normal block at 0x@, 3 bytes long.
// STDERR:  Data: <   > CD CD CD~
// STDERR: Object dump complete.
// clang-format on

// _CrtSetDbgFlag: what the heap manager does is chosen by bits; _CRTDBG_REPORT_FLAG asks.  Blocks
// that are allocated while _CRTDBG_ALLOC_MEM_DF is off are not tracked; with
// _CRTDBG_DELAY_FREE_MEM_DF freed blocks stay, filled with 0xDD; with _CRTDBG_LEAK_CHECK_DF leaks
// are listed at the end.

#include "documented.h"

#include <stdlib.h>

int main(void)
{
    _CrtMemState state;
    report_to_stderr();
    int flag = _CrtSetDbgFlag(_CRTDBG_REPORT_FLAG);
    say("at first: %d\n", flag);
    _CrtSetDbgFlag(flag & ~_CRTDBG_ALLOC_MEM_DF);
    void *ignored = malloc(10);
    say("before: %d, type %d\n", _CrtSetDbgFlag(flag | _CRTDBG_DELAY_FREE_MEM_DF),
        _CrtReportBlockType(ignored));
    unsigned char *delayed = malloc(20);
    free(delayed);
    _CrtMemCheckpoint(&state);
    say("%zu free block of %zu bytes, filled with %02X\n", state.lCounts[_FREE_BLOCK],
        state.lSizes[_FREE_BLOCK], *(volatile unsigned char *)delayed);
    flag = _CrtSetDbgFlag(_CRTDBG_REPORT_FLAG);
    flag = (flag & ~_CRTDBG_DELAY_FREE_MEM_DF) | _CRTDBG_LEAK_CHECK_DF | _CRTDBG_CHECK_ALWAYS_DF;
    say("before: %d\n", _CrtSetDbgFlag(flag));
    _malloc_dbg(3, _NORMAL_BLOCK, "flag.c", 30);
    return 0;
}
