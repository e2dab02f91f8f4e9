// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Modes and files: defaults, what is refused, where a report goes. Sources: _CrtSetReportMode,
// _CrtSetReportFile.
#define _DEBUG
#include "capture.h"
#include "child.h"

#include <errno.h>
#include <io.h>
#include <stdio.h>

static void test_defaults(void)
{
    EXPECT_INT(_CrtSetReportMode(_CRT_WARN, _CRTDBG_REPORT_MODE), _CRTDBG_MODE_DEBUG);
    EXPECT_INT(_CrtSetReportMode(_CRT_ERROR, _CRTDBG_REPORT_MODE), _CRTDBG_MODE_WNDW);
    EXPECT_INT(_CrtSetReportMode(_CRT_ASSERT, _CRTDBG_REPORT_MODE), _CRTDBG_MODE_WNDW);
    for (int type = 0; type < _CRT_ERRCNT; type++) {
        EXPECT_POINTER(_CrtSetReportFile(type, _CRTDBG_REPORT_FILE), _CRTDBG_INVALID_HFILE);
    }
}

static void test_set_mode(void)
{
    EXPECT_INT(_CrtSetReportMode(_CRT_WARN, 7), _CRTDBG_MODE_DEBUG);
    EXPECT_INT(_CrtSetReportMode(_CRT_WARN, 0), 7);
    EXPECT_INT(_CrtSetReportMode(_CRT_WARN, _CRTDBG_REPORT_MODE), 0);
    EXPECT_INT(_CrtSetReportMode(_CRT_WARN, _CRTDBG_MODE_FILE), 0);
}

// Each is an invalid parameter: an assertion (silenced here), errno, the handler, the value.
static void test_refused(void)
{
    const int assert_mode = _CrtSetReportMode(_CRT_ASSERT, 0);
    const _invalid_parameter_handler old =
        _set_invalid_parameter_handler(capture_count_bad_parameter);
    const int bad_modes[] = {8, -2, 0x10, 15};
    for (size_t i = 0; i < _countof(bad_modes); i++) {
        errno = 0;
        EXPECT_INT(_CrtSetReportMode(_CRT_WARN, bad_modes[i]), -1);
        EXPECT_INT(errno, EINVAL);
    }
    EXPECT_INT(_CrtSetReportMode(_CRT_WARN, _CRTDBG_REPORT_MODE), _CRTDBG_MODE_FILE);
    errno = 0;
    EXPECT_INT(_CrtSetReportMode(3, 0), -1);
    EXPECT_INT(_CrtSetReportMode(-1, _CRTDBG_REPORT_MODE), -1);
    EXPECT_INT(errno, EINVAL);
    errno = 0;
    EXPECT_POINTER(_CrtSetReportFile(3, _CRTDBG_FILE_STDERR), _CRTDBG_HFILE_ERROR);
    EXPECT_INT(errno, EINVAL);
    EXPECT_INT(capture_bad_parameters, 7);
    _set_invalid_parameter_handler(old);
    _CrtSetReportMode(_CRT_ASSERT, assert_mode);
}

