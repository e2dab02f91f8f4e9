// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// clang-format off
// STDERR: library : Assertion failed: header->_block_use == block_use || header->_block_use == _CRT_BLOCK && block_use == _NORMAL_BLOCK
// clang-format on

#include "common.h"

#include <stdlib.h>

int main(void)
{
    report_to_stderr();
    free(_malloc_dbg(6, _CLIENT_BLOCK, "demo.c", 27));
    return 0;
}
