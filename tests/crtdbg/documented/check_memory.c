// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// clang-format off
// STDERR: sound: 1
// STDERR: HEAP CORRUPTION DETECTED: after Normal block (#1) at 0x@.
// STDERR: CRT detected that the application wrote to memory after end of heap buffer.
// STDERR:
// STDERR: Memory allocated at check.c(5).
// STDERR: Normal located at 0x@ is 8 bytes long.
// STDERR:
// STDERR: Memory allocated at check.c(5).
// STDERR: sound: 0
// STDERR: sound: 1
// clang-format on

// _CrtCheckMemory: looks at the bytes around every block; damage is a warning, and 0.

#include "documented.h"

#include <stdlib.h>
#include <string.h>

int main(void)
{
    report_to_stderr();
    char *block = _malloc_dbg(8, _NORMAL_BLOCK, "check.c", 5);
    memcpy(block, "eight ch", 8);
    say("sound: %d\n", _CrtCheckMemory());
    char kept = block[8];
    block[8] = '\0'; // the end of a string for which there is no room
    say("sound: %d\n", _CrtCheckMemory());
    _ASSERTE(_CrtIsValidHeapPointer(block));
    block[8] = kept;
    say("sound: %d\n", _CrtCheckMemory());
    free(block);
    return 0;
}
