// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Stopping all threads of a process, and letting them go on as if nothing had been.
 *
 * Every thread is seized (that stops nobody), then all are interrupted, then all are waited for,
 * and the threads that others have made meanwhile get the same, until there is no new one.  A
 * thread that is on its way to a signal handler stops with the signal in hand: it is kept, and
 * delivered when the thread goes on.  Threads that job control has stopped stay stopped.
 *
 * A thread in an uninterruptible wait does not report, but cannot return to the program either
 * without being stopped: it counts as stopped, and has no registers.
 *
 * A thread of ours traces (tracer.h), and everybody goes on when it ends.
 *
 * The exit status of the process is left for its parent, which may be us.
 */
#ifndef TARGET_STOP_H
#define TARGET_STOP_H

#include "target/arch.h"
#include "target/target.h"
#include "target/tracer.h"

enum stop_state {
    STOP_RUNNING,     ///< seized, not yet stopped
    STOP_STOPPED,     ///< may go on
    STOP_JOB_CONTROL, ///< stopped by SIGSTOP or its kin, before us
    STOP_IN_KERNEL,   ///< in an uninterruptible wait
    STOP_GONE,        ///< ended, or was about to when we came
};

struct stop_thread {
    pid_t id;
    uint8_t state;      ///< enum stop_state
    bool has_registers; ///< and thread_pointer
    int signal;         ///< to be delivered when it goes on; 0: none
    uint64_t thread_pointer;
    struct arch_registers registers;
};

enum {
    STOP_TIMEOUT = -1,
};

struct stop {
    pid_t pid;
    bool is_stopped;
    struct stop_thread *threads; ///< by id
    size_t count;
    size_t capacity;
    struct tracer *tracer; ///< the thread that does the work, while the process is stopped
    struct hurry hurry;    ///< of the thread that has stopped it
    int number;            ///< what went wrong: an errno value, or STOP_TIMEOUT
    uint64_t started_ns;   ///< of the present stop, brief runs included; 0: it runs
    uint64_t pause_ns;     ///< of those before
};

/// Prepares for a process. Nothing happens to it yet.
void stop_init(struct stop *stop, pid_t pid);
/// Lets all go on and frees.
void stop_release(struct stop *stop);

/// Stops everybody and reads their registers. False: the reason, with everybody going on.
bool stop_all(struct stop *stop, struct target_error *error);

/// Does more with the stopped process: runs a job in the thread that traces, so that many stops in
/// a row cost no change of threads. False, with everybody going on: the job says so; why is in
/// `error`.
typedef bool (*stop_job)(struct stop *stop, void *context);
bool stop_do(struct stop *stop, stop_job job, void *context, struct target_error *error);

/// For jobs: lets everybody go on for `run_us` microseconds, or nobody if that is 0, and stops all
/// again, new threads included. False: the job shall say so, too.
bool stop_again(struct stop *stop, unsigned run_us);
/// For jobs: lets these threads go on for `run_us` microseconds, and stops them again.  Threads
/// that they make meanwhile run until stop_again(). False: as above.
bool stop_some_again(struct stop *stop, const pid_t *ids, size_t count, unsigned run_us);

/// While it is stopped: shows each thread's vector registers.  Threads without any are passed over.
typedef void (*stop_visit)(
    void *context, const struct stop_thread *thread, const void *registers, size_t size);
void stop_visit_vectors(struct stop *stop, stop_visit visit, void *context);

/// The thread with this id; NULL: there is none.
struct stop_thread *stop_find(const struct stop *stop, pid_t id);
/// Everybody goes on, by himself again.
void stop_end(struct stop *stop);

uint64_t stop_pause_ns(const struct stop *stop);
/// CLOCK_MONOTONIC.
uint64_t stop_clock_ns(void);

#endif
