// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// STDERR: HEAP CORRUPTION DETECTED: after Normal block (#1) at 0x@.
// STDERR: CRT detected that the application wrote to memory after end of heap buffer.
// STDERR:
// STDERR: Memory allocated at demo.c(8).

// One byte behind a block whose outer gap lies further off.

#include "common.h"

int main(void)
{
    report_to_stderr();
    char *block = _aligned_malloc_dbg(100, 64, "demo.c", 8);
    block[100] = 0;
    _aligned_free_dbg(block);
    return 0;
}
