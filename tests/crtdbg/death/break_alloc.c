// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// EXIT: 133

// Appendix B 6: SIGTRAP before allocation 3; without a debugger that ends the process.

#include "common.h"

#include <stdlib.h>

int main(void)
{
    _CrtSetBreakAlloc(3);
    void *first = malloc(1);
    void *second = malloc(2);
    if (first == NULL || second == NULL) {
        return 1;
    }
    free(malloc(3));
    return 2;
}
