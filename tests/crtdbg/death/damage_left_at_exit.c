// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// STDERR: HEAP CORRUPTION DETECTED: after Normal block (#1) at 0x@.
// STDERR: CRT detected that the application wrote to memory after end of heap buffer.
// STDERR:
// STDERR: Memory allocated at demo.c(3).
// STDERR: Normal located at 0x@ is 10 bytes long.
// STDERR:
// STDERR: Memory allocated at demo.c(3).

// Most programs never free the block that they damaged: all that is left is checked at the end.

#include "common.h"

int main(void)
{
    report_to_stderr();
    char *block = _malloc_dbg(10, _NORMAL_BLOCK, "demo.c", 3);
    block[12] = 0;
    return 0;
}
