// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// malloc is Halde's where libhalde is linked, also in what only libc calls; in C++ operator new,
// too.
#define _POSIX_C_SOURCE 200809L // strdup
#include <halde/heap.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_ours(void *block, size_t size)
{
    size_t found = 0;
    return halde_heap_of_block(block) == halde_process_heap() &&
           halde_heap_size(halde_process_heap(), block, &found) == HALDE_OK && found == size;
}

int main(void)
{
    char *text = strdup("halde");
    if (!text || !is_ours(text, 6)) {
        return 1;
    }
    puts(text);
    if (halde_heap_free(halde_process_heap(), text, 0) != HALDE_OK) {
        return 2;
    }
#ifdef __cplusplus
    int *numbers = new int[25];
    if (!is_ours(numbers, 100)) {
        return 3;
    }
    delete[] numbers;
#endif
    return 0;
}
