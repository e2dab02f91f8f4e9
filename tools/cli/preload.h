// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Where the object is that programs get loaded before all others: libhalde-preload.so.  It is
 * looked for beside the tool, so that an installed tree may be moved and a build folder be used as
 * it is.
 */
#ifndef CLI_PRELOAD_H
#define CLI_PRELOAD_H

#define PRELOAD_NAME "libhalde-preload.so"
#define PRELOAD_VARIABLE "HALDE_PRELOAD"
/// The checked memory and string functions, for the debug heap.
#define CHECKED_NAME "libhalde-checked.so"
#define CHECKED_VARIABLE "HALDE_CHECKED"

/**
 * The object's absolute path, to be freed: HALDE_PRELOAD if it is set, else beside the tool itself,
 * then ../lib and the like from there.
 *
 * @param tried  NULL, or gets the paths that were looked at, one a line, to be freed
 * @return NULL: there is none; with HALDE_PRELOAD set, that this is no file that can be read
 */
char *preload_find(char **tried);

/// The same for CHECKED_NAME and CHECKED_VARIABLE.
char *preload_find_checked(void);

#endif
