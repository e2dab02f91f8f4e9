// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=heap_flags=htc
// VARIANTS: archive shared both preload

/**
 * Allocation before constructors, in the first constructor, in exit handlers, in the destructor of
 * a thread-local object of the main thread, and in the last destructor.  And HALDE_OPTIONS is read
 * by the very first call, though libc may not have set `environ` by then: with heap_flags=htc the
 * bytes behind every block are 0xAB.
 */
#include "check.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *of_preinit, *of_constructor;
static int steps;
static int errors;

// Reads behind the block on purpose: the heap's check has written there.
static bool is_tail_checked(const char *block, size_t size)
{
    const unsigned char *volatile end = (const unsigned char *)block + size;
    for (size_t i = 0; i < 8; i++) {
        if (end[i] != 0xab) {
            return false;
        }
    }
    return true;
}

static char *try_all(void)
{
    char *kept = malloc(100);
    char *zeroed = calloc(10, 10);
    void *aligned = NULL;
    int error = posix_memalign(&aligned, 64, 10000);
    kept = realloc(kept, 300);
    errors += kept == NULL || zeroed == NULL || error != 0 || zeroed[99] != 0;
    errors += kept != NULL && !is_tail_checked(kept, 300);
    free(zeroed);
    free(aligned);
    steps++;
    return kept;
}

static void before_constructors(void)
{
    of_preinit = try_all();
}

__attribute__((section(".preinit_array"), used)) static void (*preinit)(void) = before_constructors;

__attribute__((constructor(101))) static void first_constructor(void)
{
    of_constructor = try_all();
}

// The exit status is that of main() unless this says otherwise.
__attribute__((destructor(101))) static void last_destructor(void)
{
    free(try_all());
    if (steps != 6 || errors != 0) {
        test_note("steps %d, errors %d", steps, errors);
        _exit(1);
    }
}

static void at_exit(void)
{
    free(try_all());
}

extern int __cxa_thread_atexit_impl(void (*destroy)(void *), void *object, void *library);
extern void *__dso_handle;

static void destroy_thread_local(void *object)
{
    free(object);
    free(try_all());
}

int main(void)
{
    EXPECT_SIZE((size_t)steps, 2);
    EXPECT_SIZE(malloc_usable_size(of_preinit), 300);
    EXPECT_SIZE(malloc_usable_size(of_constructor), 300);
    free(of_preinit);
    of_constructor = realloc(of_constructor, 100000);
    EXPECT_NOT_NULL(of_constructor);
    free(of_constructor);
    free(try_all());
    atexit(at_exit);
    EXPECT_SIZE(
        (size_t)__cxa_thread_atexit_impl(destroy_thread_local, try_all(), &__dso_handle), 0);
    steps--; // the object's own
    return test_result();
}
