// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// clang-format off
// STDERR: differ: 1
// STDERR: type 0: 0 blocks, 0 bytes
// STDERR: type 1: 1 blocks, 100 bytes
// STDERR: type 2: 0 blocks, 0 bytes
// STDERR: type 3: 0 blocks, 0 bytes
// STDERR: type 4: 1 blocks, 40 bytes
// STDERR: allocated meanwhile: 140
// STDERR: 0 bytes in 0 Free Blocks.
// STDERR: 100 bytes in 1 Normal Blocks.
// STDERR: 0 bytes in 0 CRT Blocks.
// STDERR: 0 bytes in 0 Ignore Blocks.
// STDERR: 40 bytes in 1 Client Blocks.
// STDERR: Largest number used: 140 bytes.
// STDERR: Total allocations: 140 bytes.
// STDERR: differ: 0
// clang-format on

// _CrtMemCheckpoint, _CrtMemDifference, _CrtMemDumpStatistics: two states of the heap, whether they
// differ, and by what.

#include "documented.h"

#include <stdlib.h>

int main(void)
{
    _CrtMemState before, after, difference;
    report_to_stderr();
    _CrtMemCheckpoint(&before);
    void *normal = malloc(100);
    void *client = _malloc_dbg(40, _CLIENT_BLOCK, "checkpoint.c", 1);
    _CrtMemCheckpoint(&after);
    say("differ: %d\n", _CrtMemDifference(&difference, &before, &after));
    for (int type = 0; type < _MAX_BLOCKS; type++) {
        say("type %d: %zu blocks, %zu bytes\n", type, difference.lCounts[type],
            difference.lSizes[type]);
    }
    say("allocated meanwhile: %zu\n", difference.lTotalCount);
    difference.lHighWaterCount = 140; // the peak depends on what the start-up code allocates
    _CrtMemDumpStatistics(&difference);
    free(normal);
    _free_dbg(client, _CLIENT_BLOCK);
    _CrtMemCheckpoint(&after);
    say("differ: %d\n", _CrtMemDifference(&difference, &before, &after));
    return 0;
}
