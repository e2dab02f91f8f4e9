// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=crt_details=1
// STDERR: HEAP CORRUPTION DETECTED: after Normal block (#1) at 0x@.
// STDERR: CRT detected that the application wrote to memory after end of heap buffer.
// STDERR:
// STDERR: Memory allocated at demo.c(27).
// STDERR: 2 bytes changed from offset 42 of 40 on: FD expected, found 41 FD 42 FD FD FD~
// STDERR: Allocated by this thread.

#include "common.h"

int main(void)
{
    report_to_stderr();
    char *block = _malloc_dbg(40, _NORMAL_BLOCK, "demo.c", 27);
    block[42] = 'A';
    block[44] = 'B';
    _free_dbg(block, _NORMAL_BLOCK);
    return 0;
}
