// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=mode=crt
// STDERR: HEAP BOUNDS: memcpy reads after the end of block (#1) at 0x@.
// STDERR: 20 bytes from offset 0 on; the block is Normal and 10 bytes long.
// STDERR:     at crtdbg.checked.bounds
// STDERR: HEAP BOUNDS: memmove reads before the start of block (#1) at 0x@.
// STDERR: 8 bytes from offset -4 on; the block is Normal and 10 bytes long.
// STDERR:     at crtdbg.checked.bounds
// STDERR: HEAP BOUNDS: memset writes after the end of block (#1) at 0x@.
// STDERR: 5 bytes from offset 6 on; the block is Normal and 10 bytes long.
// STDERR:     at crtdbg.checked.bounds
// STDERR: HEAP BOUNDS: memcmp reads after the end of block (#1) at 0x@.
// STDERR: 11 bytes from offset 0 on; the block is Normal and 10 bytes long.
// STDERR:     at crtdbg.checked.bounds
// STDERR: HEAP BOUNDS: memchr reads after the end of block (#1) at 0x@.
// STDERR: 11 bytes from offset 0 on; the block is Normal and 10 bytes long.
// STDERR:     at crtdbg.checked.bounds
// STDERR: HEAP BOUNDS: memrchr reads after the end of block (#1) at 0x@.
// STDERR: 11 bytes from offset 0 on; the block is Normal and 10 bytes long.
// STDERR:     at crtdbg.checked.bounds
// STDERR: HEAP BOUNDS: memcpy reads a freed block (#2) at 0x@.
// STDERR: 4 bytes from offset 2 on; the block is Normal and 30 bytes long.
// STDERR:     at crtdbg.checked.bounds
// STDERR: HEAP BOUNDS: memcpy reads after the end of block (#3) at 0x@.
// STDERR: 1 bytes from offset 100 on; the block is Normal and 100 bytes long.
// STDERR:     at crtdbg.checked.bounds

// The mem functions: each way over a bound is named once, and the program goes on with libc's
// results.

#include <stdlib.h>
#include <string.h>

static char buffer[200];
static volatile int sink;

static void read_in_a_loop(const char *block)
{
    for (unsigned i = 0; i < 1000; i++) {
        memcpy(buffer, block, 20); // one place, one report
    }
}

int main(void)
{
    char *block = malloc(10);
    memset(block, 'a', 10);
    read_in_a_loop(block);
    memmove(buffer, block - 4, 8);
    memset(block + 6, 'a', 4);
    char saved = block[10];
    memset(block + 6, 'a', 5);
    block[10] = saved; // what lies behind the block is checked at the end, too
    sink = memcmp(block, buffer, 10);
    sink = memcmp(block, buffer, 11);
    sink = memchr(block, 'a', 1000) == block;
    sink = memchr(block, 'b', 11) == NULL;
    sink = memrchr(block, 'b', 11) == NULL;
    char *freed = malloc(30);
    free(freed);
    memcpy(buffer, freed + 2, 4);
    char *aligned = aligned_alloc(64, 100);
    memset(aligned, 1, 100);
    memcpy(buffer, aligned + 100, 0); // nothing is read
    memcpy(buffer, aligned + 100, 1);
    free(aligned);
    free(block);
    return 0;
}
