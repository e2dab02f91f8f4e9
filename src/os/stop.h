// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Stops all other threads of this process, so that the calling one can look at memory which does
 * not change, and at their registers.
 *
 * A thread cannot trace its own process.  So a helper does: a process of its own that shares this
 * one's memory.  It attaches to every thread but the caller and keeps them until os_stop_end().
 * Should the caller end meanwhile, the helper does, too, and everybody goes on.
 *
 *     caller                        helper
 *     clone, waits ............... lists the threads, seizes and stops each, until none is new
 *     works   <------------------- says so, waits
 *     os_stop_end() -------------> lets them go on, with the signals that came meanwhile; ends
 *
 * While they are stopped the caller may take no lock that one of them may hold: no malloc(), no
 * stdio, no loader.  Threads: one stop at a time.
 */
#ifndef OS_STOP_H
#define OS_STOP_H

#include "base/compiler.h"

enum {
    OS_GENERAL_REGISTERS_MAX = 36,
    OS_VECTOR_WORDS_MAX =
        64, ///< of a thread's vector registers: different ones that may be addresses
    OS_REGISTERS_MAX = OS_GENERAL_REGISTERS_MAX + OS_VECTOR_WORDS_MAX,
};

struct os_stopped_thread {
    uint32_t id;
    uint32_t register_count;
    int signal; ///< to be delivered when it goes on; 0: none
    uintptr_t stack_pointer;
    uintptr_t thread_pointer;
    uint64_t registers[OS_REGISTERS_MAX]; ///< general ones, then words of vector registers
};

struct os_stop; // in memory of the system

/**
 * @param error  receives why it failed: an errno value
 * @return NULL: not possible, all go on; otherwise os_stop_end() ends it
 */
struct os_stop *os_stop_others(int *error);
/// NULL is allowed.
void os_stop_end(struct os_stop *stop);

/// The threads that are stopped.
const struct os_stopped_thread *os_stop_threads(const struct os_stop *stop, size_t *count);
/// Where all of this lies: it holds registers, which are nobody's pointers.
void os_stop_memory(const struct os_stop *stop, uintptr_t *start, uintptr_t *end);

/// Whether this process has other threads.
bool os_has_other_threads(void);

/// The registers whose values a function's callers rely on. Returns how many.
size_t os_own_registers(uint64_t registers[OS_REGISTERS_MAX]);

#endif
