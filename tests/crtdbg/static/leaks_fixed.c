// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// LINK: -static
// ENV: HALDE_OPTIONS=crt_stacks=1
// STDERR: Detected memory leaks!
// STDERR: Dumping objects ->
// STDERR: {@} normal block at 0x@, 4 bytes long.
// STDERR:  Data: <as3 > 61 73 33 00~
// STDERR:     at crtdbg.static.leaks_fixed
// STDERR: {@} normal block at 0x@, 5 bytes long.
// STDERR:  Data: <     > CD CD CD CD CD~
// STDERR:     at crtdbg.static.leaks_fixed
// STDERR: {@} normal block at 0x@, 6 bytes long.
// STDERR:  Data: <leak1 > 6C 65 61 6B 31 00~
// STDERR:     at crtdbg.static.leaks_fixed
// STDERR: Object dump complete.

// As leaks.c, in a program without .eh_frame_hdr, as gcc links with -static: libc's own blocks are
// told from the program's by what the section headers of the file lead to.

#include <crtdbg.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    for (int type = 0; type < _CRT_ERRCNT; type++) {
        _CrtSetReportMode(type, _CRTDBG_MODE_FILE);
        _CrtSetReportFile(type, _CRTDBG_FILE_STDERR);
    }
    _CrtSetDbgFlag(_CRTDBG_ALLOC_MEM_DF | _CRTDBG_LEAK_CHECK_DF);
    printf("hello\n");
    setlocale(LC_ALL, "");
    char *printed;
    if (strdup("leak1") == NULL || malloc(5) == NULL || asprintf(&printed, "as%d", 3) != 3) {
        return 1;
    }
    return 0;
}
