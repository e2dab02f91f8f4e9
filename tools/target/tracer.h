// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * A thread of ours that traces.  The kernel ties tracees to a thread, not to a process, and lets
 * all of them go at once when it ends: hundreds of threads go on in microseconds, where detaching
 * them one by one would have each of them compete with us for the processor at once, and none is
 * left behind, whatever state it is in.
 *
 * Calls come from one thread.
 */
#ifndef TARGET_TRACER_H
#define TARGET_TRACER_H

#include <stdbool.h>

struct tracer;

/// Starts the thread. NULL: the system refuses; errno says why.
struct tracer *tracer_start(void);
/// Runs a function in it and waits for its end.
void tracer_call(struct tracer *tracer, void (*job)(void *context), void *context);
/// Ends the thread and waits until it has gone. NULL is allowed.
void tracer_end(struct tracer *tracer);

/// Makes the calling thread hard to keep from the processor, if it has the right to.
struct hurry {
    bool is_on;
    int policy;   // of scheduling, before
    int niceness; // the same
};
void hurry_begin(struct hurry *hurry);
void hurry_end(struct hurry *hurry);

#endif
