// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** What a verb of comparing looks at: an image, and the course of the allocations if it is known.
 */
#ifndef CAPTURE_SUBJECT_H
#define CAPTURE_SUBJECT_H

#include "capture/capture.h"
#include "cli/cli.h"

struct subject {
    struct image *image;
    struct capture *capture; ///< NULL: a live process or a core file; it has no image then
};

/// Opens a pid, core file, snapshot or capture; flags: OPEN_*. False: after a message on stderr.
bool subject_open(const struct cli *cli, const char *what, int flags, struct subject *subject);
/// Whether there are blocks; a run that was cut short may have left its course only. False: after a
/// message on stderr.
bool subject_has_blocks(const struct cli *cli, const char *what, const struct subject *subject);
void subject_close(struct subject *subject);

#endif
