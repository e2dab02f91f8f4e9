// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=mode=crt:crt_leak_list=0
// STDERR: Detected memory leaks!
// STDERR: Leaks by reachability ->
// STDERR: {@} definitely lost: 126 bytes in 3 blocks.
// STDERR: {@} still reachable: 43 bytes in 1 block.
// STDERR: 126 bytes in 3 blocks definitely lost.
// STDERR: 0 bytes in 0 blocks indirectly lost.
// STDERR: 0 bytes in 0 blocks possibly lost.
// STDERR: 43 bytes in 1 block still reachable.
// STDERR: HEAP CORRUPTION DETECTED: after Normal block (#4) at 0x@.
// STDERR: CRT detected that the application wrote to memory after end of heap buffer.
// STDERR: Normal located at 0x@ is 42 bytes long.

// Leaks by class and place only: no block is listed, and none is left out.  Damage is told as ever.

#include <stdlib.h>
#include <string.h>

char *volatile global;

static void lose(size_t index, char value)
{
    char *volatile block = calloc(1, 42);
    block[index] = value;
}

int main(void)
{
    global = calloc(1, 43);
    lose(0, 1);
    lose(1, 1);
    lose(42, 1);
    return 0;
}
