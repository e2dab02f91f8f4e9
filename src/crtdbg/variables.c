// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The variables that Microsoft's library exports.  They stand apart from whoever reads them, so
// that every access goes by the dynamic linker's table: a program that names one has it, not we.  A
// static program may define the hook and its function itself, and so sees the blocks that are made
// before main().

#include "crtdbg/variables.h"

#undef _crtDbgFlag
#undef _crtBreakAlloc

int _crtDbgFlag = _CRTDBG_ALLOC_MEM_DF;
long _crtBreakAlloc = -1;
__attribute__((weak)) _CRT_ALLOC_HOOK _pfnAllocHook = _CrtDefaultAllocHook;
_CRT_DUMP_CLIENT _pfnDumpClient = NULL;

int debug_allow_all(int operation, void *block, size_t size, int block_use, long request,
    const unsigned char *file, int line)
{
    (void)operation;
    (void)block;
    (void)size;
    (void)block_use;
    (void)request;
    (void)file;
    (void)line;
    return 1;
}

int _CrtDefaultAllocHook(int operation, void *block, size_t size, int block_use, long request,
    const unsigned char *file, int line) __attribute__((weak, alias("debug_allow_all")));
