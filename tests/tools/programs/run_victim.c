// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// What `halde run` is tried on: run_victim CASE [N].  Each case ends, allocates or forks in a way
// of its own.  Functions that lose blocks are named after what they lose.

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEPT __attribute__((noinline, noipa))

static void *volatile kept;    // what it points to is reachable
static void *volatile kept_by; // to hide pointers from the compiler

KEPT static void clear_stack(void)
{
    volatile char room[4096];
    memset((char *)room, 0, sizeof(room));
}

KEPT static void lose_definite(size_t size)
{
    kept_by = malloc(size);
    kept_by = NULL;
}

KEPT static void lose_chain(void)
{
    void **first = malloc(64);
    first[0] = malloc(32);
    kept_by = first;
    kept_by = NULL;
}

KEPT static void keep_reachable(void)
{
    kept = malloc(1000);
}

// 3 definite of 100 bytes, 1 definite of 64 with 1 indirect of 32, 1 reachable of 1000.
static void plant(void)
{
    for (int i = 0; i < 3; i++) {
        lose_definite(100);
    }
    lose_chain();
    keep_reachable();
    clear_stack();
}

// ---- Threads ------------------------------------------------------------------------------------

static pthread_key_t key;

static void lose_in_destructor(void *value)
{
    free(value);
    lose_definite(24);
}

static void *thread_main(void *argument)
{
    pthread_setname_np(pthread_self(), "planter");
    pthread_setspecific(key, malloc(8));
    for (int i = 0; i < 200; i++) {
        free(malloc((size_t)(i * 7 % 300)));
    }
    lose_definite(40);
    return argument;
}

static int run_threads(int count)
{
    pthread_t *threads = calloc((size_t)count, sizeof(*threads));
    pthread_key_create(&key, lose_in_destructor);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 64 * 1024);
    for (int i = 0; i < count; i++) {
        if (pthread_create(&threads[i], &attributes, thread_main, NULL) != 0) {
            perror("pthread_create");
            return 99;
        }
    }
    for (int i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
    }
    free(threads);
    clear_stack();
    return 0;
}

// As many threads alive at once.
static pthread_barrier_t barrier;

static void *waiting_main(void *argument)
{
    void *block = malloc(16);
    pthread_barrier_wait(&barrier);
    free(block);
    lose_definite(48);
    return argument;
}

static int run_crowd(int count)
{
    pthread_barrier_init(&barrier, NULL, (unsigned)count);
    pthread_t *threads = calloc((size_t)count, sizeof(*threads));
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 64 * 1024);
    for (int i = 0; i < count; i++) {
        if (pthread_create(&threads[i], &attributes, waiting_main, NULL) != 0) {
            return 77;
        }
    }
    for (int i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
    }
    free(threads);
    clear_stack();
    return 0;
}

// ---- Children -----------------------------------------------------------------------------------

static int wait_for(pid_t child)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void lose_in_child(void)
{
    for (int i = 0; i < 5; i++) {
        lose_definite(700);
    }
    clear_stack();
}

static int run_fork(void)
{
    plant();
    pid_t child = fork();
    if (child == 0) {
        lose_in_child();
        exit(4);
    }
    return wait_for(child);
}

static int run_raw_fork(void)
{
    plant();
    pid_t child = (pid_t)syscall(SYS_fork);
    if (child == 0) {
        for (int i = 0; i < 10000; i++) {
            free(malloc(64));
        }
        lose_in_child();
        _exit(4);
    }
    for (int i = 0; i < 10000; i++) {
        free(malloc(64));
    }
    return wait_for(child);
}

static int run_vfork(char *program)
{
    plant();
    pid_t child = vfork();
    if (child == 0) {
        execl(program, program, "none", (char *)NULL);
        _exit(9);
    }
    int code = wait_for(child);
    child = vfork();
    if (child == 0) {
        _exit(2);
    }
    return code + wait_for(child);
}

static int run_exec_failure(void)
{
    plant();
    execl("/nonexistent/program", "program", (char *)NULL);
    return errno == ENOENT ? 6 : 99;
}

// ---- Ends ---------------------------------------------------------------------------------------

static void close_all(void)
{
    for (int i = 3; i < 1024; i++) {
        close(i);
    }
}

static int run_flood(long count)
{
    void *ring[64] = {NULL};
    for (long i = 0; i < count; i++) {
        void **place = &ring[i & 63];
        free(*place);
        *place = malloc((size_t)(i & 255) + 1);
        kept_by = *place;
    }
    for (int i = 0; i < 64; i++) {
        free(ring[i]);
    }
    kept_by = NULL;
    plant();
    return 0;
}

static void end_politely(int number)
{
    _exit(number == SIGTERM ? 7 : 8);
}

static _Noreturn void run_wait(void)
{
    signal(SIGTERM, end_politely);
    plant();
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        pause();
    }
}

static void allocate_in_handler(int number)
{
    (void)number;
    free(malloc(10));
}

static int run_signals(void)
{
    signal(SIGUSR1, allocate_in_handler);
    for (int i = 0; i < 2000; i++) {
        raise(SIGUSR1);
        free(malloc(20));
    }
    plant();
    return 0;
}

__attribute__((destructor)) static void last_words(void)
{
    free(malloc(123));
}

static int run_environment(void)
{
    extern char **environ;
    for (char **entry = environ; *entry != NULL; entry++) {
        puts(*entry);
    }
    return system("env") == 0 ? 0 : 1;
}

static int is(const char *word, const char *other)
{
    return strcmp(word, other) == 0;
}

static int run_case(const char *name, long number, char *program)
{
    if (is(name, "fork")) {
        return run_fork();
    }
    if (is(name, "raw_fork")) {
        return run_raw_fork();
    }
    if (is(name, "vfork")) {
        return run_vfork(program);
    }
    if (is(name, "threads")) {
        return run_threads((int)number);
    }
    if (is(name, "crowd")) {
        return run_crowd((int)number);
    }
    if (is(name, "flood")) {
        return run_flood(number);
    }
    if (is(name, "environment")) {
        return run_environment();
    }
    if (is(name, "exec_failure")) {
        return run_exec_failure();
    }
    if (is(name, "wait")) {
        run_wait();
    }
    if (is(name, "signals")) {
        return run_signals();
    }
    plant();
    printf("planted\n");
    fflush(stdout);
    if (is(name, "exec")) {
        execl("/bin/echo", "echo", "replaced", (char *)NULL);
    } else if (is(name, "exec_self")) {
        execlp(program, program, "none", (char *)NULL);
    } else if (is(name, "raw_exec")) {
        char *words[] = {(char *)"echo", (char *)"replaced", NULL};
        syscall(SYS_execve, "/bin/echo", words, environ);
    } else if (is(name, "raw_exit")) {
        syscall(SYS_exit_group, 13);
    } else if (is(name, "kill")) {
        usleep(200000);
        kill(getpid(), SIGKILL);
    } else if (is(name, "fault")) {
        *(volatile int *)(uintptr_t)number = 1;
    } else if (is(name, "abort")) {
        abort();
    } else if (is(name, "_exit")) {
        _exit(11);
    } else if (is(name, "quick_exit")) {
        quick_exit(12);
    } else if (is(name, "close")) {
        close_all();
    } else if (is(name, "thread_exit")) {
        pthread_exit(NULL);
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "none";
    long number = argc > 2 ? atol(argv[2]) : 0;
    return is(name, "none") ? 3 : run_case(name, number, argv[0]);
}
