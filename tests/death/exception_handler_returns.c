// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// EXPECT-SIGNAL: SIGABRT
// EXPECT-STDERR: ^halde: .*([cC]0000017|STATUS_NO_MEMORY)
// EXPECT-STDERR: handler

// A handler that returns does not make the call succeed.
#include "death.h"

#include <halde/win32.h>
#include <windows.h>

static void look_away(uint32_t status, void *heap, size_t bytes)
{
    (void)status;
    (void)heap;
    (void)bytes;
}

int main(void)
{
    halde_set_exception_handler(look_away);
    HANDLE heap = HeapCreate(0, 0, 64 * 1024);
    void *block = HeapAlloc(heap, HEAP_GENERATE_EXCEPTIONS, 128 * 1024);
    return block == NULL ? 3 : 4;
}
