// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The report window: its text, the answer without a terminal, the question on one, the ends of the
// process. Sources: _CrtSetReportMode (_CRTDBG_MODE_WNDW), "Assertion Failed dialog".
#define _DEBUG
#include "capture.h"
#include "child.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

enum {
    EXIT_ABORTED = 3,
    LIMIT_SECONDS = 20
};

#define HINT                                                                                       \
    "\n\nFor information on how your program can cause an assertion\n"                             \
    "failure, see the Visual C++ documentation on asserts."
#define END "\n\n(Press Retry to debug the application)\n"

// The program's name as the window shows it.
static const char *shown_program(void)
{
    static char shown[80];
    char path[4096];
    const ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    ASSERT_TRUE(length > 0);
    path[length] = '\0';
    if (length <= 64) {
        snprintf(shown, sizeof(shown), "%.64s", path);
    } else {
        snprintf(shown, sizeof(shown), "...%.61s", path + length - 61);
    }
    return shown;
}

static void expect_text(
    struct test_place place, const char *actual, const char *head, const char *tail)
{
    char expected[4096];
    snprintf(expected, sizeof(expected), "%s\n\nProgram: %s%s", head, shown_program(), tail);
    text_is(place, actual, expected);
}
#define EXPECT_WINDOW(actual, head, tail) expect_text(CHECK_HERE, (actual), (head), (tail))

// ---- Without a terminal -----------------------------------------------------------------------

static void end_badly(void)
{
    _exit(99); // atexit functions do not run
}

static void report_error(void *context)
{
    (void)context;
    atexit(end_badly);
    _CrtDbgReport(_CRT_ERROR, "dir/f.c", 12, "libm.so", "what\n%d", 5);
    _exit(98);
}

static void fail_assertion(void *context)
{
    (void)context;
    _CrtDbgReportW(_CRT_ASSERT, L"f.c", 7, NULL, L"%ls", L"e == 1");
    _exit(98);
}

static void report_nothing(void *context)
{
    (void)context;
    _CrtSetReportMode(_CRT_WARN, _CRTDBG_MODE_WNDW);
    _CrtDbgReport(_CRT_WARN, NULL, 0, NULL, NULL);
}

static void report_long_module(void *context)
{
    (void)context;
    _CrtDbgReport(_CRT_ERROR, NULL, 0,
        "0123456789-123456789-123456789-123456789-123456789-123456789-1234", "m");
}

static void on_abort(int number)
{
    (void)number;
    static const char text[] = "handler\n";
    ssize_t written = write(STDERR_FILENO, text, strlen(text));
    (void)written;
}

static void handle_abort(void *context)
{
    (void)context;
    signal(SIGABRT, on_abort);
    _CrtDbgReport(_CRT_ERROR, NULL, 0, NULL, "m");
}

static void expect_aborted(struct test_place place, const struct child *child)
{
    if (child->end != CHILD_EXITED || child->code != EXIT_ABORTED) {
        test_fail(place, "ended by %d with %d, expected exit code 3", child->end, child->code);
    }
}

static void test_headless(void)
{
    struct child child;
    child_run(&child, report_error, NULL, true, LIMIT_SECONDS);
    expect_aborted(CHECK_HERE, &child);
    EXPECT_WINDOW(
        child.text, "Debug Error!", "\nModule: libm.so\nFile: dir/f.c\nLine: 12\n\nwhat\n5" END);
    child_run(&child, fail_assertion, NULL, true, LIMIT_SECONDS);
    expect_aborted(CHECK_HERE, &child);
    EXPECT_WINDOW(child.text, "Debug Assertion Failed!",
        "\nFile: f.c\nLine: 7\n\nExpression: e == 1" HINT END);
    child_run(&child, report_nothing, NULL, true, LIMIT_SECONDS);
    EXPECT_WINDOW(child.text, "Debug Warning!", END);
    child_run(&child, report_long_module, NULL, true, LIMIT_SECONDS);
    EXPECT_WINDOW(child.text, "Debug Error!",
        "\nModule: ...456789-123456789-123456789-123456789-123456789-123456789-1234\n\nm" END);
    child_run(&child, handle_abort, NULL, true, LIMIT_SECONDS);
    expect_aborted(CHECK_HERE, &child);
    EXPECT_NOT_NULL(strstr(child.text, END "handler\n"));
}

// ---- Under a debugger -------------------------------------------------------------------------

static void run_traced(void *context)
{
    (void)context;
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    _exit(_CrtDbgReport(_CRT_ERROR, NULL, 0, NULL, "m"));
}

