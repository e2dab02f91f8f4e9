// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Checks for test programs: EXPECT_... reports a failure and goes on, ASSERT_... stops the program.
 *
 * Every check prints the two values and where it stands, evaluates its arguments once, and may be
 * used by any thread.  Nothing here allocates, so that a test of an allocator is not disturbed.
 * main() ends with `return test_result();`.  A child process begins with test_reset() (child.h does
 * that).
 */
#ifndef SUPPORT_CHECK_H
#define SUPPORT_CHECK_H

#include <halde/heap.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Exit status of a test that could not run here; ctest and .ci/run know it. */
enum {
    CHECK_SKIPPED = 77
};

/** Where a check stands. */
struct test_place {
    const char *file;
    int line;
};
#define CHECK_HERE ((struct test_place){__FILE__, __LINE__})

/** Reports one failure: file, line and a sentence in printf's format. Threads: any. */
void test_fail(struct test_place place, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** A line on stderr that is no failure: seeds, figures, reasons to skip. Threads: any. */
void test_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Failures so far. */
unsigned test_failures(void);

/** Forgets failures: a forked child counts its own. */
void test_reset(void);

/** EXIT_SUCCESS or EXIT_FAILURE, with one line when something failed. */
int test_result(void);

/** Prints the reason and ends the process with CHECK_SKIPPED. */
_Noreturn void test_skip(const char *reason);

_Noreturn void test_stop(void);

bool test_true(struct test_place place, bool is_met, const char *text);
bool test_size(struct test_place place, uint64_t actual, uint64_t expected, const char *text);
bool test_at_most(struct test_place place, uint64_t actual, uint64_t limit, const char *text);
bool test_at_least(struct test_place place, uint64_t actual, uint64_t limit, const char *text);
bool test_pointer(
    struct test_place place, const void *actual, const void *expected, const char *text);
bool test_status(struct test_place place, enum halde_status actual, enum halde_status expected,
    const char *text);

/** One of the statuses whose bits (1u << status) are set in `allowed`. */
bool test_status_in(
    struct test_place place, enum halde_status actual, uint32_t allowed, const char *text);

/** halde_heap_validate() of a block or (NULL) the whole heap; a failure prints the finding. */
bool test_valid(struct test_place place, halde_heap *heap, const void *block);
#define EXPECT_VALID(heap, block) test_valid(CHECK_HERE, (heap), (block))

#define STATUS_BIT(status) (UINT32_C(1) << (unsigned)(status))

#define EXPECT_TRUE(condition) test_true(CHECK_HERE, (condition), #condition)
#define EXPECT_FALSE(condition) test_true(CHECK_HERE, !(condition), "!(" #condition ")")
#define EXPECT_SIZE(actual, expected) test_size(CHECK_HERE, (actual), (expected), #actual)
#define EXPECT_AT_MOST(actual, limit) test_at_most(CHECK_HERE, (actual), (limit), #actual)
#define EXPECT_AT_LEAST(actual, limit) test_at_least(CHECK_HERE, (actual), (limit), #actual)
#define EXPECT_POINTER(actual, expected) test_pointer(CHECK_HERE, (actual), (expected), #actual)
#define EXPECT_NOT_NULL(actual) test_true(CHECK_HERE, (actual) != NULL, #actual " != NULL")
#define EXPECT_STATUS(actual, expected) test_status(CHECK_HERE, (actual), (expected), #actual)
#define EXPECT_STATUS_IN(actual, allowed) test_status_in(CHECK_HERE, (actual), (allowed), #actual)
#define EXPECT_OK(actual) test_status(CHECK_HERE, (actual), HALDE_OK, #actual)

#define ASSERT_MET(check)                                                                          \
    do {                                                                                           \
        if (!(check)) {                                                                            \
            test_stop();                                                                           \
        }                                                                                          \
    } while (0)
#define ASSERT_TRUE(condition) ASSERT_MET(EXPECT_TRUE(condition))
#define ASSERT_FALSE(condition) ASSERT_MET(EXPECT_FALSE(condition))
#define ASSERT_SIZE(actual, expected) ASSERT_MET(EXPECT_SIZE(actual, expected))
#define ASSERT_POINTER(actual, expected) ASSERT_MET(EXPECT_POINTER(actual, expected))
#define ASSERT_NOT_NULL(actual) ASSERT_MET(EXPECT_NOT_NULL(actual))
#define ASSERT_STATUS(actual, expected) ASSERT_MET(EXPECT_STATUS(actual, expected))
#define ASSERT_OK(actual) ASSERT_MET(EXPECT_OK(actual))

#endif
