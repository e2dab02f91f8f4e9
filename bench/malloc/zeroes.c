// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** calloc of all sizes, 32 bytes to 2 MiB; large ones are used in part, as tables are. */
#include "work.h"

enum {
    LIVE = 256
};

static void work(struct member *member)
{
    char *blocks[LIVE] = {NULL};
    for (uint32_t i = 0; i < member->count; i++) {
        uint32_t shift = bench_random_below(&member->random, 100) < 97 ? 7 : 16;
        size_t size = (size_t)32 << bench_random_below(&member->random, shift);
        char **block = &blocks[bench_random_below(&member->random, LIVE)];
        free(*block);
        *block = calloc(size / 16, 16);
        if (*block == NULL || (*block)[size / 2] != 0 || (*block)[size - 1] != 0) {
            bench_fail("calloc");
        }
        memset(*block, 1, size < 256 ? size : 256);
        (*block)[size / 2] = 1;
    }
    for (uint32_t i = 0; i < LIVE; i++) {
        free(blocks[i]);
    }
}

int main(int argc, char **argv)
{
    struct bench_options options = {.thread_count = 1, .count = 1500000};
    bench_parse(argc, argv, &options);
    crew_run(&options, work, NULL);
    return 0;
}
