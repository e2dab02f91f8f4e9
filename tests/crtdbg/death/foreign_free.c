// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// STDERR: library : Assertion failed: _CrtIsValidHeapPointer(block)
// STDERR: library : Assertion failed: _CrtIsValidHeapPointer(block)

#include "common.h"

#include <stdlib.h>

static char not_allocated[100];

int main(void)
{
    char on_stack[100];
    report_to_stderr();
    char *volatile pointer = on_stack + 16;
    free(pointer);
    pointer = not_allocated + 32;
    free(pointer);
    return 0;
}
