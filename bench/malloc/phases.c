// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Phases: the size of blocks changes from phase to phase, and one block in twenty of each phase
 * stays to the end, scattered over what the phase used.
 */
#include "work.h"

enum {
    PHASE_SIZE = 24 << 20, // bytes live at the end of a phase
    SMALLEST = 24,
    PHASES = 40,
};

static void work(struct member *member)
{
    void **blocks = bench_map(PHASE_SIZE / SMALLEST * sizeof(void *));
    void **kept = bench_map(PHASE_SIZE / SMALLEST * sizeof(void *));
    uint32_t kept_count = 0;
    for (uint32_t phase = 0; phase < member->count; phase++) {
        size_t size = SMALLEST + (size_t)(phase * 2654435761u >> 20) % 1500;
        uint32_t count = (uint32_t)(PHASE_SIZE / size);
        for (uint32_t i = 0; i < count; i++) {
            blocks[i] = take(size - i % 8);
        }
        for (uint32_t i = 0; i < count; i++) {
            if (bench_random_below(&member->random, 20) == 0 &&
                kept_count < PHASE_SIZE / SMALLEST) {
                kept[kept_count++] = blocks[i];
            } else {
                free(blocks[i]);
            }
        }
    }
    for (uint32_t i = 0; i < kept_count; i++) {
        free(kept[i]);
    }
}

int main(int argc, char **argv)
{
    struct bench_options options = {.thread_count = 1, .count = PHASES};
    bench_parse(argc, argv, &options);
    crew_run(&options, work, NULL);
    return 0;
}
