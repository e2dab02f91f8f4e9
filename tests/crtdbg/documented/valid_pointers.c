// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// clang-format off
// STDERR: a block: heap pointer 1, pointer 1, type 4
// STDERR: inside of it: heap pointer 0, pointer 1, type -1
// STDERR: a variable: heap pointer 0, pointer 1, type -1
// STDERR: a function's text: heap pointer 0, pointer 1, type -1
// STDERR: NULL: heap pointer 0, pointer 0, type -1
// STDERR: right size: 1, number known: 1, valid.c, line 12
// STDERR: wrong size: 0
// STDERR: freed: heap pointer 0, pointer 1, type -1
// clang-format on

// _CrtIsValidHeapPointer, _CrtIsMemoryBlock, _CrtIsValidPointer, _CrtReportBlockType: what a
// pointer is.

#include "documented.h"

#include <stdlib.h>
#include <string.h>

static void tell(const char *what, const void *pointer)
{
    say("%s: heap pointer %d, pointer %d, type %d\n", what, _CrtIsValidHeapPointer(pointer),
        _CrtIsValidPointer(pointer, 4, 1), _CrtReportBlockType(pointer));
}

int main(void)
{
    int local = 0;
    long number = -1;
    char *file = NULL;
    int line = 0;
    report_to_stderr();
    char *block = _malloc_dbg(24, _CLIENT_BLOCK, "valid.c", 12);
    tell("a block", block);
    tell("inside of it", block + 8);
    tell("a variable", &local);
    tell("a function's text", "text");
    tell("NULL", NULL);
    say("right size: %d", _CrtIsMemoryBlock(block, 24, &number, &file, &line));
    say(", number known: %d, %s, line %d\n", number > 0, file, line);
    say("wrong size: %d\n", _CrtIsMemoryBlock(block, 25, &number, &file, &line));
    _free_dbg(block, _CLIENT_BLOCK);
    tell("freed", block);
    return 0;
}