static void test_files(void)
{
    struct capture first;
    struct capture second;
    capture_open(&first);
    capture_open(&second);
    EXPECT_POINTER(_CrtSetReportFile(_CRT_WARN, capture_file(&first)), _CRTDBG_INVALID_HFILE);
    EXPECT_POINTER(_CrtSetReportFile(_CRT_WARN, _CRTDBG_REPORT_FILE), capture_file(&first));
    _RPT0(_CRT_WARN, "one");
    EXPECT_REPORTED(&first, "one");
    EXPECT_POINTER(_CrtSetReportFile(_CRT_WARN, capture_file(&second)), capture_file(&first));
    _RPT0(_CRT_WARN, "two");
    EXPECT_REPORTED(&first, "");
    EXPECT_REPORTED(&second, "two");

    // Without the mode the file is only remembered.
    _CrtSetReportMode(_CRT_WARN, 0);
    _RPT0(_CRT_WARN, "three");
    EXPECT_REPORTED(&second, "");
    _CrtSetReportMode(_CRT_WARN, _CRTDBG_MODE_FILE);

    // No file: silence.
    const _HFILE none[] = {NULL, _CRTDBG_INVALID_HFILE, _CRTDBG_HFILE_ERROR};
    for (size_t i = 0; i < _countof(none); i++) {
        _CrtSetReportFile(_CRT_WARN, none[i]);
        EXPECT_INT(_CrtDbgReport(_CRT_WARN, NULL, 0, NULL, "four"), 0);
    }

    // A stream, and a descriptor by the Windows way.
    FILE *stream = fdopen(dup(first.descriptor), "w");
    ASSERT_NOT_NULL(stream);
    _CrtSetReportFile(_CRT_WARN, stream);
    EXPECT_POINTER(_CrtSetReportFile(_CRT_WARN, _CRTDBG_REPORT_FILE), stream);
    _RPT0(_CRT_WARN, "five");
    EXPECT_REPORTED(&first, "five");
    _CrtSetReportFile(_CRT_WARN, (_HFILE)_get_osfhandle(_fileno(stream)));
    _RPT0(_CRT_WARN, "six");
    EXPECT_REPORTED(&first, "six");
    fclose(stream);
    errno = 0;
    EXPECT_TRUE(_get_osfhandle(99999) == -1);
    EXPECT_INT(errno, EBADF);
    close(first.descriptor);
    close(second.descriptor);
}

// The pseudo-handles become what the standard streams are at that moment.
static void test_standard_streams(void)
{
    _CrtSetReportFile(_CRT_WARN, _CRTDBG_FILE_STDERR);
    EXPECT_POINTER(_CrtSetReportFile(_CRT_WARN, _CRTDBG_FILE_STDOUT), (_HFILE)(intptr_t)2);
    EXPECT_POINTER(_CrtSetReportFile(_CRT_WARN, _CRTDBG_INVALID_HFILE), (_HFILE)(intptr_t)1);
}

// ---- Channels, seen from outside --------------------------------------------------------------

static void report_in_all_modes(void *context)
{
    (void)context;
    _CrtSetReportMode(_CRT_WARN, _CRTDBG_MODE_DEBUG);
    _RPT0(_CRT_WARN, "debugger\n");
    _CrtSetReportMode(_CRT_WARN, _CRTDBG_MODE_DEBUG | _CRTDBG_MODE_FILE);
    _CrtSetReportFile(_CRT_WARN, _CRTDBG_FILE_STDERR);
    _RPT0(_CRT_WARN, "once\n");
    _CrtSetReportFile(_CRT_WARN, _CRTDBG_INVALID_HFILE);
    _RPT0(_CRT_WARN, "again\n");
    // An assertion's CR LF, which hooks see, is a plain line end in a file.
    _CrtSetReportMode(_CRT_ASSERT, _CRTDBG_MODE_FILE);
    _CrtSetReportFile(_CRT_ASSERT, _CRTDBG_FILE_STDERR);
    _CrtDbgReport(_CRT_ASSERT, NULL, 0, NULL, "e");
}

static void print_and_report(void *context)
{
    (void)context;
    // To a pipe or file stdout is buffered; what was printed first comes first all the same.
    dup2(STDERR_FILENO, STDOUT_FILENO);
    _CrtSetReportMode(_CRT_WARN, _CRTDBG_MODE_FILE);
    _CrtSetReportFile(_CRT_WARN, _CRTDBG_FILE_STDOUT);
    printf("1 ");
    _RPT0(_CRT_WARN, "2 ");
    printf("3 ");
    _RPT0(_CRT_WARN, "4");
}

int main(void)
{
    struct child child;
    child_run(&child, report_in_all_modes, NULL, true, 10);
    EXPECT_INT(child.code, 0);
    EXPECT_TEXT(child.text, "debugger\nonce\nagain\nAssertion failed: e\n");
    child_run(&child, print_and_report, NULL, true, 10);
    EXPECT_TEXT(child.text, "1 2 3 4");

    test_defaults();
    test_set_mode();
    test_refused();
    test_files();
    test_standard_streams();
    return test_result();
}
