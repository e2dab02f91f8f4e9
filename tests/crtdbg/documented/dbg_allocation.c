// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// clang-format off
// STDERR: new bytes CD, size 40
// STDERR: grown by CD, size 60
// STDERR: kept 1, zero 0, size 100
// STDERR: expanded in place: 1
// STDERR: too large in place: 1
// STDERR: zeroed 0, size 15
// STDERR: overflow: 1, ENOMEM: 1
// STDERR: Detected memory leaks!
// STDERR: Dumping objects ->
// STDERR: dbg.c(15) : {5} client block at 0x@, subtype 3, 15 bytes long.
// STDERR:  Data: <               > 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00~
// STDERR: dbg.c(13) : {4} normal block at 0x@, 50 bytes long.
// STDERR:  Data: <                > 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01 01~
// STDERR: Object dump complete.
// STDERR: leaks: 1
// STDERR: library : Assertion failed: header->_block_use == block_use || header->_block_use == _CRT_BLOCK && block_use == _NORMAL_BLOCK
// STDERR: leaks: 0
// clang-format on

// _malloc_dbg, _calloc_dbg, _realloc_dbg, _recalloc_dbg, _expand_dbg, _msize_dbg, _free_dbg: the
// debug versions of the heap functions.

#include "documented.h"

#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <string.h>

int main(void)
{
    report_to_stderr();
    unsigned char *block = _malloc_dbg(40, _NORMAL_BLOCK, "dbg.c", 10);
    say("new bytes %02X, size %zu\n", block[39], _msize_dbg(block, _NORMAL_BLOCK));
    block = _realloc_dbg(block, 60, _NORMAL_BLOCK, "dbg.c", 11);
    say("grown by %02X, size %zu\n", block[59], _msize_dbg(block, _NORMAL_BLOCK));
    memset(block, 1, 60);
    block = _recalloc_dbg(block, 10, 10, _NORMAL_BLOCK, "dbg.c", 12);
    say("kept %d, zero %d, size %zu\n", block[59], block[60], _msize_dbg(block, _NORMAL_BLOCK));
    say("expanded in place: %d\n", _expand_dbg(block, 50, _NORMAL_BLOCK, "dbg.c", 13) == block);
    say("too large in place: %d\n",
        _expand_dbg(block, 1 << 20, _NORMAL_BLOCK, "dbg.c", 14) == NULL);
    unsigned char *zeroed = _calloc_dbg(5, 3, _CLIENT_BLOCK | (3 << 16), "dbg.c", 15);
    say("zeroed %d, size %zu\n", zeroed[14], _msize_dbg(zeroed, _CLIENT_BLOCK));
    errno = 0;
    void *impossible = _calloc_dbg(SIZE_MAX, 2, _NORMAL_BLOCK, NULL, 0);
    say("overflow: %d, ENOMEM: %d\n", impossible == NULL, errno == ENOMEM);
    say("leaks: %d\n", _CrtDumpMemoryLeaks());
    _free_dbg(zeroed, _NORMAL_BLOCK); // not its type
    _free_dbg(block, _NORMAL_BLOCK);
    say("leaks: %d\n", _CrtDumpMemoryLeaks());
    return 0;
}
