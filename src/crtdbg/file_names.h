// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Copies of the file names that debug blocks carry, so that a report can still name the file of a
 * module that was unloaded.  A name is copied when a pointer to it is seen for the first time, or
 * when something else stands there.  Bounded: when there is no more room, names are not copied.
 *
 * Has no lock: whoever makes an origin (origins.h) has one.
 */
#ifndef CRTDBG_FILE_NAMES_H
#define CRTDBG_FILE_NAMES_H

#include "base/compiler.h"

/// A copy of a name, which stays for ever; NULL for NULL, for a name that cannot be read, and when
/// there is no room. One thread at a time.
const char *file_name_copy(const char *name);

#endif
