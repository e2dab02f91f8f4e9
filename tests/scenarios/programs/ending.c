// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Takes memory until something ends it: a limit that it sets itself or has been given ("limit",
// megabytes, 0: the one it was given), or somebody with a signal ("wait").

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

void *volatile kept[100];

__attribute__((noinline)) static void *take_some(size_t size)
{
    void *block = malloc(size); // some
    if (block) {
        memset(block, 'S', size);
    }
    return block;
}

__attribute__((noinline)) static void *take_much(size_t size)
{
    void *block = malloc(size); // much
    if (block) {
        memset(block, 'M', size);
    }
    return block;
}

static void set_limit(const char *megabytes)
{
    rlim_t limit = (rlim_t)strtoul(megabytes, NULL, 10) << 20;
    if (limit > 0) {
        setrlimit(RLIMIT_AS, &(struct rlimit){limit, limit});
    }
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        return 2;
    }
    for (int i = 0; i < 100; i++) {
        kept[i] = take_some(1000);
    }
    if (strcmp(argv[1], "wait") == 0) {
        puts("ready");
        fflush(stdout);
        for (;;) {
            free(take_some(500));
            usleep(1000);
        }
    }
    set_limit(argc > 2 ? argv[2] : "0");
    void **last = NULL;
    for (void **block = take_much(1 << 20); block; block = take_much(1 << 20)) {
        *block = last;
        last = block;
    }
    abort();
}
