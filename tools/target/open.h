// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * From an argument to an image: what open_image() of cli/cli.h does, for those who have no command
 * line (`halde run` looks at its child this way), and with the error as a text.
 *
 * A process goes on as soon as the engine's data has been copied; heaps and blocks are worked out
 * of that copy.  What it takes on a machine that copies 4 GB/s per processor:
 *
 *     neither      what the engine knows of 1 million blocks: 1 to 4 ms; with the debug heap's
 *                  records, which are 90 MB then, 20 ms
 *     CHECK        the same, and the memory that heaps fill with patterns: that of the debug heap
 *                  and of heaps with checks; of large blocks only the ends
 *     CONTENTS     the same, and all memory of the program's own that may point to blocks:
 *                  150 to 250 ms a gigabyte
 *
 * If the latter is more than half of the free memory, the process stays stopped instead, and
 * open_image() says so: with OPEN_CONTENTS until the image is destroyed.
 */
#ifndef TARGET_OPEN_H
#define TARGET_OPEN_H

#include "target/target.h"

struct cli;
struct image_choice;

/// Beside OPEN_* of cli/cli.h; open_image() takes them, too.
enum {
    OPEN_RUNNING = 1 << 8, ///< the process is not stopped, and nothing is exact
    OPEN_SUMS = 1 << 9,    ///< heaps and their sums only: no blocks
    OPEN_HELD = 1 << 10,   ///< with OPEN_CONTENTS: nothing is copied, the process stays stopped
};

/// The image of a live process. `flags`: OPEN_*. NULL: `error` says why.
struct image *open_process_image(pid_t pid, int flags, struct target_error *error);

/// For the options of verbs that use open_image(), which understands it.
#define OPEN_OPTION_MAX_PAUSE                                                                      \
    {                                                                                              \
        "max-pause", 0, "DURATION",                                                                \
            "stop a busy process for no longer until it can be read exactly (default 250ms)"       \
    }

/// For the options of verbs that take core files.
#define OPEN_OPTION_EXECUTABLE                                                                     \
    {                                                                                              \
        "executable", 'e', "FILE", "the program of a core file, if it has moved"                   \
    }

/// As open_image(); of a live process only blocks that `choice` wants are kept (NULL: all).  It is
/// asked in no order; heaps have their names by then, and the image its time.
struct image *open_chosen_image(const struct cli *cli, const char *what, const char *executable,
    int flags, const struct image_choice *choice);

/// Says on stderr how long a live process was stopped, and how much was read of it.
void open_say_pause(const struct cli *cli, const struct image *image);

/**
 * The image of a core file.
 *
 * @param executable  the program's file, or NULL
 * @param warning     gets what is missing, as a sentence to be freed, or NULL
 */
struct image *open_core_image(const char *path, const char *executable, int flags,
    struct target_error *error, char **warning);

#endif
