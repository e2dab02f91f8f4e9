// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// What _freea() of <malloc.h> does with a block that has no mark of _malloca().

#include "crtdbg/api.h"
#include "crtdbg/report.h"

void __cdecl halde_freea_failed(void *block)
{
    (void)block;
    REPORT_ASSERT_TEXT(false, "(\"Corrupted pointer passed to _freea\" && 0)");
}
