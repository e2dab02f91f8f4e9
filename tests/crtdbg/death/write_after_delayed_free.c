// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// STDERR: HEAP CORRUPTION DETECTED: on top of Free block at 0x@.
// STDERR: CRT detected that the application wrote to a heap buffer that was freed.
// STDERR:
// STDERR: Memory allocated at demo.c(27).
// STDERR: DAMAGED located at 0x@ is 6 bytes long.
// STDERR:
// STDERR: Memory allocated at demo.c(27).
// STDERR: library : Assertion failed: _CrtCheckMemory()

#include "common.h"

#include <stdlib.h>

int main(void)
{
    report_to_stderr();
    _CrtSetDbgFlag(_CRTDBG_ALLOC_MEM_DF | _CRTDBG_DELAY_FREE_MEM_DF);
    char *block = _malloc_dbg(6, _NORMAL_BLOCK, "demo.c", 27);
    free(block);
    block[2] = 1;
    _ASSERTE(1);
    _CrtSetDbgFlag(_CRTDBG_ALLOC_MEM_DF | _CRTDBG_CHECK_ALWAYS_DF);
    char *other = malloc(1);
    block[2] = (char)0xDD;
    free(other);
    return 0;
}
