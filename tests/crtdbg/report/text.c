// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// What the report macros print, to the byte; widths, Microsoft's formats, limits. Sources:
// "_CrtDbgReport, _CrtDbgReportW", "_ASSERT, _ASSERTE macros", "_RPT, _RPTF macros".
#define _DEBUG
#include "capture.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>

static struct capture capture;

static void test_prefixes(void)
{
    EXPECT_INT(_CrtDbgReport(_CRT_WARN, NULL, 0, NULL, "plain %d\n", 7), 0);
    EXPECT_REPORTED(&capture, "plain 7\n");
    EXPECT_INT(_CrtDbgReport(_CRT_ERROR, "dir/a.c", 12, NULL, "no line end is added"), 0);
    EXPECT_REPORTED(&capture, "dir/a.c(12) : no line end is added");
    EXPECT_INT(_CrtDbgReport(_CRT_ASSERT, "a.c", 3, NULL, "x > %d", 1), 0);
    EXPECT_REPORTED(&capture, "a.c(3) : Assertion failed: x > 1\n");
    EXPECT_INT(_CrtDbgReport(_CRT_ASSERT, "a.c", 3, NULL, NULL), 0);
    EXPECT_REPORTED(&capture, "a.c(3) : Assertion failed!\n");
    EXPECT_INT(_CrtDbgReport(_CRT_WARN, "a.c", -3, "module", NULL), 0);
    EXPECT_REPORTED(&capture, "a.c(-3) : ");
    EXPECT_INT(_CrtDbgReport(_CRT_WARN, NULL, 3, NULL, NULL), 0);
    EXPECT_REPORTED(&capture, "");
}

static void test_wide_prefixes(void)
{
    EXPECT_INT(_CrtDbgReportW(_CRT_WARN, L"a.c", 5, NULL, L"%s and %S", L"wide", "narrow"), 0);
    EXPECT_REPORTED(&capture, "a.c(5) : wide and narrow");
    EXPECT_INT(_CrtDbgReportW(_CRT_ASSERT, L"\u00e4.c", 5, NULL, L"%hs%ls", "n", L"\u20ac"), 0);
    EXPECT_REPORTED(&capture, "\u00e4.c(5) : Assertion failed: n\u20ac\n");
    EXPECT_INT(_CrtDbgReportW(_CRT_ASSERT, L"a.c", 5, NULL, L"%ls", (wchar_t *)NULL), 0);
    EXPECT_REPORTED(&capture, "a.c(5) : Assertion failed!\n");
    EXPECT_INT(_CrtDbgReportW(_CRT_ERROR, L"a.c", 5, NULL, L"%ls", (wchar_t *)NULL), 0);
    EXPECT_REPORTED(&capture, "a.c(5) : (null)");
}

static void test_bad_types(void)
{
    EXPECT_INT(_CrtDbgReport(-1, NULL, 0, NULL, "x"), -1);
    EXPECT_INT(_CrtDbgReport(3, NULL, 0, NULL, "x"), -1);
    EXPECT_INT(_CrtDbgReportW(3, NULL, 0, NULL, L"x"), -1);
    EXPECT_REPORTED(&capture, "");
}

// Microsoft's formats: %p is 16 capitals, %I is pointer-wide, %s and %S know their width.
static void test_formats(void)
{
    _CrtDbgReport(_CRT_WARN, NULL, 0, NULL, "0x%p|%Iu|%I64d|%hs|%ls|%S|%s", (void *)0xabcd,
        (size_t)1 << 40, -5LL, "narrow", L"wide", L"\u00fc", (char *)NULL);
    EXPECT_REPORTED(&capture, "0x000000000000ABCD|1099511627776|-5|narrow|wide|\u00fc|(null)");
    _RPT0(_CRT_WARN, "100%s literally\n");
    EXPECT_REPORTED(&capture, "100%s literally\n");
}

