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
void subject_close(struct subject *subject);

struct block_sum {
    uint64_t count;
    uint64_t size;
};

/// Whether only samples of the blocks of the recorded heaps have stacks, threads and times.
bool subject_is_sampled(const struct image *image);
/// What a busy block stands for where blocks are told by stack, thread or time: itself; if it was
/// sampled more; if others were sampled in its place nothing.
struct block_sum subject_estimate(const struct image *image, const struct image_block *block);

#endif
