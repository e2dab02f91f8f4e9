// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// clang-format off
// STDERR: allocated: aligned
// STDERR: resized: aligned
// STDERR: size 200, first byte a
// STDERR: size 300, new byte 0
// STDERR: with an offset: aligned
// STDERR: The Block at 0x@ was allocated by aligned routines, use _aligned_free()EINVAL: 1
// STDERR: leaks: 0
// clang-format on

// _aligned_malloc_dbg, _aligned_offset_malloc, _aligned_realloc, _aligned_recalloc, _aligned_msize,
// _aligned_free: blocks at multiples of an alignment, or so that an offset into them is.

#include "documented.h"

#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <string.h>

static void tell(const char *what, const void *block, size_t alignment, size_t offset)
{
    int is_aligned = ((uintptr_t)block + offset) % alignment == 0;
    say("%s: %s\n", what, is_aligned ? "aligned" : "not aligned");
}

int main(void)
{
    report_to_stderr();
    char *block = _aligned_malloc_dbg(100, 64, "aligned.c", 1);
    tell("allocated", block, 64, 0);
    memset(block, 'a', 100);
    block = _aligned_realloc_dbg(block, 200, 64, "aligned.c", 2);
    tell("resized", block, 64, 0);
    say("size %zu, first byte %c\n", _aligned_msize_dbg(block, 64, 0), block[0]);
    block = _aligned_recalloc_dbg(block, 30, 10, 64, "aligned.c", 3);
    say("size %zu, new byte %d\n", _aligned_msize(block, 64, 0), block[299]);
    char *offset = _aligned_offset_malloc_dbg(200, 16, 5, "aligned.c", 4);
    tell("with an offset", offset, 16, 5);
    _free_dbg(block, _NORMAL_BLOCK);
    say("EINVAL: %d\n", errno == EINVAL);
    _aligned_free_dbg(block);
    _aligned_free_dbg(offset);
    say("leaks: %d\n", _CrtDumpMemoryLeaks());
    return 0;
}
