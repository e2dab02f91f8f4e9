// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=crt_quarantine=65536
// STDERR: HEAP CORRUPTION DETECTED: on top of Free block at 0x@.
// STDERR: CRT detected that the application wrote to a heap buffer that was freed.
// STDERR:
// STDERR: Memory allocated at demo.c(27).
// STDERR: library : Assertion failed: _CrtIsValidHeapPointer(block)
// STDERR: HEAP CORRUPTION DETECTED: on top of Free block at 0x@.
// STDERR: CRT detected that the application wrote to a heap buffer that was freed.
// STDERR: Normal located at 0x@ is 7 bytes long.

// A late write is found when the block leaves the quarantine, a second free at once; what is still
// there at the end is looked at.

#include "common.h"

#include <stdlib.h>

int main(void)
{
    report_to_stderr();
    char *block = _malloc_dbg(6, _NORMAL_BLOCK, "demo.c", 27);
    free(block);
    block[2] = 1;
    for (unsigned i = 0; i < 10000; i++) {
        void *other = malloc(6);
        if (other == block && i < 50) {
            return 1; // given out again at once
        }
        free(other);
    }
    block = malloc(7);
    free(block);
    free(block);
    block[6] = 0;
    return _CrtDumpMemoryLeaks();
}
