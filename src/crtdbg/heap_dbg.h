// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The operations of the debug heap with everything that the program is told and asked about them:
 * periodic checks, hooks, assertions, damage.  The functions of <crtdbg.h> and the redirect of
 * malloc() are thin layers above.
 *
 * Reports and hooks are called outside of every section: they may allocate, report and nest.
 */
#ifndef CRTDBG_HEAP_DBG_H
#define CRTDBG_HEAP_DBG_H

#include "crtdbg/debug_block.h"
#include "crtdbg/debug_state.h"
#include "crtdbg/families.h"

/// One try: NULL when refused or out of memory.  `errno` is left alone.  Sets the request's `stack`
/// and `is_ignored`.
void *debug_allocate_once(struct debug_request *request);
/// The same; calls the new handler in new mode 1.  NULL with errno ENOMEM.
void *debug_allocate(struct debug_request *request);
/// realloc() of something that is not NULL, to a size that may be 0 when `is_in_place`.
void *debug_reallocate(void *pointer, const struct debug_request *request, bool is_in_place);
/// `use` as for _free_dbg(). Keeps errno, except for a block that aligned routines allocated.
void debug_free(void *pointer, int use);
/// The same with what is known about who frees it.
void debug_free_from(void *pointer, int use, const struct release *release);

/// A block that is not the debug heap's: made before it was on, or by HeapAlloc() and its kin.
/// The heap, or NULL.
halde_heap *debug_plain_heap_of(const void *pointer);

#endif
