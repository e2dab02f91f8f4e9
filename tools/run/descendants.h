// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Descendants of the program ask for channels of their own at an abstract socket, whose name they
 * find in their environment.  A thread waits there, since the collector sleeps elsewhere.
 */
#ifndef RUN_DESCENDANTS_H
#define RUN_DESCENDANTS_H

#include "record/channel.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct feed;

struct descendants {
    int listener; ///< -1: nobody may ask
    char name[CHANNEL_NAME_SIZE];
};

/// Somebody who asks.
struct applicant {
    int connection;
    pid_t process_id;
    uint32_t forked_from; ///< process whose stacks it has; 0: it is a program of its own
};

/// False: the socket cannot be had; errno says why.
bool descendants_listen(struct descendants *descendants);
/// From now on `feed` is woken when somebody asks. False: no thread for that.
bool descendants_watch(struct descendants *descendants, struct feed *feed);
/// The next who asks. False: nobody. descendants_answer() must follow.
bool descendants_next(struct descendants *descendants, struct applicant *applicant);
/// Gives it a channel, -1: none.
void descendants_answer(struct applicant *applicant, int channel);
void descendants_close(struct descendants *descendants);

#endif
