// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Loses three blocks of 100 bytes each, in a static program: static_victim [ _exit | _Exit | exec |
// raw_exit ]

#define _GNU_SOURCE

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

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

// Overwrites what earlier calls have left on the stack.
FRAME static void wipe_stack(void)
{
    volatile char bytes[16384];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = 0;
    }
}

static int end(const char *how)
{
    fflush(stdout);
    if (strcmp(how, "_exit") == 0) {
        _exit(8);
    } else if (strcmp(how, "_Exit") == 0) {
        _Exit(8);
    } else if (strcmp(how, "exec") == 0) {
        execl("/bin/true", "true", (char *)NULL);
    } else if (strcmp(how, "raw_exit") == 0) {
        syscall(SYS_exit_group, 9);
    }
    return 1;
}

int main(int argc, char **argv)
{
    for (volatile int i = 0; i < 3; i++) {
        lose_later(99);
    }
    wipe_stack();
    puts("done");
    return argc > 1 ? end(argv[1]) : 7;
}
