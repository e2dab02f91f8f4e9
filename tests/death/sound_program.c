// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=heap_flags=htc,hfc,hpc,hvc:terminate_on_corruption=1
// EXPECT-EXIT: 0

// All checks on, no mistake made, not a word.
#include <string.h>
#include <windows.h>

int main(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    char *blocks[64] = {NULL};
    for (unsigned i = 0; i < 2000; i++) {
        unsigned place = i * 37 % 64;
        if (blocks[place] && i % 3 == 0) {
            blocks[place] = HeapReAlloc(heap, HEAP_ZERO_MEMORY, blocks[place], i % 500);
        } else {
            HeapFree(heap, 0, blocks[place]);
            blocks[place] = HeapAlloc(heap, 0, i % 700);
            memset(blocks[place], 7, i % 700);
        }
    }
    return HeapValidate(heap, 0, NULL) && HeapFree(heap, 0, NULL) && HeapDestroy(heap) ? 0 : 1;
}
