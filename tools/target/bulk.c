// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "target/bulk.h"

#include "target/tracer.h"

#include <assert.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    THREADS_MAX = 4,            // memory has no more to give
    BYTES_PER_THREAD = 2 << 20, // less is not worth a thread
    CALL_PIECES = 256,          // handed out at once
    CALL_SIZE_MAX = BULK_PIECE_MAX,
};
static_assert((int)CALL_PIECES <= IOV_MAX, "one call");

struct work {
    pid_t pid;
    struct view_piece *pieces;
    size_t count;
    pthread_mutex_t mutex;
    size_t next; // under the mutex: nobody has taken it yet
};

// The next pieces that one call can read. Returns how many.
static size_t take(struct work *work, size_t *first)
{
    pthread_mutex_lock(&work->mutex);
    *first = work->next;
    uint64_t size = 0;
    while (work->next < work->count && work->next - *first < CALL_PIECES &&
           (size == 0 || size + work->pieces[work->next].size <= CALL_SIZE_MAX)) {
        size += work->pieces[work->next++].size;
    }
    size_t count = work->next - *first;
    pthread_mutex_unlock(&work->mutex);
    return count;
}

// One call. Returns how many of the pieces it has read wholly.
static size_t call(pid_t pid, const struct view_piece *pieces, size_t count)
{
    struct iovec local[CALL_PIECES] = {0}, remote[CALL_PIECES] = {0};
    for (size_t i = 0; i < count; i++) {
        local[i] = (struct iovec){pieces[i].to, pieces[i].size};
        remote[i] = (struct iovec){(void *)pieces[i].address, pieces[i].size};
    }
    ssize_t got = process_vm_readv(pid, local, count, remote, count, 0);
    uint64_t left = got > 0 ? (uint64_t)got : 0;
    size_t done = 0;
    while (done < count && pieces[done].size <= left) {
        left -= pieces[done++].size;
    }
    return done;
}

static void *run(void *context)
{
    struct work *work = context;
    size_t first, count;
    while ((count = take(work, &first)) > 0) {
        while (count > 0) {
            size_t done = call(work->pid, &work->pieces[first], count);
            for (size_t i = 0; i < done; i++) {
                work->pieces[first + i].is_read = true;
            }
            // The first that it could not read stays as it is.
            size_t passed = done < count ? done + 1 : done;
            first += passed;
            count -= passed;
        }
    }
    return NULL;
}

static void *run_as_helper(void *context)
{
    struct hurry hurry;
    hurry_begin(&hurry); // it ends with the thread
    return run(context);
}

static size_t helper_count(const struct view_piece *pieces, size_t count)
{
    uint64_t size = 0;
    for (size_t i = 0; i < count; i++) {
        size += pieces[i].size;
    }
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t most = processors < 1 ? 1 : processors < THREADS_MAX ? (size_t)processors : THREADS_MAX;
    uint64_t useful = size / BYTES_PER_THREAD;
    return useful < 1 ? 0 : (useful < most ? (size_t)useful : most) - 1;
}

void bulk_read(pid_t pid, struct view_piece *pieces, size_t count)
{
    struct work work = {.pid = pid, .pieces = pieces, .count = count};
    pthread_t helpers[THREADS_MAX];
    size_t wanted = helper_count(pieces, count), started = 0;
    sigset_t all, before;
    for (size_t i = 0; i < count; i++) {
        pieces[i].is_read = false;
    }
    pthread_mutex_init(&work.mutex, NULL);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); // signals are the other threads' business
    while (started < wanted && pthread_create(&helpers[started], NULL, run_as_helper, &work) == 0) {
        started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    run(&work);
    for (size_t i = 0; i < started; i++) {
        pthread_join(helpers[i], NULL);
    }
    pthread_mutex_destroy(&work.mutex);
}
