// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// A plug-in that loses blocks, and keeps others in a variable of its own.

#include <stdlib.h>
#include <string.h>

#define PLANT __attribute__((noinline)) static void *

void *volatile own[4];

PLANT plant_in_plug_in(void)
{
    return calloc(1, 70);
}

PLANT plant_kept_by_plug_in(void)
{
    return calloc(1, 71);
}

void work_of_plug_in(void);

void work_of_plug_in(void)
{
    for (int i = 0; i < 6; i++) {
        void *lost = plant_in_plug_in();
        __asm__ volatile("" : : "r"(lost) : "memory");
    }
    for (int i = 0; i < 4; i++) {
        own[i] = plant_kept_by_plug_in();
    }
}
