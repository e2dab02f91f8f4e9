// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// TIMEOUT: 120
// VARIANTS: archive shared preload static

/**
 * purge_delay: when memory that is free leaves the process.  This program runs itself with each
 * value, and looks at the pages of freed blocks: 0, at once; a time, not before it has passed, and
 * with the next free after it; never, not until malloc_trim().
 */
#include "check.h"
#include "child.h"

#include <halde/statistics.h>

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    PAGE = 4096,
    LARGE_SIZE = 8 << 20,   // straight from the pool
    MIDDLE_SIZE = 300000,   // in a region
    SMALL_SIZE = 1000,      // in spans
    SMALL_COUNT = 32 << 10, // 32 MiB
    DELAY_MS = 400,
};

static char *large, *middle;
static char *small[SMALL_COUNT];

// Bytes of the pages that lie wholly in [block, block + size) and are in memory.
static size_t resident(const char *block, size_t size)
{
    uintptr_t start = ((uintptr_t)block + PAGE - 1) / PAGE * PAGE;
    size_t count = ((uintptr_t)block + size - start) / PAGE;
    unsigned char *pages = calloc(count, 1);
    ASSERT_NOT_NULL(pages);
    EXPECT_TRUE(mincore((void *)start, count * PAGE, pages) == 0);
    size_t resident_count = 0;
    for (size_t i = 0; i < count; i++) {
        resident_count += pages[i] & 1u;
    }
    free(pages);
    return resident_count * PAGE;
}

static size_t heap_resident(void)
{
    struct halde_heap_statistics statistics;
    EXPECT_OK(halde_heap_get_statistics(halde_process_heap(), &statistics, NULL, 0));
    return statistics.resident_size;
}

static char *filled(size_t size)
{
    char *block = malloc(size);
    ASSERT_NOT_NULL(block);
    memset(block, 'x', size);
    return block;
}

static void fill_and_free(void)
{
    large = filled(LARGE_SIZE);
    middle = filled(MIDDLE_SIZE);
    for (size_t i = 0; i < SMALL_COUNT; i++) {
        small[i] = filled(SMALL_SIZE);
    }
    for (size_t i = 0; i < SMALL_COUNT; i++) {
        free(small[i]);
    }
    free(middle);
    free(large);
}

// Frees that look after what is free: one in a region, one in the pool.
static void free_something(void)
{
    free(filled(100000));
    free(filled(3 << 20));
}

static void expect_all_resident(void)
{
    EXPECT_AT_LEAST(heap_resident(), (size_t)SMALL_SIZE * SMALL_COUNT);
    EXPECT_AT_LEAST(resident(middle, MIDDLE_SIZE), (MIDDLE_SIZE - 2 * PAGE) / PAGE * PAGE);
    EXPECT_AT_LEAST(resident(large, LARGE_SIZE), LARGE_SIZE - 2 * PAGE);
}

static void expect_all_gone(void)
{
    EXPECT_AT_MOST(heap_resident(), 3 << 20);
    EXPECT_SIZE(resident(middle, MIDDLE_SIZE), 0);
    EXPECT_SIZE(resident(large, LARGE_SIZE), 0);
}

static void test_at_once(void)
{
    fill_and_free();
    expect_all_gone();
}

static void test_after_a_time(void)
{
    fill_and_free();
    expect_all_resident();
    usleep((DELAY_MS + 100) * 1000);
    expect_all_resident(); // nobody has looked
    large = filled(LARGE_SIZE);
    middle = filled(MIDDLE_SIZE);
    free(middle);
    free(large);
    usleep((DELAY_MS + 100) * 1000);
    free_something();
    EXPECT_AT_MOST(heap_resident(), 3 << 20);
}

static void test_never(void)
{
    fill_and_free();
    usleep(1200 * 1000); // more than what is usual
    large = filled(LARGE_SIZE);
    free(large);
    fill_and_free();
    expect_all_resident();
    EXPECT_TRUE(malloc_trim(0) == 1);
    expect_all_gone();
}

static const struct {
    const char *options;
    void (*run)(void);
} CASES[] = {
    {"HALDE_OPTIONS=purge_delay=0", test_at_once},
    {"HALDE_OPTIONS=purge_delay=400", test_after_a_time},
    {"HALDE_OPTIONS=purge_delay=never", test_never},
    {"HALDE_OPTIONS=purge_delay=-1", test_never},
};

int main(int count, char **arguments)
{
    if (count > 1) {
        CASES[arguments[1][0] - '0'].run();
        return test_result();
    }
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        const char number[] = {(char)('0' + i), '\0'};
        struct child child;
        child_run_self(&child, number, CASES[i].options, 30);
        if (!child_expect_passed(CHECK_HERE, CASES[i].options, &child)) {
            test_note("%s", child.text);
        }
    }
    return test_result();
}
