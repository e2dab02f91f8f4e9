// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The report window, as far as Linux has one: the same text on standard error, and the question
 * "abort, retry or ignore" on the terminal.  Without a terminal nobody is asked: the answer is
 * Retry under a debugger, else Abort.  HALDE_OPTIONS=crt_window=abort|retry|ignore answers without
 * asking.
 */
#ifndef CRTDBG_REPORT_WINDOW_H
#define CRTDBG_REPORT_WINDOW_H

#include "base/compiler.h"
#include "crtdbg/report_text.h"

enum window_answer {
    WINDOW_ABORT,
    WINDOW_RETRY,
    WINDOW_IGNORE
};

/// The text of a report's window, for window_ask(). `message` is what the caller formatted.
/// @return bytes stored, less than `capacity`
size_t window_compose(
    char *text, size_t capacity, const struct report_request *request, struct words message);

/// Shows the text and returns the answer.
enum window_answer window_ask(const char *text, size_t size);

/// In the child of a fork: nobody is asked there yet.
void window_reset_after_fork(void);

/// What Abort does: a handler of SIGABRT, if the program has set one; then exit code 3, without
/// atexit() functions; or, with HALDE_OPTIONS=crt_abort=core, an end by SIGABRT.
_Noreturn void window_abort(void);

#endif
