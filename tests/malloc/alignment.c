// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// VARIANTS: archive shared both preload static

/**
 * aligned_alloc, memalign, posix_memalign, valloc and pvalloc: every power of two to 16 MiB with
 * many sizes, blocks that do not overlap, the errors of wrong alignments, and resize and free of
 * such blocks.
 */
#include "check.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile size_t huge_alignment = (size_t)1 << 44;
static volatile size_t not_a_power = 24;

static void *get(unsigned how, size_t alignment, size_t size)
{
    void *block = NULL;
    switch (how) {
    case 0:
        return aligned_alloc(alignment, size);
    case 1:
        return memalign(alignment, size);
    default:
        return posix_memalign(&block, alignment, size) == 0 ? block : NULL;
    }
}

static void test_powers(void)
{
    const size_t sizes[] = {0, 1, 8, 15, 16, 17, 48, 100, 256, 1000, 2048, 4096, 5000, 8192, 20000,
        65536, 100000, 300000};
    enum {
        SIZE_COUNT = sizeof(sizes) / sizeof(sizes[0])
    };
    for (size_t alignment = 8; alignment <= (size_t)16 << 20; alignment *= 2) {
        unsigned char *blocks[SIZE_COUNT];
        for (size_t i = 0; i < SIZE_COUNT; i++) {
            blocks[i] = get((unsigned)i % 3, alignment, sizes[i]);
            ASSERT_NOT_NULL(blocks[i]);
            EXPECT_SIZE((uintptr_t)blocks[i] % alignment, 0);
            EXPECT_SIZE(malloc_usable_size(blocks[i]), sizes[i]);
            memset(blocks[i], (int)i + 1, sizes[i]);
        }
        for (size_t i = 0; i < SIZE_COUNT; i++) {
            if (sizes[i] != 0) {
                EXPECT_SIZE(blocks[i][0], i + 1);
                EXPECT_SIZE(blocks[i][sizes[i] - 1], i + 1);
            }
            if (i % 2 == 0) {
                unsigned char *resized = realloc(blocks[i], sizes[i] + 1000);
                ASSERT_NOT_NULL(resized);
                if (sizes[i] != 0) {
                    EXPECT_SIZE(resized[sizes[i] - 1], i + 1);
                }
                blocks[i] = resized;
            }
            free(blocks[i]);
        }
    }
}

static void test_errors(void)
{
    void *block = &block;
    EXPECT_SIZE((size_t)posix_memalign(&block, not_a_power, 10), EINVAL);
    EXPECT_SIZE((size_t)posix_memalign(&block, not_a_power / 6, 10), EINVAL);
    EXPECT_SIZE((size_t)posix_memalign(&block, not_a_power - 24, 10), EINVAL);
    EXPECT_SIZE((size_t)posix_memalign(&block, huge_alignment, 10), ENOMEM);
    EXPECT_POINTER(block, &block);
    errno = 0;
    EXPECT_POINTER(aligned_alloc(not_a_power, 48), NULL);
    EXPECT_SIZE((size_t)errno, EINVAL);
    errno = 0;
    EXPECT_POINTER(aligned_alloc(huge_alignment, 48), NULL);
    EXPECT_SIZE((size_t)errno, ENOMEM);
    errno = 0;
    EXPECT_POINTER(memalign(SIZE_MAX - not_a_power, 48), NULL);
    EXPECT_SIZE((size_t)errno, EINVAL);
    void *raised = memalign(not_a_power, 48); // to 32
    EXPECT_NOT_NULL(raised);
    EXPECT_SIZE((uintptr_t)raised % 32, 0);
    free(raised);
    free(memalign(not_a_power - 24, 48));
}

static void test_pages(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *block = valloc(100);
    EXPECT_NOT_NULL(block);
    EXPECT_SIZE((uintptr_t)block % page, 0);
    EXPECT_SIZE(malloc_usable_size(block), 100);
    free(block);
    block = pvalloc(100);
    EXPECT_NOT_NULL(block);
    EXPECT_SIZE((uintptr_t)block % page, 0);
    EXPECT_SIZE(malloc_usable_size(block), page);
    free(block);
}

int main(void)
{
    test_powers();
    test_errors();
    test_pages();
    return test_result();
}
