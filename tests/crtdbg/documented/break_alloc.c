// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// clang-format off
// EXIT: 133
// STDERR: off: -1
// STDERR: before
// clang-format on

// _CrtSetBreakAlloc: the program breaks into the debugger before the request of that number;
// without a debugger it ends by SIGTRAP.

#include "documented.h"

#include <stdlib.h>

int main(void)
{
    long number = 0;
    report_to_stderr();
    void *block = malloc(10);
    _CrtIsMemoryBlock(block, 10, &number, NULL, NULL);
    free(block);
    say("off: %ld\n", _CrtSetBreakAlloc(number + 2));
    free(malloc(10));
    say("before\n");
    free(malloc(10));
    say("not reached\n");
    return 0;
}
