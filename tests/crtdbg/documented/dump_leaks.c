// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// clang-format off
// STDERR: nothing yet: 0
// STDERR: Detected memory leaks!
// STDERR: Dumping objects ->
// STDERR: leaks.c(11) : {2} normal block at 0x@, 16 bytes long.
// STDERR:  Data: <    D3"         > 00 00 00 00 44 33 22 11 00 00 00 00 00 00 00 00~
// STDERR: leaks.c(10) : {1} normal block at 0x@, 20 bytes long.
// STDERR:  Data: <a name          > 61 20 6E 61 6D 65 00 CD CD CD CD CD CD CD CD CD~
// STDERR: Object dump complete.
// STDERR: leaks: 1
// STDERR: after free: 0
// clang-format on

// "Find memory leaks with the CRT library", _CrtDumpMemoryLeaks: with _CRTDBG_MAP_ALLOC every leak
// is listed with file and line, type, address, size and first bytes; 1 means that there are some.

#define _CRTDBG_MAP_ALLOC
#include <stdlib.h>

#include "documented.h"

#include <string.h>

int main(void)
{
    report_to_stderr();
    say("nothing yet: %d\n", _CrtDumpMemoryLeaks());
#line 10 "leaks.c"
    char *name = malloc(20);
    int *numbers = calloc(4, sizeof(int));
    char *freed = malloc(30);
#line 26 "dump_leaks.c"
    strcpy(name, "a name");
    numbers[1] = 0x11223344;
    free(freed);
    say("leaks: %d\n", _CrtDumpMemoryLeaks());
    free(name);
    free(numbers);
    say("after free: %d\n", _CrtDumpMemoryLeaks());
    return 0;
}
