// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Threads that allocate, reallocate and free on shared heaps, with a ledger (ledger.h) of what they
 * hold.
 *
 * A *seat* is a place at the table: it owns slots of every ledger, and one thread at a time sits on
 * it. Threads leave after a while without freeing anything; a new thread takes the seat and its
 * blocks, so that blocks outlive their allocator.  Seats hand slots, with or without a block, to
 * each other through mailboxes: their blocks are then reallocated and freed remotely.
 */
#ifndef SUPPORT_CHURN_H
#define SUPPORT_CHURN_H

#include "ledger.h"

#include <stdint.h>

struct churn_options {
    uint64_t seed;
    size_t seat_count;
    size_t slots_per_seat; ///< in each ledger
    halde_heap **heaps;
    size_t heap_count;
    size_t operations_per_thread; ///< about; then another thread takes the seat. 0: threads stay
    bool locks_heaps;             ///< a thread locks a heap now and then, uses it and unlocks it
    size_t max_request;           ///< larger requests are cut to this; 0: no limit
};

struct churn;

/** Starts the threads. Stops the test when that fails. */
struct churn *churn_start(const struct churn_options *options);

/** Waits until all threads pause between two operations. */
void churn_pause(struct churn *churn);
void churn_resume(struct churn *churn);

/** Waits for the threads' end; the ledgers stay. */
void churn_stop(struct churn *churn);

/** After churn_stop(): frees what the ledgers hold (the heaps stay) and the rest. */
void churn_release(struct churn *churn);

/** For a forked child, where the threads do not exist: frees the settled blocks only. */
void churn_free_settled(struct churn *churn);

struct ledger *churn_ledger(struct churn *churn, size_t heap_index);

/** Operations done and threads started so far. */
uint64_t churn_operation_count(const struct churn *churn);
uint64_t churn_thread_count(const struct churn *churn);

#endif
