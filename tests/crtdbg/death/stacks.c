// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=crt_stacks=2
// STDERR: Detected memory leaks!
// STDERR: Dumping objects ->
// STDERR: {2} normal block at 0x@, 1 bytes long.
// STDERR:  Data: < > CD~
// STDERR:     at crtdbg.death.stacks
// STDERR:     at crtdbg.death.stacks
// STDERR: demo.c(2) : {1} normal block at 0x@, 1 bytes long.
// STDERR:  Data: < > CD~
// STDERR:     at crtdbg.death.stacks
// STDERR:     at crtdbg.death.stacks
// STDERR: Object dump complete.

// The frames of the program that asked for a block, without those of the library.

#include "common.h"

#include <stdlib.h>

static void *by_name(void)
{
    void *block = _malloc_dbg(1, _NORMAL_BLOCK, "demo.c", 2);
    return block;
}

static void *by_malloc(void)
{
    void *block = malloc(1);
    return block;
}

int main(void)
{
    report_to_stderr();
    _CrtSetDbgFlag(_CRTDBG_ALLOC_MEM_DF | _CRTDBG_LEAK_CHECK_DF);
    void *first = by_name();
    void *second = by_malloc();
    return first == NULL || second == NULL;
}
