// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// assert(), Microsoft's abort(), error modes, and parameters that are refused. Sources: assert,
// _set_error_mode, abort, _set_abort_behavior, _set_invalid_parameter_handler.
#define _DEBUG
#define HALDE_CRT_ABORT 1
#include "capture.h"
#include "child.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    EXIT_ABORTED = 3,
    LIMIT_SECONDS = 20
};

static void expect_end(
    struct test_place place, child_body *body, enum child_end end, int code, const char *text)
{
    struct child child;
    child_run(&child, body, NULL, true, LIMIT_SECONDS);
    if (child.end != end || child.code != code) {
        test_fail(
            place, "ended by %d with %d, expected %d with %d", child.end, child.code, end, code);
    }
    if (text != NULL) {
        text_is(place, child.text, text);
    }
}
#define EXPECT_END(body, end, code, text) expect_end(CHECK_HERE, (body), (end), (code), (text))

// ---- assert -----------------------------------------------------------------------------------

static int never;

static void quiet_errors(void)
{
    _CrtSetReportMode(_CRT_ERROR, _CRTDBG_MODE_DEBUG);
}

static void fail_assert(void *context)
{
    (void)context;
    quiet_errors();
    assert(never == -1);
}

static void fail_narrow_assert(void *context)
{
    (void)context;
    quiet_errors();
    _assert("x", "y.c", 9);
}

static void test_assert(void)
{
    EXPECT_END(fail_narrow_assert, CHILD_EXITED, EXIT_ABORTED,
        "Assertion failed: x, file y.c, line 9\nabort() has been called");
    struct child child;
    child_run(&child, fail_assert, NULL, true, LIMIT_SECONDS);
    EXPECT_INT(child.code, EXIT_ABORTED);
    char head[512];
    snprintf(head, sizeof(head), "Assertion failed: never == -1, file %s, line ", __FILE__);
    EXPECT_INT(strncmp(child.text, head, strlen(head)), 0);
    const char *line = child.text + strlen(head);
    const size_t digits = strspn(line, "0123456789");
    EXPECT_TRUE(digits > 0);
    EXPECT_TEXT(line + digits, "\nabort() has been called");
}

// ---- abort ------------------------------------------------------------------------------------

static void on_abort(int number)
{
    (void)number;
    static const char text[] = " handler";
    ssize_t written = write(STDERR_FILENO, text, strlen(text));
    (void)written;
}

static void abort_with_handler(void *context)
{
    (void)context;
    quiet_errors();
    signal(SIGABRT, on_abort);
    abort();
}

static void abort_silently(void *context)
{
    (void)context;
    _set_abort_behavior(0, _WRITE_ABORT_MSG);
    abort();
}

static void abort_with_core(void *context)
{
    (void)context;
    _set_abort_behavior(_CALL_REPORTFAULT, _WRITE_ABORT_MSG | _CALL_REPORTFAULT);
    abort();
}

static int __cdecl claim_strangely(int type, char *message, int *result)
{
    EXPECT_INT(type, _CRT_ERROR);
    EXPECT_TEXT(message, "abort() has been called");
    *result = 5;
    return 1;
}

static void abort_with_hook(void *context)
{
    (void)context;
    _CrtSetReportHook(claim_strangely);
    abort();
}

static int __cdecl claim_break(int type, char *message, int *result)
{
    (void)type;
    (void)message;
    *result = 1;
    return 1;
}

static void abort_and_break(void *context)
{
    (void)context;
    _CrtSetReportHook(claim_break);
    abort();
}

static void test_abort(void)
{
    EXPECT_INT((int)_set_abort_behavior(0, 0), _WRITE_ABORT_MSG);
    EXPECT_INT((int)_set_abort_behavior(0xFFFF, 0xFFFF), _WRITE_ABORT_MSG);
    EXPECT_INT(
        (int)_set_abort_behavior(0, _CALL_REPORTFAULT), _WRITE_ABORT_MSG | _CALL_REPORTFAULT);
    EXPECT_INT((int)_set_abort_behavior(0, 0), _WRITE_ABORT_MSG);
    EXPECT_END(abort_with_handler, CHILD_EXITED, EXIT_ABORTED, "abort() has been called handler");
    EXPECT_END(abort_silently, CHILD_EXITED, EXIT_ABORTED, "");
    EXPECT_END(abort_with_core, CHILD_SIGNALLED, SIGABRT, "");
    EXPECT_END(abort_with_hook, CHILD_EXITED, EXIT_ABORTED, "abort() has been called\n");
    EXPECT_END(abort_and_break, CHILD_SIGNALLED, SIGTRAP, "");
}

// ---- Parameters -------------------------------------------------------------------------------

static struct capture capture;
static wchar_t seen_expression[256];
static int seen_errno;
static char seen_by;

