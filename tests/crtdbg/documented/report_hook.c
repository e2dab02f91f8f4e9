// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// clang-format off
// STDERR: none before: 1
// STDERR: hook: warning: a warning
// STDERR: a warning
// STDERR: hook: error: error 7
// STDERR: an error without hook
// clang-format on

// _CrtSetReportHook: sees each report first, and says whether it is done with.

#include "documented.h"

static int __cdecl hook(int type, char *message, int *result)
{
    static const char *const NAMES[] = {"warning", "error", "assertion"};
    say("hook: %s: %s", NAMES[type], message);
    *result = 0;
    return type == _CRT_ERROR; // errors go no further
}

int main(void)
{
    report_to_stderr();
    _CRT_REPORT_HOOK old = _CrtSetReportHook(hook);
    say("none before: %d\n", old == NULL);
    _RPT0(_CRT_WARN, "a warning\n");
    _RPT1(_CRT_ERROR, "error %d\n", 7);
    _CrtSetReportHook(NULL);
    _RPT0(_CRT_ERROR, "an error without hook\n");
    return 0;
}
