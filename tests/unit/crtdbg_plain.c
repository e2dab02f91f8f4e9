// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Microsoft's additions to <malloc.h> in a program without debug heap: aligned blocks, _recalloc,
// the _base functions.

#include "check.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static void test_aligned(void)
{
    static const size_t ALIGNMENTS[] = {1, 8, 16, 64, 4096, 65536};
    for (size_t i = 0; i < sizeof(ALIGNMENTS) / sizeof(ALIGNMENTS[0]); i++) {
        for (size_t offset = 0; offset < 40; offset += 13) {
            char *block = _aligned_offset_malloc(100, ALIGNMENTS[i], offset);
            ASSERT_NOT_NULL(block);
            EXPECT_SIZE(((uintptr_t)block + offset) % ALIGNMENTS[i], 0);
            EXPECT_SIZE(_aligned_msize(block, ALIGNMENTS[i], offset), 100);
            memset(block, 1, 100);
            block = _aligned_offset_recalloc(block, 30, 10, ALIGNMENTS[i], offset);
            EXPECT_SIZE(((uintptr_t)block + offset) % ALIGNMENTS[i], 0);
            EXPECT_TRUE(block[99] == 1 && block[100] == 0 && block[299] == 0);
            block = _aligned_offset_realloc(block, 50, ALIGNMENTS[i], offset);
            EXPECT_TRUE(block[49] == 1);
            _aligned_free(block);
        }
    }
    void *block = _aligned_malloc(0, 16);
    EXPECT_NOT_NULL(block);
    EXPECT_POINTER(_aligned_realloc(block, 0, 16), NULL); // freed
    _aligned_free(NULL);
    errno = 0;
    EXPECT_POINTER(_aligned_malloc(SIZE_MAX - 8, 64), NULL);
    EXPECT_TRUE(errno == ENOMEM);
    EXPECT_VALID(halde_process_heap(), NULL);
}

static void test_recalloc(void)
{
    char *block = _recalloc(NULL, 10, 10);
    EXPECT_TRUE(block[0] == 0 && block[99] == 0);
    memset(block, 1, 100);
    block = _recalloc(block, 20, 10);
    EXPECT_TRUE(block[99] == 1 && block[100] == 0 && block[199] == 0);
    EXPECT_SIZE(_msize(block), 200);
    errno = 0;
    EXPECT_POINTER(_recalloc(block, SIZE_MAX / 2, 3), NULL);
    EXPECT_TRUE(errno == ENOMEM);
    EXPECT_POINTER(_recalloc(block, 0, 3), NULL); // freed
    EXPECT_SIZE(_msize_base(block), SIZE_MAX);
}

static void test_base(void)
{
    char *block = _calloc_base(3, 5);
    EXPECT_TRUE(block[14] == 0 && _msize_base(block) == 15);
    block = _realloc_base(block, 5000);
    EXPECT_SIZE(_msize_base(block), 5000);
    EXPECT_POINTER(_expand_base(block, 100), block);
    errno = 0;
    _free_base(block);
    EXPECT_TRUE(errno == 0);
    _free_base(block);
    EXPECT_TRUE(errno == EINVAL);
    _free_base(NULL);
    EXPECT_TRUE(_heapadd(NULL, 0) == -1 && errno == ENOSYS);
}

int main(void)
{
    test_aligned();
    test_recalloc();
    test_base();
    return test_result();
}
