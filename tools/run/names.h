// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/** Names of files that `halde run` writes. */
#ifndef RUN_NAMES_H
#define RUN_NAMES_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * The name of a capture, to be freed.  Two calls give two names: the second of equal ones gets a
 * number at its end.
 *
 * @param pattern  NULL: "%e.%p.halde".  %p: process id, %e: the program's name without folders, %h:
 *                 name of the machine, %t: seconds since 1970, %n: a number that makes the name
 * new,
 *                 %%: %
 */
char *capture_name(const char *pattern, const char *program, pid_t process_id);

/// Whether all that follows a % in a pattern is known; else `*bad` is that letter.
bool capture_pattern_is_valid(const char *pattern, char *bad);

#endif
