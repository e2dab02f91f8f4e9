// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// EXPECT-SIGNAL: SIGABRT
// EXPECT-STDERR: ^halde: .*heap @heap@
// EXPECT-STDERR: block @block@
// EXPECT-STDERR: already free|double free

// The first free is another thread's.
#include "death.h"

#include <pthread.h>
#include <windows.h>

static HANDLE heap;
static void *blocks[60];

static void *free_one(void *context)
{
    (void)context;
    HeapFree(heap, 0, blocks[20]);
    return NULL;
}

int main(void)
{
    HeapSetInformation(NULL, HeapEnableTerminationOnCorruption, NULL, 0);
    heap = HeapCreate(0, 0, 0);
    for (int i = 0; i < 60; i++) {
        blocks[i] = HeapAlloc(heap, 0, 200);
    }
    death_fact("heap", heap);
    death_fact("block", blocks[20]);
    pthread_t thread;
    pthread_create(&thread, NULL, free_one, NULL);
    pthread_join(thread, NULL);
    HeapFree(heap, 0, blocks[20]);
    return 0;
}
