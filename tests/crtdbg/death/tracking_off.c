// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Appendix B 7: the flag without _CRTDBG_ALLOC_MEM_DF turns tracking off, and leaks are not seen.

#include "common.h"

#include <stdlib.h>

int main(void)
{
    report_to_stderr();
    _CrtSetDbgFlag(_CRTDBG_LEAK_CHECK_DF);
    return malloc(10) == NULL;
}
