// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// VARIANTS: archive shared both preload static

/**
 * Wrong pointers to free and realloc end the process with one sentence that names the function, the
 * address and what is wrong: blocks freed twice (small, medium, large, very large, aligned),
 * pointers into blocks, blocks of a private heap.
 */
#include "check.h"
#include "child.h"

#include <halde/heap.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *volatile victim;

static void free_it(void *context)
{
    (void)context;
    free(victim);
}

static void resize_it(void *context)
{
    (void)context;
    victim = realloc(victim, 5);
}

static void expect_death(
    const char *what, child_body *body, const char *function, const char *sentence)
{
    static struct child child;
    char expected[200];
    child_run(&child, body, NULL, true, 20);
    EXPECT_TRUE(child.end == CHILD_SIGNALLED && child.code == 6);
    snprintf(expected, sizeof(expected), "halde: %s: heap ", function);
    bool is_said = strncmp(child.text, expected, strlen(expected)) == 0;
    snprintf(expected, sizeof(expected), "block %p %s", (void *)victim, sentence);
    is_said = is_said && strstr(child.text, expected) != NULL;
    is_said = is_said && strchr(child.text, '\n') == child.text + child.text_length - 1;
    if (!is_said) {
        test_fail(
            CHECK_HERE, "%s, %s: expected '%s', got '%s'", what, function, expected, child.text);
    }
}

static void expect_both(const char *what, const char *sentence)
{
    expect_death(what, free_it, "free", sentence);
    expect_death(what, resize_it, "realloc", sentence);
}

static void test_freed_twice(void)
{
    static const char FREED[] = "is already free (double free, or use after free)\n";
    const size_t sizes[] = {0, 24, 500, 3000, 20000, 100000, 3000000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (size_t others = 0; others < 100; others++) { // also once the class has spans
            void *other = malloc(sizes[i]);
            free(other);
        }
        char *neighbour = malloc(sizes[i]);
        victim = malloc(sizes[i]);
        free(victim);
        expect_both("freed twice", FREED);
        free(neighbour);
    }
    victim = aligned_alloc(4096, 5000);
    free(victim);
    expect_both("aligned, freed twice", FREED);
}

static void test_interior(void)
{
    const size_t sizes[] = {64, 500, 3000, 20000, 100000, 3000000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char *block = malloc(sizes[i]);
        victim = block + 32;
        expect_both("into a block", "is not the start of a block");
        victim = block + 1;
        expect_both("into a block", "is not the start of a block");
        free(block);
    }
}

static void test_private_heap(void)
{
    halde_heap *heap = NULL;
    ASSERT_OK(halde_heap_create(NULL, &heap));
    char *block = halde_heap_alloc(heap, 100, 0);
    halde_heap_alloc(heap, 100, 0);
    free(block); // a block of any heap may be given
    victim = block;
    expect_both("of a private heap, freed twice", "is already free");
}

int main(void)
{
    test_freed_twice();
    test_interior();
    test_private_heap();
    return test_result();
}
