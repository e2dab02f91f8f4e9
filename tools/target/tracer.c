// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "target/tracer.h"

#include "cli/memory.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    STACK_SIZE = 256 << 10,
    GONE_POLL_NS = 20 * 1000,
};

struct tracer {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pid_t id;                   // of the thread, once it has begun
    void (*job)(void *context); // under the mutex, like what follows; NULL: nothing to do
    void *context;
    bool shall_end;
};

// Real-time priority, or a better niceness, or, without the right to either, nothing.
void hurry_begin(struct hurry *hurry)
{
    struct sched_param parameter = {.sched_priority = 1};
    hurry->is_on = true;
    hurry->policy = sched_getscheduler(0);
    hurry->niceness = getpriority(PRIO_PROCESS, 0);
    if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &parameter) != 0) {
        setpriority(PRIO_PROCESS, 0, -20);
    }
    prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0); // timers are exact, too
}

void hurry_end(struct hurry *hurry)
{
    struct sched_param parameter = {.sched_priority = 0};
    if (hurry->is_on) {
        hurry->is_on = false;
        sched_setscheduler(0, hurry->policy, &parameter);
        setpriority(PRIO_PROCESS, 0, hurry->niceness);
        prctl(PR_SET_TIMERSLACK, 0, 0, 0, 0);
    }
}

static void *run(void *argument)
{
    struct tracer *tracer = argument;
    struct hurry hurry;
    hurry_begin(&hurry); // it ends with the thread
    pthread_mutex_lock(&tracer->mutex);
    tracer->id = gettid();
    for (;;) {
        if (tracer->job != NULL) {
            tracer->job(tracer->context);
            tracer->job = NULL;
            pthread_cond_broadcast(&tracer->changed);
        } else if (tracer->shall_end) {
            break;
        } else {
            pthread_cond_wait(&tracer->changed, &tracer->mutex);
        }
    }
    pthread_mutex_unlock(&tracer->mutex);
    return NULL;
}

struct tracer *tracer_start(void)
{
    struct tracer *tracer = must_allocate(1, sizeof(*tracer));
    pthread_attr_t attributes;
    sigset_t all, before;
    pthread_mutex_init(&tracer->mutex, NULL);
    pthread_cond_init(&tracer->changed, NULL);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); // signals are the other threads' business
    int error = pthread_create(&tracer->thread, &attributes, run, tracer);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (error != 0) {
        free(tracer);
        errno = error;
        return NULL;
    }
    return tracer;
}

void tracer_call(struct tracer *tracer, void (*job)(void *context), void *context)
{
    pthread_mutex_lock(&tracer->mutex);
    tracer->context = context;
    tracer->job = job;
    pthread_cond_broadcast(&tracer->changed);
    while (tracer->job != NULL) {
        pthread_cond_wait(&tracer->changed, &tracer->mutex);
    }
    pthread_mutex_unlock(&tracer->mutex);
}

// The system lets those go on whom a thread has traced after it has told who joins it.  Who is
// still traced cannot be seized again, so wait until the thread is no longer known.
static void wait_until_gone(pid_t id)
{
    const struct timespec time = {.tv_nsec = GONE_POLL_NS};
    while (tgkill(getpid(), id, 0) == 0) {
        nanosleep(&time, NULL);
    }
}

void tracer_end(struct tracer *tracer)
{
    if (tracer == NULL) {
        return;
    }
    pthread_mutex_lock(&tracer->mutex);
    tracer->shall_end = true;
    pthread_cond_broadcast(&tracer->changed);
    pthread_mutex_unlock(&tracer->mutex);
    pthread_join(tracer->thread, NULL);
    wait_until_gone(tracer->id);
    pthread_cond_destroy(&tracer->changed);
    pthread_mutex_destroy(&tracer->mutex);
    free(tracer);
}
