// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// A library that leaks when it is loaded: preloaded, or opened by a program.  PLANT says how many
// blocks, PLANT_IN in which program.

#include "planted.h"

#include <errno.h>

__attribute__((noinline)) static void plant_at_start(long count)
{
    plant(count, 60);
    PLANTED_USED(&count);
}

__attribute__((constructor)) static void start(void)
{
    const char *count = getenv("PLANT");
    const char *name = getenv("PLANT_IN");
    if (count && name && strcmp(name, program_invocation_short_name) == 0) {
        plant_at_start(strtol(count, NULL, 10));
    }
}
