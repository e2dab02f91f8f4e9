// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * What the Win32 layer asks about the process and the machine: memory that may be unmapped, other
 * processes, counters.  Nothing here allocates, and every function keeps `errno`.
 *
 * Answers about memory are true for a moment only: another thread may map or unmap meanwhile.
 */
#ifndef OS_PROCESS_H
#define OS_PROCESS_H

#include "base/compiler.h"

/// Copies bytes of this process that may be unmapped; never faults. Returns how many were copied:
/// less than `size` when a later byte cannot be read.
size_t os_copy_memory(void *destination, const void *source, size_t size);
/// Whether every byte of [address, address+size) is mapped for writing. size 0: true.
bool os_is_writable(const void *address, size_t size);

/// A second descriptor of an open file, kept for later.
struct os_kept_file {
    int descriptor; ///< out of the way of the program's; closed on exec; valid if is_kept
    uint64_t device, number;
    bool is_kept;
};
/// Keeps the file that a descriptor names; without effect when there is none.
void os_keep_file(struct os_kept_file *file, int descriptor);
/// The kept descriptor, if it still names that file; -1 when the program has closed it, or there is
/// none.
int os_kept_descriptor(const struct os_kept_file *file);

uint32_t os_process_id(void);
uint32_t os_parent_id(void);
uint32_t os_thread_id(void);
/// Whether a process of this number exists, whoever owns it.
bool os_process_exists(uint32_t process_id);

/// Processors that are online, at least 1.
uint32_t os_processor_count(void);
/// First address that no user mapping reaches.
uintptr_t os_user_space_end(void);

/// All in bytes.
struct os_memory_counters {
    uint64_t physical_total;
    uint64_t physical_available; ///< what a program can get without swapping
    uint64_t swap_total;
    uint64_t swap_available;
    uint64_t own_address_space; ///< addresses that this process has mapped
};
/// Bytes of this process that are in memory; 0 when the system does not tell.
uint64_t os_resident_size(void);

/// Reads the counters; what the system does not tell is 0.
void os_memory_counters_read(struct os_memory_counters *counters);

#endif
