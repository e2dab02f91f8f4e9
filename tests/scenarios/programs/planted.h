// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Leaks for programs that others wrote: what is planted here has to be found, in number and bytes,
 * in this function and on this line.
 */
#ifndef PLANTED_H
#define PLANTED_H

#include <stdlib.h>
#include <string.h>

// Keeps the compiler from taking away what nobody reads.
#define PLANTED_USED(pointer) __asm__ volatile("" : : "r"(pointer) : "memory")

__attribute__((noinline)) static void plant_block(size_t size)
{
    void *block = malloc(size); // here
    memset(block, 'P', size);
    PLANTED_USED(block);
}

// So that no old pointer stays on the stack.
__attribute__((noinline)) static void plant_nothing(void)
{
    volatile char room[4096];
    memset((void *)room, 0, sizeof(room));
    PLANTED_USED(room);
}

__attribute__((noinline)) static void plant(long count, size_t size)
{
    for (long i = 0; i < count; i++) {
        plant_block(size);
    }
    plant_nothing();
}

#endif
