// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The collector's side of a channel (record/channel.h): it makes the memory, reads events out of
 * the rings, and answers.  The process may have written anything there: every number is checked,
 * and what cannot be is counted as lost.
 */
#ifndef RUN_FEED_H
#define RUN_FEED_H

#include "run/counts.h"

#include <sys/types.h>

struct channel_header;

/// A thread that has told something.
struct seen_thread {
    uint32_t id;
    char name[16]; ///< as it was called at its end; "": not known
};

struct feed {
    int descriptor; ///< of the channel
    struct channel_header *header;
    size_t size;
    struct feed_ring *rings; ///< what is known of each ring, where the process cannot write
    uint32_t ring_count;
    uint32_t ring_shift;
    size_t depot_offset;
    size_t depot_size;
    struct seen_thread *threads;
    size_t thread_count;
    size_t thread_capacity;
    uint32_t answered;  ///< the last question that was answered
    uint64_t odd_count; ///< events that made no sense
};

/// Bytes of address space that may be used for a channel; 0: any.
/// False: there is no memory for it, errno says why.
bool feed_init(struct feed *feed, uint64_t address_limit, bool follows);
void feed_release(struct feed *feed);

/// Another process's copy: the stacks of `from` become this channel's, under the same numbers.
void feed_copy_stacks(struct feed *feed, const struct feed *from);

/// Reads what there is, within bounds. Returns whether there was something.
bool feed_drain(struct feed *feed, struct counts *counts);
/// Sleeps until the process rings, or for so many milliseconds; not if there is something to do.
void feed_sleep(struct feed *feed, uint32_t ms);
/// Ends a sleep that another one, or a signal handler, sees. Safe in signal handlers.
void feed_ring_bell(struct feed *feed);

/// Whether the process has begun to tell.
bool feed_has_started(const struct feed *feed);
/// CLOCK_MONOTONIC when its time 0 was.
uint64_t feed_started_ns(const struct feed *feed);
/// Why the process tells nothing: enum channel_refusal; 0: it has not said so.
uint32_t feed_refusal(const struct feed *feed);
/// Whether it was about to become another program when it was last heard of.
bool feed_is_replacing(const struct feed *feed);
/// Why the process asks: enum channel_reason; 0: it does not.
uint32_t feed_question(const struct feed *feed);
void feed_answer(struct feed *feed);
/// Says that nothing more will be read.
void feed_say_goodbye(struct feed *feed);

/// Numbers of stacks are below.
uint32_t feed_stack_limit(const struct feed *feed);
/// Copies a stack. Returns how many frames, at most `capacity`; 0: there is no such stack.
size_t feed_stack(const struct feed *feed, uint32_t number, uint64_t *frames, size_t capacity);
/// Whether stacks did not find room.
bool feed_is_depot_full(const struct feed *feed);

#endif
