// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** What the programs of this folder share: everything is reported on stderr, and they go on. */
#ifndef DEATH_COMMON_H
#define DEATH_COMMON_H

#include <crtdbg.h>

static inline void report_to_stderr(void)
{
    for (int type = 0; type < _CRT_ERRCNT; type++) {
        _CrtSetReportMode(type, _CRTDBG_MODE_FILE);
        _CrtSetReportFile(type, _CRTDBG_FILE_STDERR);
    }
}

#endif
