// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// VARIANTS: archive shared both preload static

/**
 * What C and POSIX say of malloc, calloc, realloc and free: sizes of zero, sizes that nobody has,
 * errno, zeroed memory, exact usable sizes.  And that calloc leaves fresh memory untouched.
 */
#include "check.h"
#include "process.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

void free_sized(void *block, size_t size);
void free_aligned_sized(void *block, size_t alignment, size_t size);

// Through these the compiler does not see sizes that it would warn about.
static volatile size_t too_big = (size_t)PTRDIFF_MAX + 1;
static volatile size_t biggest = SIZE_MAX;

static void test_zero_sizes(void)
{
    void *blocks[100];
    for (size_t i = 0; i < 100; i++) {
        blocks[i] = i % 3 == 0 ? malloc(0) : i % 3 == 1 ? calloc(0, 8) : realloc(NULL, 0);
        ASSERT_NOT_NULL(blocks[i]);
        EXPECT_SIZE(malloc_usable_size(blocks[i]), 0);
        for (size_t j = 0; j < i; j++) {
            EXPECT_TRUE(blocks[i] != blocks[j]);
        }
    }
    for (size_t i = 0; i < 100; i++) {
        free(blocks[i]);
    }
    free(NULL);
    EXPECT_SIZE(malloc_usable_size(NULL), 0);
}

static void test_too_big(void)
{
    const size_t sizes[] = {too_big, biggest, biggest - 4096, too_big + 65536};
    char *volatile kept = malloc(100); // volatile: it stays usable when realloc fails
    ASSERT_NOT_NULL(kept);
    memset(kept, 'x', 100);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        errno = 0;
        EXPECT_POINTER(malloc(sizes[i]), NULL);
        EXPECT_SIZE((size_t)errno, ENOMEM);
        errno = 0;
        EXPECT_POINTER(calloc(sizes[i], 1), NULL);
        EXPECT_SIZE((size_t)errno, ENOMEM);
        errno = 0;
        EXPECT_POINTER(realloc(kept, sizes[i]), NULL);
        EXPECT_SIZE((size_t)errno, ENOMEM);
        errno = 0;
        EXPECT_POINTER(pvalloc(sizes[i]), NULL);
        EXPECT_SIZE((size_t)errno, ENOMEM);
    }
    errno = 0;
    EXPECT_POINTER(calloc(biggest / 4, 5), NULL);
    EXPECT_SIZE((size_t)errno, ENOMEM);
    errno = 0;
    EXPECT_POINTER(reallocarray(kept, biggest / 4, 5), NULL);
    EXPECT_SIZE((size_t)errno, ENOMEM);
    for (size_t i = 0; i < 100; i++) {
        EXPECT_SIZE((unsigned char)kept[i], 'x');
    }
    free(kept);
}

// errno survives success, and every free.
static void test_errno(void)
{
    errno = 42;
    for (size_t size = 1; size < (size_t)64 << 20; size = size * 3 + 5) {
        void *block = malloc(size);
        void *zeroed = calloc(size, 1);
        block = realloc(block, size * 2);
        ASSERT_NOT_NULL(block);
        ASSERT_NOT_NULL(zeroed);
        free(block);
        free_sized(zeroed, size);
        EXPECT_SIZE((size_t)errno, 42);
    }
    free_aligned_sized(memalign(256, 100), 256, 100);
    free(NULL);
    EXPECT_SIZE((size_t)errno, 42);
}

static void test_contents(void)
{
    enum {
        COUNT = 3000
    };
    static unsigned char *blocks[COUNT];
    for (size_t round = 0; round < 3; round++) { // from the second on calloc gets used memory
        for (size_t i = 0; i < COUNT; i++) {
            blocks[i] = calloc(1, i);
            ASSERT_NOT_NULL(blocks[i]);
            EXPECT_SIZE(malloc_usable_size(blocks[i]), i);
            EXPECT_SIZE((uintptr_t)blocks[i] % 16, 0);
            for (size_t j = 0; j < i; j++) {
                if (blocks[i][j] != 0) {
                    EXPECT_SIZE(blocks[i][j], 0);
                    return;
                }
            }
            memset(blocks[i], (int)(i % 255 + 1), i);
        }
        for (size_t i = 0; i < COUNT; i++) {
            for (size_t j = 0; j < i; j++) {
                if (blocks[i][j] != i % 255 + 1) {
                    EXPECT_SIZE(blocks[i][j], i % 255 + 1);
                    return;
                }
            }
            free(blocks[i]);
        }
    }
}

static void test_calloc_leaves_fresh_memory_alone(void)
{
    const size_t size = (size_t)256 << 20;
    size_t before = process_resident_size();
    char *block = calloc(size, 1);
    ASSERT_NOT_NULL(block);
    EXPECT_AT_MOST(process_resident_size(), before + (1 << 20));
    for (size_t i = 0; i < size; i += 1 << 20) {
        EXPECT_SIZE((unsigned char)block[i], 0);
        block[i] = 1;
    }
    free(block);
    block = calloc(size, 1);
    ASSERT_NOT_NULL(block);
    for (size_t i = 0; i < size; i += 1 << 20) {
        EXPECT_SIZE((unsigned char)block[i], 0);
    }
    free(block);
}

static void test_questions(void)
{
    EXPECT_SIZE((size_t)mallopt(M_MMAP_THRESHOLD, 1 << 20), 1);
    struct mallinfo2 before = mallinfo2();
    void *block = malloc(123456);
    struct mallinfo2 after = mallinfo2();
    EXPECT_SIZE(after.uordblks - before.uordblks, 123456);
    EXPECT_SIZE(after.arena, after.uordblks + after.fordblks);
    free(block);
    EXPECT_SIZE(mallinfo2().uordblks, before.uordblks);
}

int main(void)
{
    test_questions();
    test_zero_sizes();
    test_too_big();
    test_errno();
    test_contents();
    test_calloc_leaves_fresh_memory_alone();
    return test_result();
}
