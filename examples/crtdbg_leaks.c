// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The debug heap: which blocks a piece of code leaves behind, with file and line.  Programs are
// compiled with -D_DEBUG for it; without, nothing is tracked and nothing is said.

#ifndef _DEBUG
#define _DEBUG 1
#endif
#define _CRTDBG_MAP_ALLOC
#include <stdlib.h>

#include <crtdbg.h>

#include <stdio.h>
#include <string.h>

static char *forgotten;

static void work(void)
{
    char *kept = malloc(16);
    forgotten = malloc(32);
    memcpy(forgotten, "nobody frees me", sizeof("nobody frees me"));
    free(kept);
}

int main(void)
{
    _CrtMemState before;
    _CrtMemState after;
    _CrtMemState difference;
    _CrtSetReportMode(_CRT_WARN, _CRTDBG_MODE_FILE);
    _CrtSetReportFile(_CRT_WARN, _CRTDBG_FILE_STDOUT);
    _CrtMemCheckpoint(&before);
    work();
    _CrtMemCheckpoint(&after);
    if (_CrtMemDifference(&difference, &before, &after)) {
        _CrtMemDumpAllObjectsSince(&before);
        _CrtMemDumpStatistics(&difference);
    }
    free(forgotten);
    printf("%s\n", _CrtCheckMemory() ? "the heap is sound" : "the heap is damaged");
    return 0;
}
