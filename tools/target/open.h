// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * From an argument to an image: what open_image() of cli/cli.h does, for those who have no command
 * line (`halde run` looks at its child this way), and with the error as a text.
 *
 * A process goes on as soon as the engine's data has been copied; heaps and blocks are worked out
 * of that copy.  With OPEN_CONTENTS or OPEN_CHECK the program's own data is copied, too; if it is
 * more than half of the free memory, the process stays stopped instead: with OPEN_CONTENTS until
 * the image is destroyed.
 */
#ifndef TARGET_OPEN_H
#define TARGET_OPEN_H

#include "target/target.h"

/// Beside OPEN_* of cli/cli.h; open_image() takes them, too.
enum {
    OPEN_RUNNING = 1 << 8, ///< the process is not stopped, and nothing is exact
    OPEN_SUMS = 1 << 9,    ///< heaps and their sums only: no blocks
};

/// The image of a live process. `flags`: OPEN_*. NULL: `error` says why.
struct image *open_process_image(pid_t pid, int flags, struct target_error *error);

/**
 * The image of a core file.
 *
 * @param executable  the program's file, or NULL
 * @param warning     gets what is missing, as a sentence to be freed, or NULL
 */
struct image *open_core_image(const char *path, const char *executable, int flags,
    struct target_error *error, char **warning);

#endif
