// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Fault injection: makes the n-th system call of a kind fail.  Compiled in when
 * CONFIG_FAULT_INJECTION is 1; otherwise os_fault() is a constant false and costs nothing.
 *
 * Threads: os_fault_fail_nth() and os_fault_reset() while no other thread uses the library; the
 * counters are atomic.
 */
#ifndef OS_FAULT_H
#define OS_FAULT_H

#include "base/compiler.h"

enum os_call {
    OS_CALL_MMAP,
    OS_CALL_MPROTECT,
    OS_CALL_MADVISE,
    OS_CALL_MEMBARRIER,
    OS_CALL_FUTEX,
    OS_CALL_COUNT,
};

#if CONFIG_FAULT_INJECTION
/// Calls nth .. nth + count - 1 of this kind fail, counted from now; nth 1 is the next call, 0
/// switches off.
void os_fault_fail_nth(enum os_call call, uint64_t nth, uint64_t count);
/// Calls of this kind since os_fault_reset().
uint64_t os_fault_calls(enum os_call call);
void os_fault_reset(void);
/// Counts a call; whether it must fail.
bool os_fault(enum os_call call);
#else
ALWAYS_INLINE bool os_fault(enum os_call call)
{
    (void)call;
    return false;
}
#endif

#endif
