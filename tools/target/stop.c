// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "target/stop.h"

#include "cli/memory.h"
#include "target/permission.h"
#include "target/process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    SEIZE_ROUNDS = 3, // before anybody is interrupted: what is seized early costs no pause
    STOP_ROUNDS = 1000,
    POLL_NS_MIN = 10 * 1000,
    POLL_NS_MAX = 500 * 1000,
};

static const uint64_t MS = 1000 * 1000;
#define LOOK_CLOSER_NS (5 * MS)     // from then on ask /proc what a thread does that does not stop
#define KERNEL_WAIT_NS (20 * MS)    // uninterruptible for so long: it counts as stopped
#define GIVE_UP_NS (10 * 1000 * MS) // runnable, but without a processor for so long

static int compare_threads(const void *left, const void *right)
{
    pid_t a = ((const struct stop_thread *)left)->id, b = ((const struct stop_thread *)right)->id;
    return (a > b) - (a < b);
}

uint64_t stop_clock_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 * MS + (uint64_t)now.tv_nsec;
}

static void sleep_ns(uint64_t ns)
{
    struct timespec time = {.tv_nsec = (long)ns};
    nanosleep(&time, NULL);
}

void stop_init(struct stop *stop, pid_t pid)
{
    *stop = (struct stop){.pid = pid};
}

void stop_release(struct stop *stop)
{
    stop_end(stop);
    free(stop->threads);
    *stop = (struct stop){.pid = stop->pid};
}

uint64_t stop_pause_ns(const struct stop *stop)
{
    return stop->pause_ns + (stop->started_ns != 0 ? stop_clock_ns() - stop->started_ns : 0);
}

static long trace(int request, pid_t thread, void *address, long data)
{
    // The C library wants this argument as a pointer, the kernel takes it as a number.
    return ptrace((enum __ptrace_request)request, thread, address, data);
}

// ---- Finding threads ----------------------------------------------------------------------------

static bool is_ending(pid_t pid, pid_t thread)
{
    char state = process_thread_state(pid, thread);
    return state == 0 || state == 'Z' || state == 'X';
}

// Threads that the kernel has put into the process to work for it (io_uring, vhost) never run the
// program.
static bool is_worker_of_kernel(pid_t pid, pid_t thread)
{
    char name[32];
    process_thread_name(pid, thread, name);
    return strncmp(name, "iou-", 4) == 0 || strncmp(name, "vhost-", 6) == 0;
}

// A thread's first meeting with us. False: the system refuses; errno says why.
static bool seize(struct stop *stop, struct stop_thread *thread)
{
    if (trace(PTRACE_SEIZE, thread->id, NULL, 0) == 0) {
        thread->state = STOP_RUNNING;
        return true;
    }
    int error = errno;
    thread->state = STOP_GONE;
    // What is ending cannot be seized; whoever leads a process may have gone before its threads.
    bool is_refused = error != ESRCH && !is_ending(stop->pid, thread->id) &&
                      !is_worker_of_kernel(stop->pid, thread->id);
    errno = error;
    return !is_refused;
}

struct stop_thread *stop_find(const struct stop *stop, pid_t id)
{
    struct stop_thread key = {.id = id};
    return stop->count > 0 ? bsearch(&key, stop->threads, stop->count, sizeof(key), compare_threads)
                           : NULL;
}

// Seizes threads that we have not met. -1: the system refuses, errno says why; else how many.
static int seize_new(struct stop *stop)
{
    size_t id_count;
    pid_t *ids = process_threads(stop->pid, &id_count);
    size_t known_count = stop->count;
    int found = 0;
    for (size_t i = 0; i < id_count && found >= 0; i++) {
        struct stop known = {.threads = stop->threads, .count = known_count};
        if (stop_find(&known, ids[i]) != NULL) {
            continue;
        }
        stop->threads =
            must_grow(stop->threads, stop->count, &stop->capacity, sizeof(*stop->threads));
        struct stop_thread *thread = &stop->threads[stop->count];
        *thread = (struct stop_thread){.id = ids[i]};
        stop->count++;
        found = seize(stop, thread) ? found + 1 : -1;
    }
    int error = errno;
    free(ids);
    if (stop->count > known_count) {
        qsort(stop->threads, stop->count, sizeof(*stop->threads), compare_threads);
    }
    errno = error;
    return found;
}

// ---- Waiting ------------------------------------------------------------------------------------

