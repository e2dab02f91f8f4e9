// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// clang-format off
// STDERR: Dumping objects ->
// STDERR: since.c(2) : {2} normal block at 0x@, 4 bytes long.
// STDERR:  Data: <new > 6E 65 77 00~
// STDERR: Object dump complete.
// STDERR: Dumping objects ->
// STDERR: since.c(2) : {2} normal block at 0x@, 4 bytes long.
// STDERR:  Data: <new > 6E 65 77 00~
// STDERR: since.c(1) : {1} normal block at 0x@, 4 bytes long.
// STDERR:  Data: <old > 6F 6C 64 00~
// STDERR: Object dump complete.
// STDERR: Dumping objects ->
// STDERR: Object dump complete.
// clang-format on

// _CrtMemDumpAllObjectsSince: the blocks that were allocated after a checkpoint; NULL: all.

#include "documented.h"

#include <stdlib.h>
#include <string.h>

int main(void)
{
    _CrtMemState state;
    report_to_stderr();
    char *older = _malloc_dbg(4, _NORMAL_BLOCK, "since.c", 1);
    memcpy(older, "old", 4);
    _CrtMemCheckpoint(&state);
    char *newer = _malloc_dbg(4, _NORMAL_BLOCK, "since.c", 2);
    memcpy(newer, "new", 4);
    _CrtMemDumpAllObjectsSince(&state);
    _CrtMemDumpAllObjectsSince(NULL);
    free(newer);
    _CrtMemDumpAllObjectsSince(&state);
    free(older);
    return 0;
}
