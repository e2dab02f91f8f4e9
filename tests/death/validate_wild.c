// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// EXPECT-EXIT: 0

// Validation without debug flags is a question: FALSE, and not a word.
#include "death.h"

#include <windows.h>

int main(void)
{
    HeapSetInformation(NULL, HeapEnableTerminationOnCorruption, NULL, 0);
    HANDLE heap = HeapCreate(0, 0, 0);
    int local = 0;
    char *block = HeapAlloc(heap, 0, 100);
    if (HeapValidate(heap, 0, &local) || HeapValidate(heap, 0, block + 16) ||
        HeapValidate(heap, 0, (void *)(ULONG_PTR)16)) {
        return 1;
    }
    return HeapValidate(heap, 0, block) && HeapFree(heap, 0, block) ? 0 : 1;
}
