// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Loses three blocks of 100 bytes each, in a static program.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAME __attribute__((noinline))

static volatile size_t sink;

FRAME static void lose(size_t size)
{
    char *volatile block = malloc(size);
    if (block != NULL) {
        memset(block, 'x', size);
    }
    block = NULL;
    sink++;
}

FRAME static void lose_later(size_t size)
{
    lose(size + 1);
    sink++;
}

int main(void)
{
    for (volatile int i = 0; i < 3; i++) {
        lose_later(99);
    }
    puts("done");
    return 7;
}
