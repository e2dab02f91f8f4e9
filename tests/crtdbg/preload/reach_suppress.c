// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=mode=crt:crt_stacks=8:crt_suppress=libnothing*,*.reach_suppress

// A pattern that names the module in which the blocks were allocated: nothing is told.

#include <stdlib.h>
#include <string.h>

int main(void)
{
    memset(calloc(1, 42), 0, 42);
    return 0;
}
