// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// VARIANTS: archive shared both preload

/**
 * Blocks that another allocator made, here libc's own: free leaves them alone, realloc copies what
 * can be read of them into a block of ours, malloc_usable_size says 0.  A block before a page
 * that cannot be read is copied without a fault; what cannot be read at all ends the process with
 * a sentence.
 */
#include "check.h"
#include "child.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size); // glibc's own

static void test_of_libc(void)
{
    for (size_t size = 1; size < 3000000; size = size * 2 + 7) {
        unsigned char *foreign = __libc_malloc(size);
        ASSERT_NOT_NULL(foreign);
        memset(foreign, 'f', size);
        EXPECT_SIZE(malloc_usable_size(foreign), 0);
        free(foreign);
        EXPECT_SIZE(foreign[size - 1], 'f'); // it was not touched
        for (size_t wanted = 1; wanted < 3000000; wanted = wanted * 3 + 1) {
            unsigned char *ours = realloc(foreign, wanted);
            ASSERT_NOT_NULL(ours);
            EXPECT_SIZE(malloc_usable_size(ours), wanted);
            size_t kept = wanted < size ? wanted : size;
            EXPECT_SIZE(ours[0], 'f');
            EXPECT_SIZE(ours[kept - 1], 'f');
            free(ours);
        }
        EXPECT_POINTER(realloc(foreign, 0), NULL);
    }
}

static void test_before_a_hole(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_TRUE(pages != MAP_FAILED);
    munmap(pages + page, page);
    char *foreign = pages + page - 32;
    memset(foreign, 'h', 32);
    char *ours = realloc(foreign, 100000);
    ASSERT_NOT_NULL(ours);
    for (size_t i = 0; i < 32; i++) {
        EXPECT_SIZE((unsigned char)ours[i], 'h');
    }
    EXPECT_SIZE(malloc_usable_size(ours), 100000);
    free(ours);
    munmap(pages, page);
}

static void resize_nothing(void *context)
{
    void *block = realloc(context, 10);
    (void)block;
}

static void test_unreadable(void)
{
    static struct child child;
    child_run(&child, resize_nothing, (void *)(uintptr_t)0x1230, true, 20);
    EXPECT_TRUE(child.end == CHILD_SIGNALLED);
    EXPECT_SIZE((size_t)child.code, 6);
    EXPECT_TRUE(strstr(child.text, "halde: realloc: ") != NULL);
    EXPECT_TRUE(strstr(child.text, "block 0x1230 belongs to no heap of this process") != NULL);
}

int main(void)
{
    test_of_libc();
    test_before_a_hole();
    test_unreadable();
    return test_result();
}