static void __cdecl handler_process(const wchar_t *expression, const wchar_t *function,
    const wchar_t *file, unsigned line, uintptr_t reserved)
{
    wcsncpy(seen_expression, expression, _countof(seen_expression) - 1);
    seen_errno = errno;
    seen_by = 'p';
    EXPECT_TRUE(function != NULL && function[0] != L'\0');
    EXPECT_TRUE(file != NULL && file[0] != L'\0');
    EXPECT_TRUE(line > 0);
    EXPECT_SIZE(reserved, 0);
}

static void __cdecl handler_thread(const wchar_t *expression, const wchar_t *function,
    const wchar_t *file, unsigned line, uintptr_t reserved)
{
    (void)expression;
    (void)function;
    (void)file;
    (void)line;
    (void)reserved;
    seen_by = 't';
}

static void *call_in_thread(void *argument)
{
    (void)argument;
    EXPECT_TRUE(_get_thread_local_invalid_parameter_handler() == NULL);
    _set_error_mode(9);
    return NULL;
}

static void end_by_parameter(void *context)
{
    (void)context;
    _set_invalid_parameter_handler(NULL);
    _CrtSetReportMode(_CRT_ASSERT, 0);
    _set_error_mode(9);
}

static void end_by_window(void *context)
{
    (void)context;
    _set_invalid_parameter_handler(NULL);
    _CrtSetReportMode(_CRT_ASSERT, _CRTDBG_MODE_WNDW);
    _set_error_mode(9);
}

static void test_parameters(void)
{
    EXPECT_TRUE(_get_invalid_parameter_handler() == NULL);
    EXPECT_TRUE(_set_invalid_parameter_handler(handler_process) == NULL);
    EXPECT_TRUE(_get_invalid_parameter_handler() == handler_process);
    errno = 0;
    EXPECT_INT(_set_error_mode(9), -1);
    EXPECT_INT(errno, EINVAL);
    EXPECT_INT(seen_errno, EINVAL); // set before the handler
    EXPECT_INT(seen_by, 'p');
    EXPECT_TRUE(wcscmp(seen_expression, L"(\"Invalid error_mode\", 0)") == 0);
    EXPECT_NOT_NULL(
        strstr(capture_take(&capture), ") : Assertion failed: (\"Invalid error_mode\", 0)\n"));

    EXPECT_TRUE(_set_thread_local_invalid_parameter_handler(handler_thread) == NULL);
    EXPECT_TRUE(_get_thread_local_invalid_parameter_handler() == handler_thread);
    EXPECT_INT(_set_error_mode(9), -1);
    EXPECT_INT(seen_by, 't');
    pthread_t thread;
    ASSERT_TRUE(pthread_create(&thread, NULL, call_in_thread, NULL) == 0);
    pthread_join(thread, NULL);
    EXPECT_INT(seen_by, 'p');
    EXPECT_TRUE(_set_thread_local_invalid_parameter_handler(NULL) == handler_thread);
    capture_take(&capture);

    EXPECT_END(end_by_parameter, CHILD_SIGNALLED, SIGABRT,
        "halde: invalid parameter, and no handler is set: (\"Invalid error_mode\", 0)\n");
    EXPECT_END(end_by_window, CHILD_EXITED, EXIT_ABORTED, NULL);
}

static void watson(void *context)
{
    (void)context;
    int zero = 0;
    _CrtSetReportMode(_CRT_ASSERT, _CRTDBG_MODE_DEBUG);
    _ASSERT_AND_INVOKE_WATSON(zero != 0);
}

static void test_error_mode(void)
{
    EXPECT_INT(_set_error_mode(_REPORT_ERRMODE), _OUT_TO_DEFAULT);
    EXPECT_INT(_set_error_mode(_OUT_TO_MSGBOX), _OUT_TO_DEFAULT);
    EXPECT_INT(_set_error_mode(_OUT_TO_STDERR), _OUT_TO_MSGBOX);
    EXPECT_INT(_set_error_mode(_OUT_TO_DEFAULT), _OUT_TO_STDERR);
}

static void test_fill_threshold(void)
{
    EXPECT_SIZE(_CrtGetDebugFillThreshold(), SIZE_MAX);
    EXPECT_SIZE(_CrtSetDebugFillThreshold(0), SIZE_MAX);
    EXPECT_SIZE(_CrtSetDebugFillThreshold(SIZE_MAX), 0);
}

int main(void)
{
    const int null = open("/dev/null", O_RDONLY);
    dup2(null, STDIN_FILENO); // nobody is asked
    test_assert();
    test_abort();
    test_error_mode();
    test_fill_threshold();
    EXPECT_END(watson, CHILD_SIGNALLED, SIGABRT, NULL);
    capture_open(&capture);
    _CrtSetReportMode(_CRT_ASSERT, _CRTDBG_MODE_FILE);
    _CrtSetReportFile(_CRT_ASSERT, capture_file(&capture));
    test_parameters();
    return test_result();
}
