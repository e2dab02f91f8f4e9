// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Descriptors, the terminal and the debugger: what messages to the user need.
 *
 * Every function keeps `errno`, is no point where a thread may be cancelled, and takes no memory.
 */
#ifndef OS_CONSOLE_H
#define OS_CONSOLE_H

#include "base/compiler.h"

/// Writes all of it, in one call where the system allows it; gives up when the descriptor fails, or
/// when it is not blocking and stays full for a second.
void os_write(int descriptor, const char *bytes, size_t size);

/// Opens a file to write at its end, made if it is not there: a descriptor, or -1.
int os_open_append(const char *path);
void os_close(int descriptor);

/// Whether both descriptors are open and lead to the same file, pipe or terminal.
bool os_is_same_file(int left, int right);
/// Whether it is open at all.
bool os_is_open(int descriptor);

/// The terminal, opened for a question and its answer: when standard input and standard error are
/// terminals and the process is in the foreground.  Otherwise -1.
int os_terminal_open(void);
/// Reads up to a line's end, and drops what does not fit. Bytes stored (without the end), or -1 at
/// the end of the file.
int os_read_line(int descriptor, char *bytes, size_t capacity);

/// Whether a debugger (or any tracer) is attached.
bool os_is_traced(void);

/// The program's file, at most capacity - 1 bytes and a null; 0 bytes when the system does not
/// tell.
size_t os_program_path(char *path, size_t capacity);

/// Ends the process at once: no function registered with atexit(), no destructor.
_Noreturn void os_exit(int status);

#endif
