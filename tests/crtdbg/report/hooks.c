// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=crt_break=continue

// Report hooks: order, counts, claims, edits; hooks that allocate, report, leave by longjmp.
// Sources: _CrtSetReportHook, _CrtSetReportHook2, "CRT debugging techniques", Client-defined hook
// functions.
#define _DEBUG
#include "capture.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static struct capture capture;
static char calls[256]; // one letter a call

static void note_call(char letter)
{
    const size_t length = strlen(calls);
    ASSERT_TRUE(length + 1 < sizeof(calls));
    calls[length] = letter;
    calls[length + 1] = '\0';
}

static void expect_calls(struct test_place place, const char *expected)
{
    if (strcmp(calls, expected) != 0) {
        test_fail(place, "calls \"%s\", expected \"%s\"", calls, expected);
    }
    calls[0] = '\0';
}
#define EXPECT_CALLS(expected) expect_calls(CHECK_HERE, (expected))

static int __cdecl hook_a(int type, char *message, int *result)
{
    (void)type;
    (void)message;
    EXPECT_INT(*result, 0); // whatever a hook before has stored
    *result = 77;           // dropped, since it declines
    note_call('a');
    return 0;
}

static int __cdecl hook_b(int type, char *message, int *result)
{
    (void)type;
    (void)message;
    EXPECT_INT(*result, 0);
    note_call('b');
    return 0;
}

static int __cdecl hook_wide(int type, wchar_t *message, int *result)
{
    (void)type;
    (void)message;
    EXPECT_INT(*result, 0);
    note_call('w');
    return 0;
}

static int __cdecl hook_single(int type, char *message, int *result)
{
    (void)type;
    (void)message;
    (void)result;
    note_call('s');
    return 0;
}

static void test_lists(void)
{
    EXPECT_INT(_CrtSetReportHook2(_CRT_RPTHOOK_INSTALL, hook_a), 1);
    EXPECT_INT(_CrtSetReportHook2(_CRT_RPTHOOK_INSTALL, hook_b), 1);
    EXPECT_INT(_CrtSetReportHookW2(_CRT_RPTHOOK_INSTALL, hook_wide), 1);
    EXPECT_TRUE(_CrtSetReportHook(hook_single) == NULL);
    EXPECT_TRUE(_CrtGetReportHook() == hook_single);
    _RPT0(_CRT_WARN, "x");
    EXPECT_REPORTED(&capture, "x");
    EXPECT_CALLS("baws"); // newest first, then wide, then the single one

    EXPECT_INT(_CrtSetReportHook2(_CRT_RPTHOOK_INSTALL, hook_a), 2); // moves to the front
    _RPT0(_CRT_WARN, "x");
    EXPECT_CALLS("abws");
    EXPECT_INT(_CrtSetReportHook2(_CRT_RPTHOOK_REMOVE, hook_a), 1);
    _RPT0(_CRT_WARN, "x");
    EXPECT_CALLS("abws");
    EXPECT_INT(_CrtSetReportHook2(_CRT_RPTHOOK_REMOVE, hook_a), 0);
    EXPECT_INT(_CrtSetReportHook2(_CRT_RPTHOOK_REMOVE, hook_b), 0);
    EXPECT_INT(_CrtSetReportHookW2(_CRT_RPTHOOK_REMOVE, hook_wide), 0);
    EXPECT_TRUE(_CrtSetReportHook(NULL) == hook_single);
    _RPT0(_CRT_WARN, "x");
    EXPECT_CALLS("");
    capture_take(&capture);
}

static void test_refused(void)
{
    const _invalid_parameter_handler old =
        _set_invalid_parameter_handler(capture_count_bad_parameter);
    errno = 0;
    EXPECT_INT(_CrtSetReportHook2(2, hook_a), -1);
    EXPECT_INT(errno, EINVAL);
    EXPECT_NOT_NULL(strstr(capture_take(&capture),
        "Assertion failed: mode == _CRT_RPTHOOK_INSTALL || mode == _CRT_RPTHOOK_REMOVE\n"));
    errno = 0;
    EXPECT_INT(_CrtSetReportHookW2(_CRT_RPTHOOK_INSTALL, NULL), -1);
    EXPECT_INT(errno, EINVAL);
    EXPECT_NOT_NULL(strstr(capture_take(&capture), "Assertion failed: new_hook != nullptr\n"));
    EXPECT_INT(capture_bad_parameters, 2);
    errno = 0;
    EXPECT_INT(_CrtSetReportHook2(_CRT_RPTHOOK_REMOVE, hook_a), -1);
    EXPECT_INT(errno, EINVAL);
    EXPECT_INT(capture_bad_parameters, 2); // an assertion, but no call of the handler
    EXPECT_NOT_NULL(strstr(capture_take(&capture),
        "Assertion failed: (\"The hook function is not in the list!\", 0)\n"));
    _set_invalid_parameter_handler(old);
}

