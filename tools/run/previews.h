// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Previews: the first bytes of the blocks that a report may show, kept beyond the process.
 *
 * A process that waits for us in its end is read where it stands: a copy of all its memory would
 * cost as much memory again, and more time than the search for leaks.  Of what was read this much
 * is left.
 */
#ifndef RUN_PREVIEWS_H
#define RUN_PREVIEWS_H

#include "image/image.h"

/// Keeps the first bytes of the blocks of these kinds (bits of enum reach_class), and lets the
/// process go: from here on image_read() knows nothing else.
void previews_keep(struct image *image, unsigned kinds);

#endif
