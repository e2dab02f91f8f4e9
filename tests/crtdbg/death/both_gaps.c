// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// STDERR: HEAP CORRUPTION DETECTED: before Normal block (#1) at 0x@.
// STDERR: CRT detected that the application wrote to memory before start of heap buffer.
// STDERR: HEAP CORRUPTION DETECTED: after Normal block (#1) at 0x@.
// STDERR: CRT detected that the application wrote to memory after end of heap buffer.

// A large underrun: the request number and the type survive, because they do not lie in front.

#include "common.h"

#include <stdlib.h>
#include <string.h>

int main(void)
{
    report_to_stderr();
    char *block = malloc(32);
    memset(block - 16, 'x', 32 + 16 + 4);
    free(block);
    return 0;
}
