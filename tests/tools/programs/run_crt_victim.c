// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// A program with mistakes: run_crt_victim MISTAKE.  It ends with 7 if nobody ends it.

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

char *volatile kept;
volatile size_t too_many = 12;

__attribute__((noinline)) static void lose(void)
{
    char *volatile block = malloc(100);
    block[0] = 'x';
}

static void overrun(void)
{
    char *block = malloc(10);
    block[10] = 1;
    free(block);
}

static void read_too_much(void)
{
    char copy[16];
    char *block = calloc(1, 10);
    memcpy(copy, block, too_many);
    free(block);
}

static void fork_and_lose(void)
{
    if (fork() == 0) {
        lose();
        exit(0);
    }
    wait(NULL);
}

static void show_environment(void)
{
    printf("%s|%s|%s\n", getenv("LD_PRELOAD"), getenv("HALDE_OPTIONS"), getenv("HALDE_RECORD"));
}

int main(int count, char **words)
{
    const char *mistake = count > 1 ? words[1] : "";
    kept = malloc(50);
    lose();
    lose();
    if (strcmp(mistake, "overrun") == 0) {
        overrun();
    } else if (strcmp(mistake, "read") == 0) {
        read_too_much();
    } else if (strcmp(mistake, "fork") == 0) {
        fork_and_lose();
    } else if (strcmp(mistake, "environment") == 0) {
        show_environment();
    } else if (strcmp(mistake, "kill") == 0) {
        raise(SIGKILL);
    } else if (strcmp(mistake, "exec") == 0) {
        execl("/bin/true", "true", (char *)NULL);
    }
    return 7;
}
