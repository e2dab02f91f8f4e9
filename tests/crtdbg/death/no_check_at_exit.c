// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=crt_check_at_exit=0

#include "common.h"

int main(void)
{
    report_to_stderr();
    char *block = _malloc_dbg(10, _NORMAL_BLOCK, "demo.c", 3);
    block[12] = 0;
    return 0;
}