// ---- Claims and texts -------------------------------------------------------------------------

static int last_type;
static char last_message[4096];
static wchar_t last_wide[4096];
static int claim; // what the claiming hooks return

static int __cdecl hook_claim(int type, char *message, int *result)
{
    last_type = type;
    snprintf(last_message, sizeof(last_message), "%s", message);
    *result = claim;
    return 1;
}

static int __cdecl hook_claim_wide(int type, wchar_t *message, int *result)
{
    last_type = type;
    wcscpy(last_wide, message);
    *result = claim;
    return 1;
}

static void test_claims(void)
{
    _CrtSetReportHook(hook_claim);
    claim = 5;
    EXPECT_INT(_CrtDbgReport(_CRT_ERROR, "a.c", 1, NULL, "text"), 5);
    EXPECT_REPORTED(&capture, ""); // nothing else is written
    EXPECT_INT(last_type, _CRT_ERROR);
    EXPECT_TEXT(last_message, "a.c(1) : text");
    claim = 0;
    _CrtDbgReport(_CRT_ASSERT, "a.c", 1, NULL, "e");
    EXPECT_TEXT(last_message, "a.c(1) : Assertion failed: e\r\n"); // CR: the mode has a file
    _CrtSetReportMode(_CRT_ASSERT, _CRTDBG_MODE_DEBUG);
    _CrtDbgReport(_CRT_ASSERT, "a.c", 1, NULL, "e");
    EXPECT_TEXT(last_message, "a.c(1) : Assertion failed: e\n");
    _CrtSetReportMode(_CRT_ASSERT, _CRTDBG_MODE_FILE);
    _CrtDbgReportW(_CRT_WARN, L"\u00e4.c", 2, NULL, L"%s", L"\u20ac");
    EXPECT_TEXT(last_message, "\u00e4.c(2) : \u20ac"); // wide report, narrow hook
    _CrtSetReportHook(NULL);

    _CrtSetReportHookW2(_CRT_RPTHOOK_INSTALL, hook_claim_wide);
    claim = -3;
    EXPECT_INT(_CrtDbgReport(_CRT_WARN, NULL, 0, NULL, "n\u00e4rrow"), -3);
    EXPECT_TRUE(wcscmp(last_wide, L"n\u00e4rrow") == 0);
    _CrtSetReportHookW2(_CRT_RPTHOOK_REMOVE, hook_claim_wide);
}

// ---- Edits ------------------------------------------------------------------------------------

static int __cdecl hook_edit(int type, char *message, int *result)
{
    (void)type;
    (void)result;
    message[0] = 'N';
    return 0;
}

static int __cdecl hook_edit_wide(int type, wchar_t *message, int *result)
{
    (void)type;
    (void)result;
    EXPECT_TRUE(message[0] == L'N'); // what the narrow hook has written
    message[1] = L'\u00dc';
    return 0;
}

static void test_edits(void)
{
    _CrtSetReportHook2(_CRT_RPTHOOK_INSTALL, hook_edit);
    _CrtSetReportHookW2(_CRT_RPTHOOK_INSTALL, hook_edit_wide);
    _RPT0(_CRT_WARN, "abc");
    EXPECT_REPORTED(&capture, "N\u00dcc");
    _RPTW0(_CRT_WARN, L"abc");
    EXPECT_REPORTED(&capture, "N\u00dcc");
    _CrtSetReportHook2(_CRT_RPTHOOK_REMOVE, hook_edit);
    _CrtSetReportHookW2(_CRT_RPTHOOK_REMOVE, hook_edit_wide);
}

