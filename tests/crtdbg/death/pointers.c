// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=crt_details=1:crt_quarantine=65536:crt_stacks=1
// STDERR: library : Assertion failed: _CrtIsValidHeapPointer(block)
// STDERR: 0x@ lies 16 bytes into the Normal block (#1) at 0x@, 40 bytes long.
// STDERR:
// STDERR: Memory allocated at demo.c(7).
// STDERR: Allocated by
// STDERR:     at crtdbg.death.pointers
// STDERR: Given by
// STDERR:     at crtdbg.death.pointers
// STDERR: library : Assertion failed: _CrtIsValidHeapPointer(block)
// STDERR: 0x@ was freed before: Normal block (#1), 40 bytes long.
// STDERR:
// STDERR: Memory allocated at demo.c(7).
// STDERR: Allocated by
// STDERR:     at crtdbg.death.pointers
// STDERR: Freed by
// STDERR:     at crtdbg.death.pointers
// STDERR: Given by
// STDERR:     at crtdbg.death.pointers
// STDERR: library : Assertion failed: _CrtIsValidHeapPointer(block)
// STDERR: 0x@ was freed before: Normal block (#1), 40 bytes long.
// STDERR:
// STDERR: Memory allocated at demo.c(7).
// STDERR: Allocated by
// STDERR:     at crtdbg.death.pointers
// STDERR: Freed by
// STDERR:     at crtdbg.death.pointers
// STDERR: Given by
// STDERR:     at crtdbg.death.pointers
// STDERR: library : Assertion failed: _CrtIsValidHeapPointer(block)
// STDERR: 0x@ lies in no block: it was freed before, or comes from elsewhere.
// STDERR: Given by
// STDERR:     at crtdbg.death.pointers

// What a wrong pointer is instead of a block, below the classic line: inside of one, freed twice,
// resized after it was freed, nothing.

#include "common.h"

#include <stdlib.h>

int main(void)
{
    char on_stack[100];
    report_to_stderr();
    char *volatile pointer = _malloc_dbg(40, _NORMAL_BLOCK, "demo.c", 7);
    free(pointer + 16);
    free(pointer);
    free(pointer);
    void *volatile resized = realloc(pointer, 50);
    pointer = on_stack + 16;
    free(pointer);
    return resized != NULL;
}
