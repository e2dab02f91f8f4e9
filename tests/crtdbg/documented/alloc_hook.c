// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// clang-format off
// STDERR: the first hook is there: 1
// STDERR: allocation of a type 1 block, 10 bytes, request first+0, hook.c, line 3, no address yet
// STDERR: re-allocation of a type 1 block, 20 bytes, request first+1, hook.c, line 4, address known
// STDERR: allocation of a type 1 block, 2000 bytes, request first+2, hook.c, line 5, no address yet
// STDERR: Client hook allocation failure at file hook.c line 5.
// STDERR: refused: 1, ENOMEM: 1
// STDERR: re-allocation of a type 1 block, 3000 bytes, request first+2, no file, line 0, address known
// STDERR: Client hook re-allocation failure.
// STDERR: refused: 1
// STDERR: free of a type 1 block, 0 bytes, request first+0, no file, line 0, address known
// clang-format on

// _CrtSetAllocHook, "Allocation hook functions": the hook is told of every operation before it
// happens, lets CRT blocks pass, and can make an operation fail.

#include "documented.h"

#include <errno.h>
#include <stdlib.h>

static long first;

static int __cdecl hook(int operation, void *block, size_t size, int use, long number,
    const unsigned char *file, int line)
{
    static const char *const NAMES[] = {"", "allocation", "re-allocation", "free"};
    if (_BLOCK_TYPE(use) == _CRT_BLOCK) {
        return 1;
    }
    first = first == 0 ? number : first;
    say("%s of a type %d block, %zu bytes, request first+%ld, %s, line %d, %s\n", NAMES[operation],
        use, size, number == 0 ? 0 : number - first, file == NULL ? "no file" : (const char *)file,
        line, block == NULL ? "no address yet" : "address known");
    return size <= 1000;
}

int main(void)
{
    report_to_stderr();
    _CRT_ALLOC_HOOK old = _CrtSetAllocHook(hook);
    say("the first hook is there: %d\n", old != NULL && _CrtGetAllocHook() == hook);
    void *block = _malloc_dbg(10, _NORMAL_BLOCK, "hook.c", 3);
    block = _realloc_dbg(block, 20, _NORMAL_BLOCK, "hook.c", 4);
    errno = 0;
    void *refused = _malloc_dbg(2000, _NORMAL_BLOCK, "hook.c", 5);
    say("refused: %d, ENOMEM: %d\n", refused == NULL, errno == ENOMEM);
    say("refused: %d\n", _realloc_dbg(block, 3000, _NORMAL_BLOCK, NULL, 0) == NULL);
    free(block);
    free(NULL);
    _CrtSetAllocHook(old);
    free(malloc(5000));
    return 0;
}
