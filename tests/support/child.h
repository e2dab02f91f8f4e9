// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Child processes with a time limit: for a process's first call, for limits that cannot be lifted
 * again, and for what may crash or hang.
 */
#ifndef SUPPORT_CHILD_H
#define SUPPORT_CHILD_H

#include "check.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum child_end {
    CHILD_EXITED,    ///< `code` is its exit status
    CHILD_SIGNALLED, ///< `code` is the signal
    CHILD_TIMED_OUT, ///< it was killed at the limit
    CHILD_NOT_STARTED,
};

struct child {
    enum child_end end;
    int code;
    size_t text_length;
    char text[4096]; ///< the beginning of what it wrote to stderr, when captured; ends with 0
};

typedef void child_body(void *context);

/**
 * Forks; the child runs `body` with its failures counted from 0 and exits with test_result().
 *
 * @param is_captured    stderr of the child goes to child->text instead of ours
 * @param limit_seconds  on an ordinary run; stretched under sanitizers and valgrind
 */
void child_run(
    struct child *child, child_body *body, void *context, bool is_captured, unsigned limit_seconds);

/** Runs a program in place of a body; `environment` NULL: ours. */
void child_execute(struct child *child, const char *path, char *const arguments[],
    char *const environment[], unsigned limit_seconds);

/** Runs this program again with one argument, and with one environment variable ("NAME=value")
 * added or changed. */
void child_run_self(
    struct child *child, const char *argument, const char *variable, unsigned limit_seconds);

/** child_run() without capture; a failure here unless the child exits with 0 (or 77: skipped). */
bool child_passes(struct test_place place, const char *what, child_body *body, void *context,
    unsigned limit_seconds);
#define EXPECT_CHILD_PASSES(what, body, context, limit_seconds)                                    \
    child_passes(CHECK_HERE, (what), (body), (context), (limit_seconds))

/** Waits for a process that the caller forked; kills it at the limit. */
void child_wait(struct child *child, pid_t pid, unsigned limit_seconds);

/** Reports how the child ended, unless it exited with 0 or was skipped. */
bool child_expect_passed(struct test_place place, const char *what, const struct child *child);

#endif
