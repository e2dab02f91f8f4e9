// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The mixed span of a fixed-size heap: a search that begins where the last one succeeded ends also
// when all blocks from there on have been freed since.

#include "check.h"

#include <halde/heap.h>

enum {
    PAIR_COUNT = 20,
    SMALL = 8,   // bytes: one granule with its overhead
    MIDDLE = 24, // two granules
    LARGE = 152, // ten
};

static halde_heap *heap;

static void *take(size_t size)
{
    void *block = halde_heap_alloc(heap, size, 0);
    ASSERT_NOT_NULL(block);
    return block;
}

static void give(void *block)
{
    EXPECT_OK(halde_heap_free(heap, block, 0));
}

int main(void)
{
    const struct halde_heap_options options = {.maximum_size = 1 << 20};
    ASSERT_TRUE(halde_heap_create(&options, &heap) == HALDE_OK);
    void *small[PAIR_COUNT];
    void *middle[PAIR_COUNT];
    for (int i = 0; i < PAIR_COUNT; i++) {
        small[i] = take(SMALL);
        middle[i] = take(MIDDLE);
    }
    void *hole = take(LARGE);
    void *last = take(SMALL);
    for (int i = 0; i + 1 < PAIR_COUNT; i++) {
        give(middle[i]); // holes of two granules
    }
    give(hole);
    void *found = take(LARGE); // where the next search begins
    EXPECT_POINTER(found, hole);
    give(found);
    give(last);
    give(middle[PAIR_COUNT - 1]);
    void *above = take(LARGE); // fits into no hole
    EXPECT_TRUE((char *)above > (char *)small[PAIR_COUNT - 1]);
    EXPECT_VALID(heap, NULL);
    EXPECT_OK(halde_heap_destroy(heap));
    return test_result();
}
