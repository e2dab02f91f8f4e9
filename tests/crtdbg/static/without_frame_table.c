// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// LINK: -static
// ENV: HALDE_OPTIONS=crt_stacks=16
// STDERR: Detected memory leaks!
// STDERR: Dumping objects ->
// STDERR: {@} normal block at 0x@, 5 bytes long.
// STDERR:  Data: <     > CD CD CD CD CD~
// STDERR:     at crtdbg.static.without_frame_table
// STDERR: Object dump complete.

// A program that gcc links with -static has no .eh_frame_hdr: of the stack the caller is known.

#include <crtdbg.h>
#include <stdlib.h>

int main(void)
{
    for (int type = 0; type < _CRT_ERRCNT; type++) {
        _CrtSetReportMode(type, _CRTDBG_MODE_FILE);
        _CrtSetReportFile(type, _CRTDBG_FILE_STDERR);
    }
    _CrtSetDbgFlag(_CRTDBG_ALLOC_MEM_DF | _CRTDBG_LEAK_CHECK_DF);
    void *volatile block = malloc(5);
    return block == NULL;
}
