// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=crt_details=1:crt_quarantine=65536:crt_stacks=1
// STDERR: HEAP CORRUPTION DETECTED: on top of Free block at 0x@.
// STDERR: CRT detected that the application wrote to a heap buffer that was freed.
// STDERR:
// STDERR: Memory allocated at demo.c(7).
// STDERR: 1 bytes changed from offset 39 of 40 on: DD expected, found 78~
// STDERR: Allocated by this thread.
// STDERR:     at crtdbg.death.freed_by
// STDERR: Freed by
// STDERR:     at crtdbg.death.freed_by
// STDERR: Normal located at 0x@ is 40 bytes long.
// STDERR:
// STDERR: Memory allocated at demo.c(7).
// STDERR: HEAP CORRUPTION DETECTED: on top of Free block at 0x@.
// STDERR: CRT detected that the application wrote to a heap buffer that was freed.
// STDERR:
// STDERR: Memory allocated at demo.c(7).
// STDERR: 1 bytes changed from offset 39 of 40 on: DD expected, found 78~
// STDERR: Allocated by this thread.
// STDERR:     at crtdbg.death.freed_by
// STDERR: Freed by
// STDERR:     at crtdbg.death.freed_by

// A late write is told with who freed the block: by a check while it is kept, and when it leaves.

#include "common.h"

#include <stdlib.h>

int main(void)
{
    report_to_stderr();
    char *volatile kept = _malloc_dbg(40, _NORMAL_BLOCK, "demo.c", 7);
    free(kept);
    kept[39] = 'x';
    _CrtCheckMemory();
    for (unsigned i = 0; i < 10000; i++) {
        free(malloc(40));
    }
    return 0;
}
