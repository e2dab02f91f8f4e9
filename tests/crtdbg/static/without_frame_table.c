// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// LINK: -static
// ENV: HALDE_OPTIONS=crt_stacks=5
// STDERR: Detected memory leaks!
// STDERR: Dumping objects ->
// STDERR: {@} normal block at 0x@, 5 bytes long.
// STDERR:  Data: <     > CD CD CD CD CD~
// STDERR:     at crtdbg.static.without_frame_table
// STDERR:     at crtdbg.static.without_frame_table
// STDERR:     at crtdbg.static.without_frame_table
// STDERR:     at crtdbg.static.without_frame_table
// STDERR:     at crtdbg.static.without_frame_table
// STDERR: Object dump complete.

// A program that gcc links with -static has no .eh_frame_hdr: stacks are whole all the same, here
// through frames without frame pointers.

#include <crtdbg.h>
#include <stdlib.h>

#define FRAME __attribute__((noinline))

FRAME static void *lose(size_t size)
{
    void *volatile block = malloc(size);
    return block;
}

FRAME static void *recurse(size_t depth)
{
    volatile char room[100];
    room[depth] = (char)depth;
    void *block = depth == 0 ? lose(5) : recurse(depth - 1);
    return room[depth] == (char)depth ? block : NULL;
}

int main(void)
{
    for (int type = 0; type < _CRT_ERRCNT; type++) {
        _CrtSetReportMode(type, _CRTDBG_MODE_FILE);
        _CrtSetReportFile(type, _CRTDBG_FILE_STDERR);
    }
    _CrtSetDbgFlag(_CRTDBG_ALLOC_MEM_DF | _CRTDBG_LEAK_CHECK_DF);
    return recurse(2) == NULL;
}
