// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Blocks that are not Halde's: of the dynamic linker before it found our malloc, of a plug-in with
// an allocator of its own.  Their sizes are not known; but the bytes behind such a block are
// somebody's memory, too, so copying as many as the new block holds does no harm where they can be
// read.

#include "base/compiler.h"
#include "malloc/family.h"
#include "os/process.h"

#include <stdlib.h>

void *foreign_realloc(void *block, size_t size)
{
    void *copy = malloc_aligned(1, size, FAMILY_MALLOC, CALLER);
    if (copy == NULL) {
        return NULL;
    }
    if (os_copy_memory(copy, block, size) == 0) {
        misuse_abort("realloc", halde_process_heap(), block, HALDE_BLOCK_UNKNOWN);
    }
    return copy;
}
