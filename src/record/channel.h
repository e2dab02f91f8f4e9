// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The channel: memory that a recorded process shares with the collector (`halde run`).  The
 * collector makes it, and trusts nothing that it reads there.
 *
 *     +--------+--------------+-----------------------------------------+-------------------+
 *     | header | ring headers | events of ring 0, of ring 1, ...        | stack depot       |
 *     +--------+--------------+-----------------------------------------+-------------------+
 *     0        rings_offset   events_offset                             depot_offset     size
 *
 * RINGS.  A thread takes a ring of its own when it has its first event to tell.  It writes events
 * of 16 bytes one behind the other, round and round; nobody else writes there.  The collector reads
 * them in the same order and moves `tail` on, which is all that it writes.  An event is there when
 * the lap bit of its first word, stored last, is that of its position's lap: so there is no head to
 * share, and zeroed memory holds no event.  A thread that has caught up with `tail` waits: nothing
 * is lost.  Ring 0 is for all threads that got none; they hold a lock.
 *
 * An event of a free says which stack had allocated, how much and how long ago, so events may be
 * added up in any order.
 *
 * BELL.  Who wants the collector's attention counts `bell` up and wakes it: a ring that is half
 * full, and only if the collector says that it sleeps; one that is full; a question.
 *
 * QUESTIONS.  A process that is about to end counts `question` up and waits until `answer` has
 * the same value: meanwhile the collector takes its last image.  At its start, too, so that the
 * collector knows its modules however soon it ends, and before it unloads one.
 */
#ifndef RECORD_CHANNEL_H
#define RECORD_CHANNEL_H

#include "base/compiler.h"

#define CHANNEL_MAGIC "HaldeChn"

/// Where the program finds the channel; taken out of its environment at the start:
///
///     HALDE_RECORD = descriptor , options , preload , collector [ , name ]
///
/// descriptor: of the channel, open, or '-'s: to be asked for by `name`.  options, preload: how
/// many bytes HALDE_OPTIONS and LD_PRELOAD had before they were changed, or '-': there was none.
/// collector: its process id.  name: the abstract socket where descendants ask for a channel, with
/// the id of the process whose stacks they have, or 0.
#define CHANNEL_VARIABLE "HALDE_RECORD"

enum {
    CHANNEL_VERSION = 1,
    CHANNEL_NAME_SIZE = 64, ///< of the socket, with its final 0
};

enum channel_reason {
    CHANNEL_NO_REASON,
    CHANNEL_EXIT,       ///< exit() is through with everything, or the last thread has ended
    CHANNEL_QUICK_EXIT, ///< _exit(), _Exit(), quick_exit()
    CHANNEL_ABORT,
    CHANNEL_START,  ///< nothing has happened yet: what is loaded may be looked at
    CHANNEL_UNLOAD, ///< a library is about to be unloaded: its addresses need a name later, too
};

/// Why a process with a channel tells nothing.
enum channel_refusal {
    CHANNEL_NO_REFUSAL,
    CHANNEL_HAS_DEBUG_HEAP, ///< its debug heap has the place where the recorder would be
    CHANNEL_HAS_NO_MEMORY,  ///< there is no memory for what would be recorded
};

struct channel_header {
    // Constant.
    char magic[8];
    uint32_t version;
    uint32_t ring_count;
    uint64_t size; ///< bytes of all of it
    uint64_t rings_offset;
    uint64_t events_offset;
    uint64_t depot_offset;
    uint64_t depot_size;
    uint32_t ring_shift; ///< log2 of a ring's events
    uint32_t follows;    ///< 1: descendants are to be recorded, too

    // The process writes.
    _Alignas(64) _Atomic(uint32_t) ring_used; ///< rings from here on were never taken
    _Atomic(uint32_t) process_id;             ///< as it sees itself; 0: it has not started
    _Atomic(uint32_t) has_ended;              ///< 1: it tells nothing more
    _Atomic(uint32_t) question;
    _Atomic(uint32_t) reason;       ///< enum channel_reason of the question
    _Atomic(uint64_t) started_ns;   ///< CLOCK_MONOTONIC when time 0 was
    _Atomic(uint32_t) bell;         ///< futex
    _Atomic(uint32_t) is_replacing; ///< 1: it is about to become another program
    _Atomic(uint32_t) refusal;      ///< enum channel_refusal

    // The collector writes.
    _Alignas(64) _Atomic(uint32_t) is_asleep; ///< 1: ring
    _Atomic(uint32_t) answer;                 ///< futex
    _Atomic(uint32_t) is_gone;                ///< 1: it reads nothing more
};

/// One for each ring.
struct channel_ring {
    _Alignas(64) uint64_t position; ///< events that were begun; the owner's
    _Atomic(uint32_t) owner;        ///< thread id; 0: free. Taken by exchange
    _Atomic(uint32_t) is_waiting;   ///< 1: the owner sleeps on `wake`
    /// Events that the collector has read.  It stores (release), the owner loads (acquire).
    _Alignas(64) _Atomic(uint64_t) tail;
    _Atomic(uint32_t) wake; ///< futex; the collector counts up
};
static_assert(sizeof(struct channel_ring) == 128, "two lines: one for each side");

enum channel_event_kind {
    CHANNEL_NOTHING,
    CHANNEL_ALLOCATED, ///< stack, size
    CHANNEL_FREED,     ///< stack that had allocated, size, age
    CHANNEL_THREAD,    ///< size: the thread that owns the ring from here on
    CHANNEL_NAME_HEAD, ///< size: the first eight bytes of its name
    CHANNEL_NAME_TAIL, ///< size: the others
};

/// `word`: stack:32 | lap:1 | kind:3 | is_temporary:1 | age:27
struct channel_event {
    _Atomic(uint64_t) word; ///< stored last (release)
    _Atomic(uint64_t) size;
};
static_assert(sizeof(struct channel_event) == 16, "four events to a line");

enum {
    CHANNEL_LAP_BIT = 32,
    CHANNEL_KIND_BIT = 33,
    CHANNEL_KIND_MASK = 7,
    CHANNEL_TEMPORARY_BIT = 36, ///< freed before the thread had allocated anything else
    CHANNEL_AGE_BIT = 37,
    CHANNEL_AGE_MAX = (1 << 27) - 1,
    CHANNEL_AGE_SHIFT = 20, ///< log2 of the nanoseconds of a unit of age
};

/// The lap bit, in its place, of an event at this position.
static inline uint64_t channel_lap(uint64_t position, uint32_t ring_shift)
{
    return (~(position >> ring_shift) & 1) << CHANNEL_LAP_BIT;
}

#endif
