// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * wmain start-up, win32-heap.md 1.3: the program runs itself with chosen arguments and environment
 * and checks what its wmain gets.  main comes from the source of libhalde-wmain.a.
 */
#define UNICODE
#define _UNICODE
#include <halde-win32/tchar.h>

#include <sys/wait.h>
#include <unistd.h>

#include "tprintf_check.h"
#include "win32/wmain.c" // NOLINT(bugprone-suspicious-include)

static char *const child_arguments[] = {(char[]){"child"}, (char[]){""}, (char[]){"plain"},
    (char[]){"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"}, (char[]){"a\xFF\xC3"}, (char[]){"100%"},
    NULL};
static char *const child_environment[] = {
    (char[]){"ONE=1"}, (char[]){"TWO=\xC3\xA4\x80"}, (char[]){"odd"}, NULL};

static const wchar_t *const expected_arguments[] = {
    L"child", L"", L"plain", L"\u00E4\u20AC\U0001F600", L"a\xDCFF\xDCC3", L"100%"};

/// What the child prints: its arguments, as the same bytes.
static const char expected_output[] =
    "child\n\nplain\n\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\na\xFF\xC3\n100%\n";

static int run_child(int argc, _TCHAR **argv, _TCHAR **environment)
{
    EXPECT_INT(argc, _countof(expected_arguments));
    for (int i = 0; i < argc; i++) {
        EXPECT_WIDE(argv[i], expected_arguments[i]);
        _tprintf(_T("%s\n"), argv[i]);
    }
    EXPECT_TRUE(argv[argc] == NULL);
    EXPECT_WIDE(environment[0], L"ONE=1");
    EXPECT_WIDE(environment[1], L"TWO=\u00E4\xDC80");
    EXPECT_WIDE(environment[2], L"odd");
    EXPECT_TRUE(environment[3] == NULL);
    EXPECT_TRUE(environment == _tenviron);
    EXPECT_WIDE(_tgetenv(_T("TWO")), L"\u00E4\xDC80");
    argv[2][0] = L'P'; // arguments may be changed, as in main
    return test_result() == EXIT_SUCCESS ? 42 : 1;
}

static void test_child(void)
{
    char path[4096]; // the link itself would name valgrind, under valgrind
    const ssize_t path_size = readlink("/proc/self/exe", path, sizeof(path) - 1);
    int ends[2];
    if (path_size < 0 || pipe(ends) != 0) {
        test_skip("no /proc or no pipe");
    }
    path[path_size] = '\0';
    const pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execve(path, child_arguments, child_environment);
        _exit(127);
    }
    close(ends[1]);
    char output[200];
    size_t size = 0;
    ssize_t part;
    while ((part = read(ends[0], output + size, sizeof(output) - 1 - size)) > 0) {
        size += (size_t)part;
    }
    output[size] = '\0';
    close(ends[0]);
    int status = 0;
    EXPECT_TRUE(waitpid(child, &status, 0) == child);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_INT(WEXITSTATUS(status), 42); // wmain's result
    EXPECT_TEXT(output, expected_output);
}

/// Lists of any length, and none.
static void test_lists(void)
{
    wchar_t **list = halde_wide_strings(NULL);
    EXPECT_TRUE(list != NULL && list[0] == NULL);
    free(list);
    char *const pair[] = {(char[]){"x"}, (char[]){"y"}, NULL};
    const size_t pair_size = 3 * sizeof(wchar_t *) + 4 * sizeof(wchar_t);
    volatile char *dirty = malloc(pair_size); // so that the list is not made in fresh memory
    for (size_t i = 0; i < pair_size; i++) {
        dirty[i] = '#';
    }
    free((void *)(uintptr_t)dirty);
    list = halde_wide_strings(pair);
    EXPECT_WIDE(list[0], L"x");
    EXPECT_WIDE(list[1], L"y");
    EXPECT_TRUE(list[2] == NULL);
    free(list);
    static char long_text[100001];
    memset(long_text, 0xE4, sizeof(long_text) - 1);
    char *const strings[] = {long_text, long_text, NULL};
    list = halde_wide_strings(strings);
    EXPECT_INT((long long)wcslen(list[0]), 100000);
    EXPECT_INT((long long)wcslen(list[1]), 100000);
    EXPECT_TRUE(list[1][99999] == 0xDCE4 && list[2] == NULL);
    free(list);
}

int _tmain(int argc, _TCHAR **argv, _TCHAR **environment)
{
    if (argc > 0 && _tcscmp(argv[0], _T("child")) == 0) {
        return run_child(argc, argv, environment);
    }
    test_child();
    test_lists();
    return test_result();
}
