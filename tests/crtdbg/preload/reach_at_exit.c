// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=mode=crt:crt_reachability=1:crt_check_at_exit=0
// STDERR: Detected memory leaks!
// STDERR: Dumping objects ->
// STDERR: {@} normal block at 0x@, 40 bytes long.
// STDERR:  Data: <                > 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00~
// STDERR: {@} normal block at 0x@, 41 bytes long.
// STDERR:  Data: <                > 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00~
// STDERR: {@} normal block at 0x@, 42 bytes long.
// STDERR:  Data: <                > 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00~
// STDERR: {@} normal block at 0x@, 43 bytes long.
// STDERR:  Data: <                > 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00~
// STDERR: Object dump complete.
// STDERR: Leaks by reachability ->
// STDERR: {@} definitely lost: 42 bytes in 1 block.
// STDERR: {@} still reachable: 124 bytes in 3 blocks.
// STDERR: 42 bytes in 1 block definitely lost.
// STDERR: 0 bytes in 0 blocks indirectly lost.
// STDERR: 0 bytes in 0 blocks possibly lost.
// STDERR: 124 bytes in 3 blocks still reachable.

// At the end of a program whose other thread still runs: what that thread holds is not lost, though
// only its stack and thread-local storage lead there.

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *volatile global;
_Thread_local void *volatile own;
static pthread_barrier_t barrier;

static void *lose(void *unused)
{
    (void)unused;
    global = calloc(1, 43);
    memset(calloc(1, 42), 0, 42);
    return NULL;
}

static void *hold(void *unused)
{
    (void)unused;
    void *volatile here = calloc(1, 41);
    own = calloc(1, 40);
    pthread_barrier_wait(&barrier);
    while (here != NULL) {
        pause();
    }
    return NULL;
}

int main(void)
{
    pthread_t thread;
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_create(&thread, NULL, lose, NULL);
    pthread_join(thread, NULL);
    pthread_create(&thread, NULL, hold, NULL);
    pthread_barrier_wait(&barrier);
    return 0;
}
