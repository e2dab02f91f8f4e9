// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// STDERR: library : Assertion failed: _CrtIsValidHeapPointer(block)

#include "common.h"

#include <stdlib.h>

int main(void)
{
    report_to_stderr();
    char *block = malloc(6);
    free(block);
    free(block);
    return 0;
}
