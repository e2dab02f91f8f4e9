// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * What a report writes: to a file of ours, by _CRTDBG_MODE_FILE, or to standard error, in a child.
 *
 * Include after check.h; the including file has defined _DEBUG.
 */
#ifndef CRTDBG_REPORT_CAPTURE_H
#define CRTDBG_REPORT_CAPTURE_H

#include <crtdbg.h>

#include "check.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/// Text written to `descriptor` since it was last asked for.
struct capture {
    int descriptor;
    char text[3 * 4096];
};

static inline void capture_open(struct capture *capture)
{
    capture->descriptor = memfd_create("report", MFD_CLOEXEC);
    ASSERT_TRUE(capture->descriptor > 0);
    ASSERT_TRUE(fcntl(capture->descriptor, F_SETFL, O_APPEND) == 0); // for several threads
}

/// Reads and forgets what has been written. The text ends with a null.
static inline const char *capture_take(struct capture *capture)
{
    const ssize_t size = pread(capture->descriptor, capture->text, sizeof(capture->text) - 1, 0);
    capture->text[size > 0 ? size : 0] = '\0';
    ASSERT_TRUE(ftruncate(capture->descriptor, 0) == 0);
    ASSERT_TRUE(lseek(capture->descriptor, 0, SEEK_SET) == 0);
    return capture->text;
}

static inline _HFILE capture_file(const struct capture *capture)
{
    return (_HFILE)(intptr_t)capture->descriptor;
}

/// Sends all three types of report to the capture and nowhere else.
static inline void capture_all(struct capture *capture)
{
    capture_open(capture);
    for (int type = 0; type < _CRT_ERRCNT; type++) {
        _CrtSetReportMode(type, _CRTDBG_MODE_FILE);
        _CrtSetReportFile(type, capture_file(capture));
    }
}

static inline bool capture_is(
    struct test_place place, struct capture *capture, const char *expected)
{
    const char *actual = capture_take(capture);
    if (strcmp(actual, expected) != 0) {
        test_fail(place, "reported \"%s\", expected \"%s\"", actual, expected);
        return false;
    }
    return true;
}
#define EXPECT_REPORTED(capture, expected) capture_is(CHECK_HERE, (capture), (expected))

static inline bool text_is(struct test_place place, const char *actual, const char *expected)
{
    if (actual == NULL || strcmp(actual, expected) != 0) {
        test_fail(place, "\"%s\", expected \"%s\"", actual != NULL ? actual : "NULL", expected);
        return false;
    }
    return true;
}
#define EXPECT_TEXT(actual, expected) text_is(CHECK_HERE, (actual), (expected))

static inline bool int_is(struct test_place place, long actual, long expected, const char *what)
{
    if (actual != expected) {
        test_fail(place, "%s is %ld, expected %ld", what, actual, expected);
        return false;
    }
    return true;
}
#define EXPECT_INT(actual, expected) int_is(CHECK_HERE, (actual), (expected), #actual)

/// The handler of bad parameters counts, and the call fails as documented.
static int capture_bad_parameters;
static inline void capture_count_bad_parameter(const wchar_t *expression, const wchar_t *function,
    const wchar_t *file, unsigned line, uintptr_t reserved)
{
    (void)expression;
    (void)function;
    (void)file;
    (void)line;
    (void)reserved;
    capture_bad_parameters++;
}

#endif
