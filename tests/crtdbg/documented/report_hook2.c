// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// clang-format off
// STDERR: installed: 1
// STDERR: installed: 1
// STDERR: second hook: one
// STDERR: first hook: one
// STDERR: one
// STDERR: installed: 2
// STDERR: first hook: two
// STDERR: second hook: two
// STDERR: two
// STDERR: installed: 1
// STDERR: first hook: three
// STDERR: second hook: three
// STDERR: wide hook: three
// STDERR: left: 0
// STDERR: left: 0
// STDERR: left: 1
// STDERR: first hook: four
// STDERR: four
// STDERR: left: 0
// STDERR: five
// clang-format on

// _CrtSetReportHook2, _CrtSetReportHookW2: any number of hooks; the one installed last is called
// first; a hook goes when it has been removed as often as it was installed.

#include "documented.h"

static int __cdecl first_hook(int type, char *message, int *result)
{
    (void)type;
    *result = 0;
    say("first hook: %s", message);
    return 0;
}

static int __cdecl second_hook(int type, char *message, int *result)
{
    (void)type;
    *result = 0;
    say("second hook: %s", message);
    return 0;
}

static int __cdecl wide_hook(int type, wchar_t *message, int *result)
{
    (void)type;
    *result = 0;
    say("wide hook: %ls", message);
    return 1;
}

int main(void)
{
    report_to_stderr();
    say("installed: %d\n", _CrtSetReportHook2(_CRT_RPTHOOK_INSTALL, first_hook));
    say("installed: %d\n", _CrtSetReportHook2(_CRT_RPTHOOK_INSTALL, second_hook));
    _RPT0(_CRT_WARN, "one\n");
    say("installed: %d\n", _CrtSetReportHook2(_CRT_RPTHOOK_INSTALL, first_hook));
    _RPT0(_CRT_WARN, "two\n");
    say("installed: %d\n", _CrtSetReportHookW2(_CRT_RPTHOOK_INSTALL, wide_hook));
    _RPT0(_CRT_WARN, "three\n");
    say("left: %d\n", _CrtSetReportHookW2(_CRT_RPTHOOK_REMOVE, wide_hook));
    say("left: %d\n", _CrtSetReportHook2(_CRT_RPTHOOK_REMOVE, second_hook));
    say("left: %d\n", _CrtSetReportHook2(_CRT_RPTHOOK_REMOVE, first_hook));
    _RPT0(_CRT_WARN, "four\n");
    say("left: %d\n", _CrtSetReportHook2(_CRT_RPTHOOK_REMOVE, first_hook));
    _RPT0(_CRT_WARN, "five\n");
    return 0;
}
