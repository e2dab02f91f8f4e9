/* SPDX-FileCopyrightText: 2026 The Halde authors */
/* SPDX-License-Identifier: MIT */

/**
 * @file halde_leaks.h
 * Leaks by reachability: what the classic dump of <crtdbg.h> cannot tell.  _CrtDumpMemoryLeaks()
 * names every block that was not freed; this tells those that nothing leads to any more from those
 * that are in use.
 *
 * An extension; nothing of it is Microsoft's.
 */
#ifndef HALDE_WIN32_LEAKS_H
#define HALDE_WIN32_LEAKS_H

#include "halde_crt.h"

HALDE_EXTERN_C_BEGIN

/** Blocks of one class: how many, and their user bytes. */
struct halde_leak_sum {
    size_t count;
    size_t size;
};

/** What a search found, of normal and client blocks (with _CRTDBG_CHECK_CRT_DF also CRT blocks). */
struct halde_leaks {
    struct halde_leak_sum definite;  /**< nothing leads to them, but for their own cycle */
    struct halde_leak_sum indirect;  /**< only lost blocks lead to them */
    struct halde_leak_sum possible;  /**< only pointers to the inside of a block lead to them */
    struct halde_leak_sum reachable; /**< they are in use, or could still be freed */
    int is_exact; /**< other threads were stopped meanwhile, or there were none; else some classes
                       may be wrong */
};

/**
 * Searches all memory of the process for pointers, beginning with the data of all modules, stacks,
 * registers and thread-local storage.  Takes some 0.1 seconds for each million blocks; meanwhile
 * other threads are stopped if the system lets us.
 *
 * @param is_reported  also report classes and places (_CRT_WARN), as
 * HALDE_OPTIONS=crt_reachability=1 does below the leak dump
 * @param leaks        receives the sums; may be NULL
 * @return 1; 0: nothing was searched, because the debug heap is off, the system gives no memory, or
 *         /proc/self/maps cannot be read
 * Threads: any; not from an allocation hook or a report hook
 */
HALDE_CRTAPI int halde_find_leaks(int is_reported, struct halde_leaks *leaks);

HALDE_EXTERN_C_END

#endif
