// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 300

/** Blocks of every alignment and many sizes: aligned, apart, exact, movable, freeable. */
#include "check.h"
#include "pattern.h"
#include "process.h"
#include "seed.h"

#include <stdlib.h>

enum {
    PLACES = 300,
    MAX_SHIFT = 26, // 64 MiB
};

struct block {
    char *data;
    size_t size;
    size_t alignment;
};

static void check_block(halde_heap *heap, const struct block *block, size_t place)
{
    size_t size = 0;
    EXPECT_SIZE((uintptr_t)block->data % block->alignment, 0);
    EXPECT_SIZE((uintptr_t)block->data % 16, 0);
    EXPECT_OK(halde_heap_size(heap, block->data, &size));
    EXPECT_SIZE(size, block->size);
    EXPECT_POINTER(halde_heap_of_block(block->data), heap);
    EXPECT_VALID(heap, block->data);
    pattern_expect(block->data, block->size, block->size, place, "aligned");
}

static void allocate(halde_heap *heap, struct block *block, struct random *random, size_t place)
{
    size_t shift =
        random_once_in(random, 4) ? random_below(random, MAX_SHIFT + 1) : random_below(random, 14);
    block->alignment = (size_t)1 << shift;
    block->size = random_once_in(random, 8) ? 0 : random_log(random, 1, 300000);
    uint32_t flags = random_once_in(random, 2) ? HALDE_ZERO : 0;
    block->data = halde_heap_alloc_aligned(heap, block->size, block->alignment, flags);
    if (!EXPECT_NOT_NULL(block->data)) {
        return;
    }
    if (flags & HALDE_ZERO) {
        pattern_expect_zero(block->data, 0, block->size, "aligned and zeroed");
    }
    pattern_fill(block->data, block->size, place);
    check_block(heap, block, place);
}

// realloc promises 16 bytes only; the block stays valid whatever its alignment was.
static void resize(halde_heap *heap, struct block *block, struct random *random, size_t place)
{
    size_t size = random_log(random, 1, 300000);
    char *moved = halde_heap_realloc(heap, block->data, size, 0, NULL);
    ASSERT_NOT_NULL(moved);
    pattern_expect(
        moved, block->size, size < block->size ? size : block->size, place, "realloc of aligned");
    *block = (struct block){moved, size, 16};
    pattern_fill(moved, size, place);
    check_block(heap, block, place);
}

static int compare_blocks(const void *left, const void *right)
{
    const struct block *a = left;
    const struct block *b = right;
    return (a->data > b->data) - (a->data < b->data);
}

static void expect_apart(const struct block *blocks)
{
    struct block sorted[PLACES];
    size_t count = 0;
    for (size_t i = 0; i < PLACES; i++) {
        if (blocks[i].data) {
            sorted[count++] = blocks[i];
        }
    }
    qsort(sorted, count, sizeof sorted[0], compare_blocks);
    for (size_t i = 0; i + 1 < count; i++) {
        EXPECT_TRUE(sorted[i].data + (sorted[i].size ? sorted[i].size : 1) <= sorted[i + 1].data);
    }
}

static void churn_aligned(halde_heap *heap, uint64_t seed, double seconds)
{
    static struct block blocks[PLACES];
    struct random random = random_make(seed, 2);
    uint64_t deadline = deadline_after(seconds);
    size_t step = 0;
    do {
        size_t place = random_below(&random, PLACES);
        struct block *block = &blocks[place];
        if (!block->data) {
            allocate(heap, block, &random, place);
        } else if (random_once_in(&random, 3)) {
            resize(heap, block, &random, place);
        } else {
            check_block(heap, block, place);
            EXPECT_OK(halde_heap_free(heap, block->data, 0));
            block->data = NULL;
        }
        if (++step % 1000 == 0) {
            EXPECT_VALID(heap, NULL);
            expect_apart(blocks);
        }
    } while (!deadline_is_over(deadline) && test_failures() == 0);
    for (size_t i = 0; i < PLACES; i++) {
        EXPECT_OK(halde_heap_free(heap, blocks[i].data, 0));
        blocks[i].data = NULL;
    }
    struct halde_heap_summary summary;
    EXPECT_OK(halde_heap_summarize(heap, &summary));
    EXPECT_SIZE(summary.busy_count, 0);
}

// Every alignment with every kind of size once, all alive together.
static void every_alignment(halde_heap *heap)
{
    static const size_t sizes[] = {0, 1, 16, 100, 4096, 70000, (1 << 20) + 1};
    enum {
        SIZES = sizeof sizes / sizeof sizes[0],
    };
    struct block blocks[(MAX_SHIFT + 1) * SIZES] = {{0}};
    size_t count = 0;
    for (unsigned shift = 0; shift <= MAX_SHIFT; shift++) {
        for (size_t i = 0; i < SIZES; i++) {
            struct block *block = &blocks[count];
            *block = (struct block){.size = sizes[i], .alignment = (size_t)1 << shift};
            block->data = halde_heap_alloc_aligned(heap, block->size, block->alignment, 0);
            if (EXPECT_NOT_NULL(block->data)) {
                pattern_fill(block->data, block->size, count);
            }
            count++;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (blocks[i].data) {
            check_block(heap, &blocks[i], i);
        }
    }
    EXPECT_VALID(heap, NULL);
    for (size_t i = 0; i < count; i++) {
        EXPECT_OK(halde_heap_free(heap, blocks[i].data, 0));
    }
}

static void wrong_alignments(halde_heap *heap)
{
    static const size_t wrong[] = {
        0, 3, 5, 6, 7, 12, 17, 24, 48, 4095, 4097, SIZE_MAX, SIZE_MAX - 15};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        EXPECT_POINTER(halde_heap_alloc_aligned(heap, 100, wrong[i], 0), NULL);
    }
    static const size_t sizes[] = {0, 1, 4096, SIZE_MAX, SIZE_MAX - 4096, SIZE_MAX / 2};
    // Powers of two that no address space has room for.
    for (unsigned shift = 48; shift < 64; shift++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            EXPECT_POINTER(
                halde_heap_alloc_aligned(heap, sizes[i], (size_t)1 << shift, HALDE_ZERO), NULL);
        }
    }
    for (unsigned shift = 0; shift < 30; shift++) { // sizes whose rounding wraps
        EXPECT_POINTER(halde_heap_alloc_aligned(heap, SIZE_MAX - 7, (size_t)1 << shift, 0), NULL);
    }
    EXPECT_VALID(heap, NULL);
}

int main(void)
{
    uint64_t seed = seed_start("aligned");
    halde_heap *heap;
    ASSERT_OK(halde_heap_create(NULL, &heap));
    wrong_alignments(heap);
    every_alignment(heap);
    double seconds = stress_seconds(2);
    churn_aligned(heap, seed, seconds / 2);
    EXPECT_OK(halde_heap_destroy(heap));
    const struct halde_heap_options checked = {.checks = HALDE_CHECK_TAIL | HALDE_CHECK_FREE};
    ASSERT_OK(halde_heap_create(&checked, &heap));
    wrong_alignments(heap);
    every_alignment(heap);
    churn_aligned(heap, seed, seconds / 2);
    EXPECT_OK(halde_heap_destroy(heap));
    return test_result();
}
