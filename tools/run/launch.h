// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Starting the program: its environment, its descriptors, its signals.
 *
 * The program is our child and runs in our process group.  What the terminal sends goes to both,
 * and we leave it to the program; signals that somebody sends to us alone are handed on.
 */
#ifndef RUN_LAUNCH_H
#define RUN_LAUNCH_H

#include <stdbool.h>
#include <sys/types.h>

struct feed;

struct launch {
    const char *path;    ///< file to execute
    char **words;        ///< its arguments
    const char *preload; ///< path of the preload object
    const char *options; ///< what is added to HALDE_OPTIONS
    int channel;         ///< descriptor, or -1
    const char *socket;  ///< where descendants ask for a channel; NULL: they do not
};

/// Starts it. Returns its process id, or -1 and in `*code` an exit code, after a message in
/// `*error`, to be freed.
pid_t launch_start(const struct launch *launch, char **error, int *code);

/// From now on signals for us go to `child`, and `feed` (may be NULL) is woken when it changes.
void launch_watch_signals(pid_t child, struct feed *feed);
/// Whether a child may have changed since the last call.
bool launch_has_news(void);

#endif
