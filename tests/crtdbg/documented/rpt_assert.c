// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// clang-format off
// STDERR: a message
// STDERR: one == one?
// STDERR: Rpt.c(102) : 26 and 1a
// STDERR: wide text
// STDERR: Rpt.c(104) : wide with a place
// STDERR: Rpt.c(106) : Assertion failed!
// STDERR: Rpt.c(108) : Assertion failed: strlen(first) == 4
// STDERR: Rpt.c(109) : Assertion failed: a text of its own
// STDERR: file.c(12) : report 3
// STDERR: result 0
// STDERR: bad type -1
// clang-format on

// _RPT, _RPTF, _ASSERT, _ASSERTE macros: reports with and without the place, assertions with and
// without the expression; in the file mode the program goes on.

#include "documented.h"

#include <string.h>

int main(void)
{
    char first[] = "one";
    char second[] = "one";
    report_to_stderr();
#line 100 "Rpt.c"
    _RPT0(_CRT_WARN, "a message\n");
    _RPT2(_CRT_WARN, "%s == %s?\n", first, second);
    _RPTF2(_CRT_WARN, "%d and %x\n", 26, 26);
    _RPTW1(_CRT_WARN, L"wide %s\n", L"text");
    _RPTFW0(_CRT_ERROR, L"wide with a place\n");
    _ASSERT(strcmp(first, second) == 0);
    _ASSERT(&first[0] == &second[0]);
    _ASSERTE(strcmp(first, second) == 0);
    _ASSERTE(strlen(first) == 4);
    _ASSERT_EXPR(0, L"a text of its own");
    say("result %d\n", _CrtDbgReport(_CRT_ERROR, "file.c", 12, "module", "%s %d\n", "report", 3));
    say("bad type %d\n", _CrtDbgReport(3, NULL, 0, NULL, "x"));
    return 0;
}
