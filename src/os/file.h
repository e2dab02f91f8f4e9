// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Files that are read in pieces.  Nothing here allocates, every function keeps `errno`, may be
 * called in a signal handler, and is no point where a thread may be cancelled.
 */
#ifndef OS_FILE_H
#define OS_FILE_H

#include "base/compiler.h"

/// Opens a file for reading; never waits for one. Returns the descriptor, or the negative of an
/// errno value.
int os_file_open(const char *path);
/// Reads bytes from `offset` on. False: not all of them are there.
bool os_file_read(int descriptor, uint64_t offset, void *buffer, size_t size);
void os_file_close(int descriptor);

#endif
