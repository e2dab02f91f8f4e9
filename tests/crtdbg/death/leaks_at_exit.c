// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// STDERR: Detected memory leaks!
// STDERR: Dumping objects ->
// STDERR: demo.c(31) : {3} client block at 0x@, subtype 4, 24 bytes long.
// STDERR:  Data: <                > CD CD CD CD CD CD CD CD CD CD CD CD CD CD CD CD~
// STDERR: demo.c(27) : {2} normal block at 0x@, 6 bytes long.
// STDERR:  Data: <hello > 68 65 6C 6C 6F 00~
// STDERR: {1} normal block at 0x@, 0 bytes long.
// STDERR:  Data: <>~
// STDERR: Object dump complete.

// Appendix B 3, 4, 8, 9: numbers start at 1; what atexit functions and destructors free is no leak;
// the dump client is not asked at the end.

#include "common.h"

#include <stdlib.h>
#include <string.h>

static void *freed_late;
static void *freed_last;

static void free_late(void)
{
    free(freed_late);
}

__attribute__((destructor)) static void free_last(void)
{
    free(freed_last);
}

static void __cdecl client(void *block, size_t size)
{
    (void)block;
    _RPT1(_CRT_WARN, "client %u\n", (unsigned)size);
}

int main(void)
{
    report_to_stderr();
    _CrtSetDbgFlag(_CrtSetDbgFlag(_CRTDBG_REPORT_FLAG) | _CRTDBG_LEAK_CHECK_DF);
    _CrtSetDumpClient(client);
    void *empty = malloc(0);
    char *text = _malloc_dbg(6, _NORMAL_BLOCK, "demo.c", 27);
    memcpy(text, "hello", 6);
    void *block = _malloc_dbg(24, _CLIENT_BLOCK | (4 << 16), "demo.c", 31);
    freed_late = malloc(10);
    freed_last = malloc(10);
    atexit(free_late);
    return empty == NULL || block == NULL;
}
