// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * What two processes need to work on the same memory.  Nothing here allocates, and every function
 * keeps `errno`.
 */
#ifndef OS_CHANNEL_H
#define OS_CHANNEL_H

#include "base/compiler.h"

/// Maps a file that was opened for reading and writing, the whole of it, and closes the descriptor.
/// @param size  receives its bytes
/// @return NULL: it is no such file, or there are no addresses for it; it is closed all the same
void *os_map_shared(int descriptor, size_t *size);
/// The same in place of a shared mapping of `size` bytes at `address`. False: nothing has changed.
bool os_remap_shared(int descriptor, void *address, size_t size);
void os_unmap_shared(void *address, size_t size);

/// A page of zeroes that reads as zeroes again in every forked child, however it was forked. NULL:
/// no memory, or a kernel that cannot do that.
void *os_page_wiped_on_fork(void);

/// As os_wait() and os_wake_all(), across processes; `ms` is the longest sleep.
void os_wait_shared(_Atomic(uint32_t) *word, uint32_t value, uint32_t ms);
void os_wake_shared(_Atomic(uint32_t) *word);

/// Asks who listens at an abstract socket for a descriptor, sending it a word. -1: nobody, or it
/// gave none.
int os_ask_for_descriptor(const char *name, uint32_t word);

/// The calling thread's name, up to 15 bytes, filled up with 0.
void os_thread_name(char name[16]);

/// Nanoseconds of CLOCK_MONOTONIC as of the last tick: a few milliseconds old, and quickly read.
uint64_t os_clock_tick_ns(void);
/// The same clock, exact.
uint64_t os_clock_ns(void);

/// The words behind the program's arguments: its environment, also before libc has set `environ`.
/// Entries may be changed and left out in place.
char **os_environment(void);

/// Ends the process at once.
_Noreturn void os_end_process(int status);

#endif
