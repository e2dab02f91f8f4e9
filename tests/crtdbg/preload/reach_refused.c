// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT
// ENV: HALDE_OPTIONS=mode=crt:crt_reachability=1:crt_check_at_exit=0
// STDERR: Detected memory leaks!
// STDERR: Dumping objects ->
// STDERR: {@} normal block at 0x@, 41 bytes long.
// STDERR:  Data: <                > 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00~
// STDERR: {@} normal block at 0x@, 42 bytes long.
// STDERR:  Data: <                > 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00~
// STDERR: Object dump complete.
// STDERR: Leaks by reachability ->
// STDERR: {@} definitely lost: 42 bytes in 1 block.
// STDERR: {@} still reachable: 41 bytes in 1 block.
// STDERR: 42 bytes in 1 block definitely lost.
// STDERR: 0 bytes in 0 blocks indirectly lost.
// STDERR: 0 bytes in 0 blocks possibly lost.
// STDERR: 41 bytes in 1 block still reachable.
// STDERR: Other threads could not be stopped (error 1): classes may be wrong.

// Where tracing is forbidden, the search goes on while other threads run, and says so.

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_barrier_t barrier;

static void *lose(void *unused)
{
    (void)unused;
    memset(calloc(1, 42), 0, 42);
    return NULL;
}

static void *hold(void *unused)
{
    (void)unused;
    void *volatile here = calloc(1, 41);
    pthread_barrier_wait(&barrier);
    while (here != NULL) {
        pause();
    }
    return NULL;
}

static int forbid_tracing(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ptrace, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = 4, .filter = filter};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

int main(void)
{
    pthread_t thread;
    if (!forbid_tracing()) {
        _exit(77);
    }
    pthread_barrier_init(&barrier, NULL, 2);
    // One after the other on the same stack: the old pointer there is overwritten.
    pthread_create(&thread, NULL, lose, NULL);
    pthread_join(thread, NULL);
    pthread_create(&thread, NULL, hold, NULL);
    pthread_barrier_wait(&barrier);
    return 0;
}