// ---- Hooks that do things ---------------------------------------------------------------------

static int depth;

static int __cdecl hook_busy(int type, char *message, int *result)
{
    (void)message;
    (void)result;
    if (depth > 0) {
        return 0;
    }
    depth++;
    void *block = malloc(100);
    free(block);
    _RPT1(_CRT_WARN, "[nested in %d]", type);
    // Installing and removing in the middle of the walk.
    _CrtSetReportHook2(_CRT_RPTHOOK_REMOVE, hook_a);
    _CrtSetReportHook2(_CRT_RPTHOOK_INSTALL, hook_b);
    depth--;
    return 0;
}

static void test_nesting(void)
{
    _CrtSetReportHook2(_CRT_RPTHOOK_INSTALL, hook_a);
    _CrtSetReportHook2(_CRT_RPTHOOK_INSTALL, hook_busy);
    _RPT0(_CRT_ERROR, "outer");
    EXPECT_REPORTED(&capture, "[nested in 1]outer");
    EXPECT_CALLS("a"); // in the nested report; then it was removed, and b is new
    EXPECT_INT(_CrtSetReportHook2(_CRT_RPTHOOK_REMOVE, hook_b), 0);
    EXPECT_INT(_CrtSetReportHook2(_CRT_RPTHOOK_REMOVE, hook_busy), 0);
}

static int nested_result;

static int __cdecl hook_asserts(int type, char *message, int *result)
{
    (void)message;
    (void)result;
    if (type == _CRT_ASSERT) {
        EXPECT_INT(_crtAssertBusy, 0);
        nested_result = _CrtDbgReport(_CRT_ASSERT, "n.c", 9, NULL, "nested");
    }
    return 0;
}

// An assertion within an assertion goes to the debugger's channel only; HALDE_OPTIONS lets the
// break that follows pass.
static void test_second_chance(void)
{
    struct capture standard_error;
    capture_open(&standard_error);
    const int saved = dup(STDERR_FILENO);
    dup2(standard_error.descriptor, STDERR_FILENO);
    _CrtSetReportHook(hook_asserts);
    const int result = _CrtDbgReport(_CRT_ASSERT, "o.c", 1, NULL, "outer");
    _CrtSetReportHook(NULL);
    dup2(saved, STDERR_FILENO);
    close(saved);
    EXPECT_INT(result, 0);
    EXPECT_INT(nested_result, -1);
    EXPECT_REPORTED(&standard_error, "Second Chance Assertion Failed: File n.c, Line 9\n");
    EXPECT_REPORTED(&capture, "o.c(1) : Assertion failed: outer\n");
    EXPECT_INT(_crtAssertBusy, -1);
    close(standard_error.descriptor);
}

static jmp_buf escape;

static int __cdecl hook_jumps(int type, char *message, int *result)
{
    (void)type;
    (void)message;
    (void)result;
    longjmp(escape, 1);
}

static __attribute__((noinline)) void assert_and_jump(void)
{
    if (setjmp(escape) == 0) {
        _CrtDbgReport(_CRT_ASSERT, "j.c", 1, NULL, "left");
        EXPECT_TRUE(false);
    }
}

static __attribute__((noinline)) int assert_deeper(int levels)
{
    volatile char room[200];
    for (size_t i = 0; i < sizeof(room); i++) {
        room[i] = (char)levels;
    }
    if (levels > 0) {
        return assert_deeper(levels - 1) + room[0] * 0;
    }
    return _CrtDbgReport(_CRT_ASSERT, "k.c", 1, NULL, "heard");
}

// A hook that leaves by longjmp() does not make every later assertion a nested one.
static void test_longjmp(void)
{
    for (int i = 0; i < 20; i++) {
        _CrtSetReportHook(hook_jumps);
        assert_and_jump();
        _CrtSetReportHook(NULL);
        EXPECT_INT(assert_deeper(i), 0);
        EXPECT_REPORTED(&capture, "k.c(1) : Assertion failed: heard\n");
        EXPECT_INT(_crtAssertBusy, -1);
    }
}

static int inner_level;

