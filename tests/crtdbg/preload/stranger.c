// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=mode=crt
// STDERR: library : Assertion failed: _CrtIsValidHeapPointer(block)
// STDERR: HEAP CORRUPTION DETECTED: after Normal block (#2) at 0x@.
// STDERR: CRT detected that the application wrote to memory after end of heap buffer.
// STDERR: Detected memory leaks!
// STDERR: Dumping objects ->
// STDERR: {3} normal block at 0x@, 20 bytes long.
// STDERR:  Data: <leaked          > 6C 65 61 6B 65 64 00 CD CD CD CD CD CD CD CD CD~
// STDERR: Object dump complete.
// STDERR: HEAP CORRUPTION DETECTED: on top of Free block at 0x@.
// STDERR: CRT detected that the application wrote to a heap buffer that was freed.
// STDERR: Normal located at 0x@ is 10 bytes long.

// A program that knows nothing of Halde: double free, overrun, a leak, and a write after free.

#include <stdlib.h>
#include <string.h>

int main(void)
{
    char *freed = malloc(10);
    char *block = malloc(10);
    char *leaked = malloc(20);
    strcpy(leaked, "leaked");
    free(freed);
    free(freed);
    block[10] = 0;
    free(block);
    freed[3] = 0;
    return 0;
}
