// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// A program that knows nothing but <halde/heap.h>. Compiled as C11 and as C++17.
#include <halde/heap.h>

#include <stdio.h>
#include <string.h>

static bool count_busy(const struct halde_entry *entry, void *context)
{
    size_t *busy = (size_t *)context;
    if (entry->kind == HALDE_ENTRY_BUSY) {
        *busy += 1;
    }
    return true;
}

int main(void)
{
    halde_heap *heap = NULL;
    if (halde_heap_create(NULL, &heap) != HALDE_OK) {
        return 1;
    }
    char *text = (char *)halde_heap_alloc(heap, 6, HALDE_ZERO);
    if (!text || text[5] != '\0') {
        return 2;
    }
    memcpy(text, "halde", 5);
    size_t size = 0;
    if (halde_heap_size(heap, text, &size) != HALDE_OK || size != 6) {
        return 3;
    }
    size_t busy = 0;
    if (halde_heap_walk(heap, count_busy, &busy) != HALDE_OK || busy != 1) {
        return 4;
    }
    puts(text);
    if (halde_heap_destroy(heap) != HALDE_OK || halde_heap_is_valid(heap)) {
        return 5;
    }
    return 0;
}
