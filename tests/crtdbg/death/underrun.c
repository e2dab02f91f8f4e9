// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// STDERR: HEAP CORRUPTION DETECTED: before Client block (#1) at 0x@.
// STDERR: CRT detected that the application wrote to memory before start of heap buffer.

#include "common.h"

int main(void)
{
    report_to_stderr();
    char *block = _malloc_dbg(6, _CLIENT_BLOCK, NULL, 0);
    block[-1] = 0;
    _free_dbg(block, _CLIENT_BLOCK);
    return 0;
}
