// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// clang-format off
// STDERR: mode of warnings at first: 2
// STDERR: mode of errors at first: 4
// STDERR: mode of errors now: 1
// STDERR: no file before: 1
// STDERR: file now: 1
// STDERR: on standard error
// STDERR: the file has: error 1 in the file
// STDERR: and no more: 1
// clang-format on

// _CrtSetReportMode, _CrtSetReportFile: where each type of report goes.

#include "documented.h"

#include <string.h>
#include <unistd.h>

int main(void)
{
    char text[100] = "";
    FILE *file = tmpfile();
    say("mode of warnings at first: %d\n", _CrtSetReportMode(_CRT_WARN, _CRTDBG_REPORT_MODE));
    say("mode of errors at first: %d\n", _CrtSetReportMode(_CRT_ERROR, _CRTDBG_MODE_FILE));
    say("mode of errors now: %d\n", _CrtSetReportMode(_CRT_ERROR, _CRTDBG_REPORT_MODE));
    _HFILE handle = (_HFILE)(intptr_t)fileno(file);
    say("no file before: %d\n", _CrtSetReportFile(_CRT_ERROR, handle) == _CRTDBG_INVALID_HFILE);
    say("file now: %d\n", _CrtSetReportFile(_CRT_ERROR, _CRTDBG_REPORT_FILE) == handle);
    _RPT1(_CRT_ERROR, "error %d in the file\n", 1);
    _CrtSetReportMode(_CRT_ERROR, 0);
    _RPT0(_CRT_ERROR, "nowhere\n");
    _CrtSetReportMode(_CRT_ERROR, _CRTDBG_MODE_FILE);
    _CrtSetReportFile(_CRT_ERROR, _CRTDBG_FILE_STDERR);
    _RPT0(_CRT_ERROR, "on standard error\n");
    rewind(file);
    say("the file has: %s", fgets(text, sizeof(text), file));
    say("and no more: %d\n", fgets(text, sizeof(text), file) == NULL);
    fclose(file);
    return 0;
}
