// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/// Paths of source files as they are shown.
#ifndef SYMBOLS_PATHS_H
#define SYMBOLS_PATHS_H

#include <stddef.h>

/// Takes "." and "name/.." out of a path, and double slashes. In place.
void path_simplify(char *path);

/**
 * The part of a path that tells a reader where to look: relative to the directory of compilation,
 * or, if that is a build directory beside the source, to what the two have in common.
 *
 * @return a place in `path`; `path` itself if the two have too little in common
 */
const char *path_shorten(const char *path, const char *directory);

/// The rest of a path that lies below a directory; NULL: it does not, or the directory is the root.
const char *path_below(const char *path, const char *directory);

/// What stands behind the last '/'.
const char *path_last(const char *path);

#endif