static void test_macros(void)
{
    char expected[256];
    _RPT1(_CRT_WARN, "%d\n", 1);
    _RPT2(_CRT_WARN, "%d%d\n", 1, 2);
    _RPT3(_CRT_WARN, "%d%d%d\n", 1, 2, 3);
    _RPT4(_CRT_WARN, "%d%d%d%d\n", 1, 2, 3, 4);
    _RPT5(_CRT_WARN, "%d%d%d%d%d\n", 1, 2, 3, 4, 5);
    _RPTN(_CRT_WARN, "%d%d%d%d%d%d\n", 1, 2, 3, 4, 5, 6);
    EXPECT_REPORTED(&capture, "1\n12\n123\n1234\n12345\n123456\n");
    _RPTW0(_CRT_WARN, L"%w\n");
    _RPTW1(_CRT_WARN, L"%s\n", L"w");
    _RPTW5(_CRT_WARN, L"%d%d%d%d%d\n", 1, 2, 3, 4, 5);
    EXPECT_REPORTED(&capture, "%w\nw\n12345\n");
    int line = __LINE__ + 1; // of the next statement, here and below
    _RPTF0(_CRT_WARN, "f%\n");
    _RPTF2(_CRT_WARN, "x=%d y=%s\n", 3, "ab");
    snprintf(expected, sizeof(expected), "%s(%d) : f%%\n%s(%d) : x=3 y=ab\n", __FILE__, line,
        __FILE__, line + 1);
    EXPECT_REPORTED(&capture, expected);
    line = __LINE__ + 1;
    _RPTFW0(_CRT_WARN, L"f\n");
    _RPTFW1(_CRT_WARN, L"%d\n", 7);
    snprintf(
        expected, sizeof(expected), "%s(%d) : f\n%s(%d) : 7\n", __FILE__, line, __FILE__, line + 1);
    EXPECT_REPORTED(&capture, expected);
}

static int evaluations;
static int evaluate(int value)
{
    evaluations++;
    return value;
}

static void expect_assertion(struct test_place place, const char *rest)
{
    char expected[256];
    snprintf(expected, sizeof(expected), "%s(%d) : Assertion failed%s\n", __FILE__, place.line - 1,
        rest);
    capture_is(place, &capture, expected);
}
/// Stands on the line behind the assertion.
#define EXPECT_ASSERTION(rest) expect_assertion(CHECK_HERE, (rest))

static void test_assertions(void)
{
    _ASSERTE(evaluate(0) != 0);
    EXPECT_ASSERTION(": evaluate(0) != 0");
    _ASSERT(evaluate(0));
    EXPECT_ASSERTION("!");
    _ASSERT_EXPR(evaluate(0), L"why");
    EXPECT_ASSERTION(": why");
    _ASSERTE(evaluate(1));
    _ASSERT(evaluate(1)), _ASSERT_EXPR(evaluate(1), L"why");
    _ASSERT_AND_INVOKE_WATSON(evaluate(1));
    EXPECT_REPORTED(&capture, "");
    EXPECT_INT(evaluations, 7); // each once
    EXPECT_INT(_crtAssertBusy, -1);
}

