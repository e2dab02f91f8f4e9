// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Preloaded behind libhalde-preload.so: a thread that locks and walks the process heap all the time
 * while the program works, and writes at exit what it saw.
 *
 * Each round holds the lock and looks in three ways: the bulk walk, the walk by elements, and the
 * summary.  All three have to count the same blocks and bytes, every block has to lie where its
 * owner is found by address, and every tenth round the whole heap is validated.  The thread takes
 * no signals, so that the program's own threads get them.
 *
 * HALDE_WALK_REPORTS  folder for the reports, one file a process; unset: nothing happens
 * HALDE_WALK_PAUSE    microseconds between two rounds, besides three times what a round took; 2000
 *                     when unset
 */
// Weak: without Halde in the process the agent says so and stands aside.
#define HALDE_API __attribute__((weak, visibility("default")))
#include <halde/heap.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    ROUNDS_PER_VALIDATION = 10,
    CHECKS_PER_WALK = 64, // blocks whose owner is asked for, of each walk
};

/** What one way of looking saw. */
struct sight {
    size_t count;
    size_t size;
    size_t strange; // blocks that cannot be
};

// Written by the agent's thread (relaxed), read at exit.
static struct {
    char folder[400];
    halde_heap *heap;
    pid_t pid; // the process whose thread walks; a forked child has none
    long pause_us;
    _Atomic size_t walks;
    _Atomic size_t blocks;
    _Atomic size_t wrong;
    _Atomic size_t largest;
    _Atomic bool is_over;
} agent;

static void add(_Atomic size_t *counter, size_t amount)
{
    atomic_fetch_add_explicit(counter, amount, memory_order_relaxed);
}

static bool visit_blocks(const struct halde_block *blocks, size_t count, void *context)
{
    struct sight *sight = context;
    for (size_t i = 0; i < count; i++) {
        bool is_asked = (sight->count + i) % CHECKS_PER_WALK == 0;
        if (is_asked && halde_heap_of_block(blocks[i].data) != agent.heap) {
            sight->strange++;
        }
        sight->size += blocks[i].size;
    }
    sight->count += count;
    return true;
}

static bool visit_entry(const struct halde_entry *entry, void *context)
{
    struct sight *sight = context;
    if (entry->kind == HALDE_ENTRY_BUSY) {
        sight->count++;
        sight->size += entry->size;
    }
    return true;
}

/** One line on stderr's file descriptor: no allocation while the heap is locked. */
static void complain(const char *what, const struct sight *a, const struct sight *b)
{
    char line[200];
    int length = snprintf(line, sizeof(line), "walk_agent: %s: %zu blocks, %zu bytes; %zu, %zu\n",
        what, a->count, a->size, b->count, b->size);
    if (length > 0 && write(STDERR_FILENO, line, (size_t)length) < 0) {
        return;
    }
}

static void walk_once(size_t round)
{
    struct sight bulk = {0};
    struct sight steps = {0};
    struct halde_heap_summary summary = {0};
    struct halde_damage damage = {0};
    halde_heap_lock(agent.heap);
    enum halde_status status = halde_heap_walk_blocks(agent.heap, visit_blocks, &bulk);
    if (status == HALDE_OK) {
        status = halde_heap_walk(agent.heap, visit_entry, &steps);
    }
    if (status == HALDE_OK) {
        status = halde_heap_summarize(agent.heap, &summary);
    }
    if (status == HALDE_OK && round % ROUNDS_PER_VALIDATION == 0) {
        status = halde_heap_validate(agent.heap, NULL, &damage);
    }
    halde_heap_unlock(agent.heap);
    const struct sight counted = {summary.busy_count, summary.busy_size, 0};
    bool is_right = status == HALDE_OK && bulk.strange == 0 && bulk.count == steps.count &&
                    bulk.size == steps.size && bulk.count == counted.count &&
                    bulk.size == counted.size;
    if (!is_right) {
        complain(status == HALDE_OK ? "the walks disagree" : halde_status_text(status), &bulk,
            bulk.count == steps.count ? &counted : &steps);
        add(&agent.wrong, 1);
    }
    add(&agent.walks, 2);
    add(&agent.blocks, bulk.count + steps.count);
    if (bulk.count > atomic_load_explicit(&agent.largest, memory_order_relaxed)) {
        atomic_store_explicit(&agent.largest, bulk.count, memory_order_relaxed);
    }
}

static long now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/** Rests three times as long as a round took: however large the heap, the program goes on. */
static void *walk_on(void *unused)
{
    (void)unused;
    for (size_t round = 0; !atomic_load_explicit(&agent.is_over, memory_order_relaxed); round++) {
        long start = now_us();
        walk_once(round);
        long rest = agent.pause_us + 3 * (now_us() - start);
        const struct timespec pause = {.tv_sec = rest / 1000000, .tv_nsec = rest % 1000000 * 1000};
        nanosleep(&pause, NULL);
    }
    return NULL;
}

/** Which process this is, from the kernel. */
static pid_t own_pid(void)
{
    return (pid_t)syscall(SYS_getpid);
}

__attribute__((destructor)) static void report(void)
{
    if (agent.pid == 0 || own_pid() != agent.pid) {
        return;
    }
    atomic_store_explicit(&agent.is_over, true, memory_order_relaxed);
    char path[500];
    snprintf(path, sizeof(path), "%s/%ld", agent.folder, (long)agent.pid);
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (file < 0) {
        return;
    }
    // The thread may be in the middle of a walk: the numbers are of the walks it has finished.
    char line[200];
    int length = snprintf(line, sizeof(line), "walks %zu blocks %zu wrong %zu largest %zu\n",
        atomic_load_explicit(&agent.walks, memory_order_relaxed),
        atomic_load_explicit(&agent.blocks, memory_order_relaxed),
        atomic_load_explicit(&agent.wrong, memory_order_relaxed),
        atomic_load_explicit(&agent.largest, memory_order_relaxed));
    if (length > 0 && write(file, line, (size_t)length) != length) {
        complain("the report was not written", &(struct sight){0}, &(struct sight){0});
    }
    close(file);
}

static void start_thread(void)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_t thread;
    if (pthread_create(&thread, &attributes, walk_on, NULL) == 0) {
        agent.pid = own_pid();
    }
    pthread_attr_destroy(&attributes);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

__attribute__((constructor)) static void begin(void)
{
    const char *folder = getenv("HALDE_WALK_REPORTS");
    if (folder == NULL || strlen(folder) >= sizeof(agent.folder)) {
        return;
    }
    if (halde_process_heap == NULL) {
        const struct sight none = {0};
        complain("Halde is not in this process", &none, &none);
        return;
    }
    const char *pause = getenv("HALDE_WALK_PAUSE");
    agent.pause_us = pause != NULL ? strtol(pause, NULL, 10) : 2000;
    snprintf(agent.folder, sizeof(agent.folder), "%s", folder);
    agent.heap = halde_process_heap();
    start_thread();
}
