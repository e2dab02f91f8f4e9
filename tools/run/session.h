// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * A session: one process that is recorded, from its first event to its end.
 *
 * What it tells is added up by stack and written to the capture, interval by interval: 100 ms each
 * at first, longer and longer ones later, so that the file stays bounded.  When the process asks,
 * because it is about to end, the last image is taken and its blocks are classed.
 */
#ifndef RUN_SESSION_H
#define RUN_SESSION_H

#include "capture/capture.h"
#include "run/counts.h"
#include "run/feed.h"
#include "run/run.h"

struct session {
    const struct run_options *options;
    pid_t process_id;
    bool is_root; ///< the program that was named; not a descendant of it
    bool is_fork; ///< began as a copy of another session's process
    struct feed feed;
    struct counts counts;
    char *path;                    ///< of the capture; NULL: none is written
    struct capture_writer *writer; ///< NULL: none
    struct capture_process process;
    struct image *image;   ///< the last image, classed if that could be done; NULL: none
    struct image *modules; ///< what is known of the process otherwise: modules, names
    bool is_classed;
    char *executable;        ///< path of the program that it was at first
    char kernel_name[32];    ///< as the kernel called it last, while it was that program
    char *trouble;           ///< why there is no image, or no classes; NULL
    uint64_t interval_ns;    ///< length of an interval
    uint64_t interval_start; ///< on the process's clock
    uint32_t interval_count;
    uint64_t modules_due;   ///< not to be looked at again before
    uint64_t modules_wait;  ///< then
    bool has_new_frames;    ///< of code that is in no known module
    bool has_tried_capture; ///< to begin it
    bool has_ended;
    int end_descriptor; ///< pidfd of a descendant; -1
};

/// `from`: the session whose process has been forked, or NULL. NULL: no memory for it, errno says
/// why.
struct session *session_create(
    const struct run_options *options, pid_t process_id, bool is_root, const struct session *from);
void session_destroy(struct session *session);

/// Reads what there is. Returns whether there was something.
bool session_drain(struct session *session);
/// Does what is due: ends an interval, answers a question.
void session_tick(struct session *session);
/// The process has ended: reads the rest and closes the capture.
void session_end(struct session *session, enum capture_end end, uint32_t status);

/// What the end of a process was that has not been killed, and of one that has been, whether it was
/// another program by then: CAPTURE_REPLACED.  `last_name`: as the kernel called it at its end; "":
/// not known.
enum capture_end session_judge_end(const struct session *session, const char *last_name);

/// Nanoseconds since the process began to tell.
uint64_t session_time(const struct session *session);

#endif
