// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// VARIANTS: archive shared both static

/**
 * GetProcessHeap() is the heap behind malloc: blocks of malloc, calloc, realloc, aligned_alloc and
 * strdup appear in HeapWalk with exactly the sizes that were asked for; HeapFree, HeapReAlloc and
 * HeapSize take them; free and realloc take HeapAlloc's.  Also with both libraries in the process.
 */
#include "check.h"

#include <windows.h>

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_COUNT = 700
};

static struct {
    void *data;
    size_t size;
    unsigned seen;
} blocks[BLOCK_COUNT];

static void *get(size_t i, size_t size)
{
    switch (i % 5) {
    case 0:
        return malloc(size);
    case 1:
        return calloc(1, size);
    case 2:
        return realloc(malloc(size / 2), size);
    case 3:
        return aligned_alloc(64, size);
    default:
        return HeapAlloc(GetProcessHeap(), 0, size);
    }
}

static void note(const PROCESS_HEAP_ENTRY *entry)
{
    for (size_t i = 0; i < BLOCK_COUNT; i++) {
        if (blocks[i].data == entry->lpData) {
            blocks[i].seen++;
            EXPECT_SIZE(entry->cbData, blocks[i].size);
            EXPECT_TRUE((entry->wFlags & PROCESS_HEAP_ENTRY_BUSY) != 0);
        }
    }
}

static void walk(void)
{
    PROCESS_HEAP_ENTRY entry = {.lpData = NULL};
    HANDLE heap = GetProcessHeap();
    ASSERT_TRUE(HeapLock(heap));
    while (HeapWalk(heap, &entry)) {
        if ((entry.wFlags & PROCESS_HEAP_ENTRY_BUSY) != 0) {
            note(&entry);
        }
    }
    EXPECT_SIZE(GetLastError(), ERROR_NO_MORE_ITEMS);
    ASSERT_TRUE(HeapUnlock(heap));
}

static void release(size_t i)
{
    if (i % 2 == 0) {
        EXPECT_TRUE(HeapFree(GetProcessHeap(), 0, blocks[i].data));
    } else {
        free(blocks[i].data);
    }
}

int main(void)
{
    HANDLE heap = GetProcessHeap();
    for (size_t i = 0; i < BLOCK_COUNT; i++) {
        blocks[i].size = i < 600 ? i : i * i;
        blocks[i].data = get(i, blocks[i].size);
        ASSERT_NOT_NULL(blocks[i].data);
        EXPECT_SIZE(HeapSize(heap, 0, blocks[i].data), blocks[i].size);
        EXPECT_SIZE(malloc_usable_size(blocks[i].data), blocks[i].size);
    }
    walk();
    for (size_t i = 0; i < BLOCK_COUNT; i++) {
        EXPECT_SIZE(blocks[i].seen, 1);
        void *resized = i % 3 == 0 ? HeapReAlloc(heap, 0, blocks[i].data, i + 10)
                                   : realloc(blocks[i].data, i + 10);
        ASSERT_NOT_NULL(resized);
        blocks[i].data = resized;
        blocks[i].size = i + 10;
        blocks[i].seen = 0;
    }
    walk();
    for (size_t i = 0; i < BLOCK_COUNT; i++) {
        EXPECT_SIZE(blocks[i].seen, 1);
        release(i);
        blocks[i].seen = 0;
    }
    // What libc allocates is in the heap, too.
    char *text = strdup("what libc allocates");
    EXPECT_SIZE(HeapSize(heap, 0, text), 20);
    EXPECT_TRUE(HeapFree(heap, 0, text));
    EXPECT_TRUE(HeapValidate(heap, 0, NULL));
    return test_result();
}
