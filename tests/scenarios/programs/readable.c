// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Blocks whose bytes are known: the size first, then one letter.  With "end" it does not wait to be
// looked at.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *volatile kept[2000];
static size_t count;

static void keep(unsigned char *block, size_t size, int letter)
{
    memset(block, letter, size);
    memcpy(block, &size, sizeof(size));
    kept[count++] = block;
}

__attribute__((noinline)) static void make_small(void)
{
    keep(malloc(48), 48, 'S');
}

__attribute__((noinline)) static void make_texts(void)
{
    keep(malloc(700), 700, 'T');
}

__attribute__((noinline)) static void make_large(void)
{
    keep(malloc(300000), 300000, 'L');
}

static void make_all(void)
{
    for (int i = 0; i < 1000; i++) {
        make_small();
    }
    for (int i = 0; i < 300; i++) {
        make_texts();
    }
    for (int i = 0; i < 5; i++) {
        make_large();
    }
}

// Blocks that nothing points to, for `leaks` to show their bytes.
__attribute__((noinline)) static void lose(size_t size)
{
    unsigned char *block = malloc(size);
    for (size_t i = 0; i < size; i++) {
        block[i] = (unsigned char)(i * 37 + size);
    }
    __asm__ volatile("" : : "r"(block) : "memory");
}

int main(int argc, char **argv)
{
    make_all();
    for (size_t size = 20; size < 400; size += 37) {
        lose(size);
    }
    memset(__builtin_alloca(4096), 0, 4096);
    puts("ready");
    fflush(stdout);
    if (argc > 1 && strcmp(argv[1], "end") == 0) {
        return 3;
    }
    for (;;) {
        pause();
    }
}