static bool is_job_control(int signal)
{
    return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

// Takes what a stopped thread reports: signal | event << 8.
static void take_report(struct stop_thread *thread, int report)
{
    int event = report >> 8, signal = report & 0xff;
    thread->state = STOP_STOPPED;
    thread->has_registers = false;
    if (event == PTRACE_EVENT_STOP) {
        if (is_job_control(signal)) {
            thread->state = STOP_JOB_CONTROL;
        }
    } else if (event == 0) {
        thread->signal = signal;
    }
}

// Whether a thread has stopped, or gone, by now.
static bool has_reported(const struct stop *stop, struct stop_thread *thread)
{
    // Who leads the process belongs to its parent; if that is us, to another part of us.
    int exits = thread->id != stop->pid ? WEXITED : 0;
    siginfo_t info = {.si_pid = 0};
    if (waitid(P_PID, (id_t)thread->id, &info, WSTOPPED | exits | WNOHANG | __WALL) != 0) {
        if (errno == EINTR) {
            return false;
        }
        thread->state = STOP_GONE;
        return true;
    }
    if (info.si_pid == 0) {
        return false;
    }
    if (info.si_code == CLD_TRAPPED || info.si_code == CLD_STOPPED) {
        take_report(thread, info.si_status);
    } else {
        thread->state = STOP_GONE;
    }
    return true;
}

// What to make of a thread that has not reported for a while.
static void look_closer(struct stop *stop, struct stop_thread *thread, uint64_t waited_ns)
{
    char state = process_thread_state(stop->pid, thread->id);
    if (state == 0 || state == 'Z' || state == 'X') {
        thread->state = STOP_GONE;
    } else if (state == 'D' && waited_ns > KERNEL_WAIT_NS) {
        thread->state = STOP_IN_KERNEL;
        thread->has_registers = false;
    }
}

// Waits until nobody runs. False: somebody goes on running.
static bool wait_for_all(struct stop *stop)
{
    uint64_t start = stop_clock_ns();
    uint64_t sleep = POLL_NS_MIN;
    size_t first = 0; // all before it have stopped
    for (;;) {
        uint64_t waited = stop_clock_ns() - start;
        bool is_any = false;
        for (size_t i = first; i < stop->count; i++) {
            struct stop_thread *thread = &stop->threads[i];
            if (thread->state != STOP_RUNNING || has_reported(stop, thread)) {
                continue;
            }
            if (waited > LOOK_CLOSER_NS) {
                look_closer(stop, thread, waited);
            }
            if (!is_any && thread->state == STOP_RUNNING) {
                is_any = true;
                first = i;
            }
        }
        if (!is_any || waited > GIVE_UP_NS) {
            return !is_any;
        }
        sleep_ns(sleep);
        sleep = sleep * 2 < POLL_NS_MAX ? sleep * 2 : POLL_NS_MAX;
    }
}

static void interrupt_all(struct stop *stop)
{
    for (size_t i = 0; i < stop->count; i++) {
        struct stop_thread *thread = &stop->threads[i];
        if (thread->state == STOP_RUNNING && trace(PTRACE_INTERRUPT, thread->id, NULL, 0) != 0) {
            has_reported(stop, thread); // it has gone, or waits to be collected
        }
    }
}

static bool is_anybody_left(const struct stop *stop)
{
    for (size_t i = 0; i < stop->count; i++) {
        if (stop->threads[i].state != STOP_GONE) {
            return true;
        }
    }
    return false;
}

// ---- In the tracing thread ----------------------------------------------------------------------

static void read_registers(struct stop_thread *thread)
{
    struct iovec area = {.iov_base = &thread->registers, .iov_len = sizeof(thread->registers)};
    if (ptrace(PTRACE_GETREGSET, thread->id, NT_PRSTATUS, &area) == 0) {
        thread->thread_pointer = arch_thread_pointer(thread->id, &thread->registers);
        thread->has_registers = true;
    }
}

static void read_all_registers(struct stop *stop)
{
    for (size_t i = 0; i < stop->count; i++) {
        struct stop_thread *thread = &stop->threads[i];
        bool is_stopped = thread->state == STOP_STOPPED || thread->state == STOP_JOB_CONTROL;
        if (is_stopped && !thread->has_registers) {
            read_registers(thread);
        }
    }
}

struct visit_vectors {
    stop_visit visit;
    void *context;
};

static bool visit_vectors(struct stop *stop, void *context)
{
    static const int SETS[] = ARCH_VECTOR_SETS;
    const struct visit_vectors *visit = context;
    _Alignas(8) unsigned char registers[ARCH_VECTOR_SIZE_MAX];
    for (size_t i = 0; i < stop->count; i++) {
        const struct stop_thread *thread = &stop->threads[i];
        struct iovec area = {.iov_len = 0};
        for (size_t set = 0;
             set < sizeof(SETS) / sizeof(SETS[0]) && thread->has_registers && area.iov_len == 0;
             set++) {
            area = (struct iovec){registers, sizeof(registers)};
            if (ptrace(PTRACE_GETREGSET, thread->id, SETS[set], &area) != 0) {
                area.iov_len = 0;
            }
        }
        if (area.iov_len > 0) {
            visit->visit(visit->context, thread, registers, area.iov_len);
        }
    }
    return true;
}

static bool note(struct stop *stop, int number)
{
    stop->number = number;
    return number == 0;
}

// Interrupts all who run, and those who appear meanwhile.
static bool stop_running(struct stop *stop)
{
    for (int round = 0; round < STOP_ROUNDS; round++) {
        interrupt_all(stop);
        if (!wait_for_all(stop)) {
            return note(stop, STOP_TIMEOUT);
        }
        int found = seize_new(stop);
        if (found < 0) {
            return note(stop, errno);
        }
        if (found == 0) {
            break;
        }
    }
    read_all_registers(stop);
    return note(stop, is_anybody_left(stop) ? 0 : ESRCH);
}

// The first stop.
static bool stop_first(struct stop *stop, void *context)
{
    (void)context;
    for (int round = 0; round < SEIZE_ROUNDS; round++) {
        int found = seize_new(stop);
        if (found < 0 || (found == 0 && stop->count == 0)) {
            return note(stop, found < 0 ? errno : ESRCH);
        }
        if (found == 0) {
            break;
        }
    }
    stop->started_ns = stop_clock_ns();
    return stop_running(stop);
}

static void let_go_on(struct stop_thread *thread)
{
    if (thread->state != STOP_STOPPED) {
        return;
    }
    if (trace(PTRACE_CONT, thread->id, NULL, thread->signal) == 0) {
        thread->signal = 0;
        thread->state = STOP_RUNNING;
    } else {
        thread->state = STOP_GONE;
    }
}

bool stop_again(struct stop *stop, unsigned run_us)
{
    for (size_t i = 0; i < stop->count; i++) {
        struct stop_thread *thread = &stop->threads[i];
        if (thread->state == STOP_IN_KERNEL) {
            thread->state = STOP_RUNNING; // it may have reported
        }
        if (run_us > 0) {
            let_go_on(thread);
        }
    }
    if (run_us > 0) {
        sleep_ns(run_us * 1000ULL);
    }
    return stop_running(stop);
}

bool stop_some_again(struct stop *stop, const pid_t *ids, size_t count, unsigned run_us)
{
    for (size_t i = 0; i < count; i++) {
        struct stop_thread *thread = stop_find(stop, ids[i]);
        if (thread != NULL) {
            let_go_on(thread);
        }
    }
    sleep_ns(run_us * 1000ULL);
    interrupt_all(stop);
    if (!wait_for_all(stop)) {
        return note(stop, STOP_TIMEOUT);
    }
    read_all_registers(stop);
    return true;
}

// Those with something to be told when they go on. All others go on when this thread ends.
static bool release_some(struct stop *stop, void *context)
{
    (void)context;
    for (size_t i = 0; i < stop->count; i++) {
        struct stop_thread *thread = &stop->threads[i];
        if (thread->state == STOP_JOB_CONTROL ||
            (thread->state == STOP_STOPPED && thread->signal != 0)) {
            trace(PTRACE_DETACH, thread->id, NULL, thread->signal);
        }
    }
    stop->pause_ns = stop_pause_ns(stop);
    stop->started_ns = 0;
    return true;
}

// ---- In the thread that asks --------------------------------------------------------------------

struct call {
    struct stop *stop;
    stop_job job;
    void *context;
    bool is_done;
};

static void run_call(void *context)
{
    struct call *call = context;
    call->is_done = call->job(call->stop, call->context);
}

static bool run_in_tracer(struct stop *stop, stop_job job, void *context)
{
    struct call call = {.stop = stop, .job = job, .context = context};
    tracer_call(stop->tracer, run_call, &call);
    return call.is_done;
}

static bool fail(struct stop *stop, struct target_error *error)
{
    stop_end(stop);
    if (stop->number != STOP_TIMEOUT) {
        permission_explain(stop->pid, stop->number, error);
        return false;
    }
    error->trouble = TARGET_NOT_SUPPORTED;
    snprintf(error->text, sizeof(error->text),
        "a thread of process %d did not stop within 10 seconds: the machine is overloaded, or the "
        "process frozen (cgroup freezer); try again, or thaw it",
        (int)stop->pid);
    return false;
}

bool stop_all(struct stop *stop, struct target_error *error)
{
    if (stop->is_stopped) {
        return true;
    }
    stop->tracer = tracer_start();
    if (stop->tracer == NULL) {
        stop->number = errno;
        return fail(stop, error);
    }
    hurry_begin(&stop->hurry);
    stop->is_stopped = run_in_tracer(stop, stop_first, NULL);
    return stop->is_stopped || fail(stop, error);
}

bool stop_do(struct stop *stop, stop_job job, void *context, struct target_error *error)
{
    return run_in_tracer(stop, job, context) || fail(stop, error);
}

void stop_visit_vectors(struct stop *stop, stop_visit visit, void *context)
{
    struct visit_vectors visiting = {visit, context};
    if (stop->is_stopped) {
        run_in_tracer(stop, visit_vectors, &visiting);
    }
}

void stop_end(struct stop *stop)
{
    if (stop->tracer != NULL) {
        run_in_tracer(stop, release_some, NULL);
        tracer_end(stop->tracer);
    }
    hurry_end(&stop->hurry);
    stop->tracer = NULL;
    stop->is_stopped = false;
    stop->count = 0;
}