// With a tracer the answer is Retry: the report returns 1.
static void test_traced(void)
{
    const pid_t pid = fork();
    if (pid == 0) {
        close(STDERR_FILENO);
        run_traced(NULL);
    }
    int status;
    while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
        ptrace(PTRACE_CONT, pid, NULL, NULL);
    }
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_INT(WEXITSTATUS(status), 1);
}

// ---- On a terminal ----------------------------------------------------------------------------

static int open_terminal(char *name, size_t size)
{
    const int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0 ||
        ptsname_r(master, name, size) != 0) {
        test_skip("no pseudo-terminals here");
    }
    return master;
}

// The child gets the terminal as its controlling one and as its three streams.
static pid_t start_on_terminal(const char *name, child_body *body)
{
    const pid_t pid = fork();
    if (pid != 0) {
        return pid;
    }
    setsid();
    const int terminal = open(name, O_RDWR);
    ioctl(terminal, TIOCSCTTY, 0);
    dup2(terminal, STDIN_FILENO);
    dup2(terminal, STDOUT_FILENO);
    dup2(terminal, STDERR_FILENO);
    body(NULL);
    _exit(0);
}

// Reads until the text ends with `ending`, or nothing comes for a while.
static bool read_until(int master, char *text, size_t capacity, const char *ending)
{
    size_t length = strlen(text);
    while (length < capacity - 1) {
        struct pollfd poll_one = {.fd = master, .events = POLLIN};
        if (poll(&poll_one, 1, LIMIT_SECONDS * 1000) <= 0) {
            return false;
        }
        const ssize_t got = read(master, text + length, capacity - 1 - length);
        if (got <= 0) {
            return false;
        }
        length += (size_t)got;
        text[length] = '\0';
        const size_t size = strlen(ending);
        if (length >= size && strcmp(text + length - size, ending) == 0) {
            return true;
        }
    }
    return false;
}

static void report_and_exit(void *context)
{
    (void)context;
    const int result = _CrtDbgReport(_CRT_ERROR, "f.c", 1, NULL, "m");
    _exit(result == 0 ? 40 : 41);
}

static int one_and_one = 2;

static void assert_in_window(void *context)
{
    (void)context;
    _set_error_mode(_OUT_TO_MSGBOX);
    assert(one_and_one == 3);
    _exit(42);
}

static void break_on_retry(void *context)
{
    (void)context;
    _ASSERTE(one_and_one == 3);
    _exit(43);
}

#define QUESTION "Abort, Retry (break into the debugger) or Ignore? [A/r/i] "

// Types an answer to the question and returns the child's status.
static int answer(child_body *body, const char *typed)
{
    char name[64];
    char text[8192] = "";
    const int master = open_terminal(name, sizeof(name));
    const pid_t pid = start_on_terminal(name, body);
    EXPECT_TRUE(read_until(master, text, sizeof(text), QUESTION));
    EXPECT_NOT_NULL(strstr(text, "Debug "));
    EXPECT_TRUE(write(master, typed, strlen(typed)) > 0);
    if (strchr(typed, '?') != NULL) { // a letter that is no answer: asked again
        text[0] = '\0';
        EXPECT_TRUE(read_until(master, text, sizeof(text), QUESTION));
        EXPECT_TRUE(write(master, "i\n", 2) == 2);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    close(master);
    return status;
}

static void test_terminal(void)
{
    EXPECT_INT(WEXITSTATUS(answer(report_and_exit, "i\n")), 40);
    EXPECT_INT(WEXITSTATUS(answer(report_and_exit, "Ignore\n")), 40);
    EXPECT_INT(WEXITSTATUS(answer(report_and_exit, "r\n")), 41);
    EXPECT_INT(WEXITSTATUS(answer(report_and_exit, "a\n")), EXIT_ABORTED);
    EXPECT_INT(WEXITSTATUS(answer(report_and_exit, "\n")), EXIT_ABORTED);
    EXPECT_INT(WEXITSTATUS(answer(report_and_exit, "?\n")), 40);
    EXPECT_INT(WEXITSTATUS(answer(assert_in_window, "i\n")), 42);
    EXPECT_INT(WEXITSTATUS(answer(assert_in_window, "a\n")), EXIT_ABORTED);
    const int status = answer(break_on_retry, "r\n");
    EXPECT_TRUE(WIFSIGNALED(status));
    EXPECT_INT(WTERMSIG(status), SIGTRAP); // nobody catches the break
}

int main(void)
{
    // Whatever the test itself was started from: the first children have no terminal.
    const int saved_input = dup(STDIN_FILENO);
    const int null = open("/dev/null", O_RDONLY);
    dup2(null, STDIN_FILENO);
    test_headless();
    test_traced();
    dup2(saved_input, STDIN_FILENO);
    test_terminal();
    return test_result();
}