// The message takes 4075 characters, the whole report 4095.
static void test_limits(void)
{
    static char text[5000];
    static char expected[5100];
    memset(text, 'x', sizeof(text) - 1);
    text[4075] = '\0';
    _CrtDbgReport(_CRT_WARN, NULL, 0, NULL, "%s", text);
    EXPECT_REPORTED(&capture, text);
    text[4075] = 'x';
    text[4076] = '\0';
    _CrtDbgReport(_CRT_WARN, NULL, 0, NULL, "%s", text);
    EXPECT_REPORTED(&capture, "_CrtDbgReport: String too long or IO Error");
    _CrtDbgReport(_CRT_WARN, "a.c", 1, NULL, "%s", text);
    EXPECT_REPORTED(&capture, "a.c(1) : _CrtDbgReport: String too long or IO Error");
    text[4075] = '\0';
    // 4075 characters behind a prefix of 19, and of 21: 4094 fit, 4096 do not.
    _CrtDbgReport(_CRT_WARN, "0123456789.c", 42, NULL, "%s", text);
    snprintf(expected, sizeof(expected), "0123456789.c(42) : %s", text);
    EXPECT_REPORTED(&capture, expected);
    _CrtDbgReport(_CRT_WARN, "0123456789ab.c", 42, NULL, "%s", text);
    EXPECT_REPORTED(&capture, "_CrtDbgReport: String too long or IO Error");
    _CrtDbgReport(_CRT_WARN, NULL, 0, NULL, "%n", &evaluations);
    EXPECT_REPORTED(&capture, "_CrtDbgReport: String too long or IO Error");
}

static void test_wide_limits(void)
{
    static wchar_t text[4077];
    wmemset(text, L'\u20ac', 4075);
    _CrtDbgReportW(_CRT_WARN, NULL, 0, NULL, L"%s", text);
    EXPECT_SIZE(strlen(capture_take(&capture)), 3 * 4075);
    text[4075] = L'x';
    _CrtDbgReportW(_CRT_WARN, NULL, 0, NULL, L"%s", text);
    EXPECT_REPORTED(&capture, "_CrtDbgReport: String too long or IO Error");
}

static void test_errno(void)
{
    errno = EXDEV;
    _CrtDbgReport(_CRT_WARN, "a.c", 1, NULL, "%S%n", L"\u00e4", &evaluations);
    EXPECT_INT(errno, EXDEV);
    _CrtSetReportMode(_CRT_WARN, _CRTDBG_MODE_FILE);
    _HFILE old = _CrtSetReportFile(_CRT_WARN, (_HFILE)(intptr_t)99999);
    _RPT0(_CRT_WARN, "to nowhere");
    EXPECT_INT(errno, EXDEV);
    _CrtSetReportFile(_CRT_WARN, old);
    capture_take(&capture);
}

static void *report_in_thread(void *argument)
{
    (void)argument;
    _CrtDbgReport(_CRT_ASSERT, "s.c", 1, NULL, "%d %f", 1, 0.5);
    _CrtDbgReportW(_CRT_WARN, L"s.c", 2, NULL, L"%s", L"\u00e4");
    return NULL;
}

// A thread with the smallest stack that the system gives can report.
static void test_small_stack(void)
{
    if (CONFIG_ASAN || CONFIG_TSAN) {
        return; // their own frames are larger than that
    }
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    ASSERT_TRUE(pthread_attr_setstacksize(&attributes, (size_t)PTHREAD_STACK_MIN) == 0);
    ASSERT_TRUE(pthread_create(&thread, &attributes, report_in_thread, NULL) == 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
    EXPECT_REPORTED(&capture, "s.c(1) : Assertion failed: 1 0.500000\ns.c(2) : \u00e4");
}

static void call_v(int type, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    _VCrtDbgReportA(type, NULL, "v.c", 1, NULL, format, args);
    va_end(args);
}

static void call_vw(int type, const wchar_t *format, ...)
{
    va_list args;
    va_start(args, format);
    _VCrtDbgReportW(type, NULL, L"v.c", 1, NULL, format, args);
    va_end(args);
}

int main(void)
{
    capture_all(&capture);
    test_prefixes();
    test_wide_prefixes();
    test_bad_types();
    test_formats();
    test_macros();
    test_assertions();
    test_limits();
    test_wide_limits();
    test_errno();
    test_small_stack();
    call_v(_CRT_WARN, "%d%s", 1, "2");
    EXPECT_REPORTED(&capture, "v.c(1) : 12");
    call_vw(_CRT_WARN, L"%d%s", 1, L"2");
    EXPECT_REPORTED(&capture, "v.c(1) : 12");
    return test_result();
}
