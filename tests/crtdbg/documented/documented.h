// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** What the programs of this folder share: each shows what the reference page of a function
 * describes, and says so on standard error, between the reports. */
#ifndef DOCUMENTED_H
#define DOCUMENTED_H

#include <crtdbg.h>
#include <stdio.h>

#define say(...) ((void)fprintf(stderr, __VA_ARGS__))

/// As the pages recommend for console programs: every report on standard error.
static inline void report_to_stderr(void)
{
    for (int type = 0; type < _CRT_ERRCNT; type++) {
        _CrtSetReportMode(type, _CRTDBG_MODE_FILE);
        _CrtSetReportFile(type, _CRTDBG_FILE_STDERR);
    }
}

#endif
