// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "crtdbg/program_memory.h"

#include "crtdbg/api.h"

#include <errno.h>
#include <stdlib.h>

// The only file of the debug heap that calls malloc(): what it returns is the program's to free().

void *program_allocate(struct origin origin, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    if (origin.is_debug) {
        return _malloc_dbg(bytes, origin.block_use, origin.file, origin.line);
    }
    return malloc(bytes);
}

void *program_allocate_zeroed(struct origin origin, size_t count, size_t size)
{
    if (origin.is_debug) {
        return _calloc_dbg(count, size, origin.block_use, origin.file, origin.line);
    }
    return calloc(count, size);
}

void program_free(struct origin origin, void *block)
{
    if (origin.is_debug) {
        _free_dbg(block, origin.block_use);
    } else {
        free(block);
    }
}