static int __cdecl hook_abandons_nested(int type, char *message, int *result)
{
    (void)type;
    (void)message;
    (void)result;
    if (inner_level == 1) {
        longjmp(escape, 1); // out of the nested report, into the hook of the outer one
    }
    inner_level = 1;
    if (setjmp(escape) == 0) {
        _CrtDbgReport(_CRT_WARN, NULL, 0, NULL, "nested");
    }
    inner_level = 0;
    return 0;
}

// A report within a report is abandoned, and the outer one ends well: nothing is lost, however
// often.
static void test_abandoned_nested(void)
{
    _CrtSetReportHook(hook_abandons_nested);
    for (int i = 0; i < 50; i++) {
        EXPECT_INT(_CrtDbgReport(_CRT_ASSERT, "l.c", 1, NULL, "outer"), 0);
        EXPECT_REPORTED(&capture, "l.c(1) : Assertion failed: outer\n");
        EXPECT_INT(_crtAssertBusy, -1);
    }
    _CrtSetReportHook(NULL);
}

// ---- Many hooks, many threads -----------------------------------------------------------------

static void test_many(void)
{
    // More than the static table holds: the address of each byte stands for a function never
    // called.
    static char places[100];
    for (size_t i = 0; i < sizeof(places); i++) {
        EXPECT_INT(
            _CrtSetReportHook2(_CRT_RPTHOOK_INSTALL, (_CRT_REPORT_HOOK)(uintptr_t)(places + i)), 1);
    }
    for (size_t i = 0; i < sizeof(places); i++) {
        EXPECT_INT(
            _CrtSetReportHook2(_CRT_RPTHOOK_REMOVE, (_CRT_REPORT_HOOK)(uintptr_t)(places + i)), 0);
    }
}

enum {
    THREADS = 4,
    REPORTS = 200
};

static _Atomic(int) seen;

static int __cdecl hook_count(int type, char *message, int *result)
{
    (void)type;
    (void)result;
    if (strncmp(message, "t.c(1) : Assertion failed: thread ", 34) == 0) {
        atomic_fetch_add(&seen, 1);
    }
    return 0;
}

static void *report_often(void *argument)
{
    (void)argument;
    for (int i = 0; i < REPORTS; i++) {
        EXPECT_INT(
            _CrtDbgReport(_CRT_ASSERT, "t.c", 1, NULL, "thread %p number %d", argument, i), 0);
    }
    return NULL;
}

// "t.c(1) : Assertion failed: thread <16 digits> number <digits>"
static bool is_whole_line(const char *line)
{
    const char *head = "t.c(1) : Assertion failed: thread ";
    const char *middle = " number ";
    if (strncmp(line, head, strlen(head)) != 0) {
        return false;
    }
    line += strlen(head);
    if (strspn(line, "0123456789ABCDEF") != 16 || strncmp(line + 16, middle, strlen(middle)) != 0) {
        return false;
    }
    line += 16 + strlen(middle);
    return *line != '\0' && strspn(line, "0123456789") == strlen(line);
}

// Two threads that assert at the same time are both heard, and their lines are whole.
static void test_threads(void)
{
    pthread_t threads[THREADS];
    _CrtSetReportHook2(_CRT_RPTHOOK_INSTALL, hook_count);
    _CrtSetReportMode(_CRT_ASSERT, _CRTDBG_MODE_FILE);
    for (size_t i = 0; i < THREADS; i++) {
        ASSERT_TRUE(pthread_create(&threads[i], NULL, report_often, (void *)i) == 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    _CrtSetReportHook2(_CRT_RPTHOOK_REMOVE, hook_count);
    EXPECT_INT(seen, THREADS * REPORTS);
    EXPECT_INT(_crtAssertBusy, -1);

    static char text[THREADS * REPORTS * 80];
    const ssize_t size = pread(capture.descriptor, text, sizeof(text) - 1, 0);
    ASSERT_TRUE(size > 0);
    int lines = 0;
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        lines++;
        EXPECT_TRUE(is_whole_line(line));
    }
    EXPECT_INT(lines, THREADS * REPORTS);
    capture_take(&capture);
}

int main(void)
{
    capture_all(&capture);
    test_lists();
    test_refused();
    test_claims();
    test_edits();
    test_nesting();
    test_second_chance();
    test_longjmp();
    test_abandoned_nested();
    test_many();
    test_threads();
    return test_result();
}
