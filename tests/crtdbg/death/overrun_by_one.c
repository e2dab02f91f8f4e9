// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// STDERR: HEAP CORRUPTION DETECTED: after Normal block (#1) at 0x@.
// STDERR: CRT detected that the application wrote to memory after end of heap buffer.
// STDERR:
// STDERR: Memory allocated at demo.c(27).

#include "common.h"

int main(void)
{
    report_to_stderr();
    char *block = _malloc_dbg(6, _NORMAL_BLOCK, "demo.c", 27);
    block[6] = 0;
    _free_dbg(block, _NORMAL_BLOCK);
    return 0;
}
