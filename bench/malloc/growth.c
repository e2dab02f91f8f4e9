// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * One block grows by realloc to --max of --sizes in steps of --min; other blocks are taken in
 * between, so that it cannot always grow where it is.
 */
#include "work.h"

static void work(struct member *member)
{
    for (uint32_t done = 0; done < member->count; done++) {
        void *others[64] = {NULL};
        char *text = NULL;
        size_t length = 0;
        for (uint32_t step = 0; length < member->options->max_size; step++) {
            size_t longer = length + member->options->min_size;
            text = realloc(text, longer);
            if (text == NULL) {
                bench_fail("out of memory");
            }
            memset(text + length, 'y', longer - length);
            length = longer;
            free(others[step % 64]);
            others[step % 64] = take(16 + step % 200);
        }
        free(text);
        for (uint32_t i = 0; i < 64; i++) {
            free(others[i]);
        }
    }
}

int main(int argc, char **argv)
{
    struct bench_options options = {
        .thread_count = 1, .count = 60, .min_size = 100, .max_size = 4 << 20};
    bench_parse(argc, argv, &options);
    crew_run(&options, work, NULL);
    return 0;
}
