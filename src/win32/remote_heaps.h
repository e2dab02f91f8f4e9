// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * ToolHelp on other processes: their heaps and blocks, read by what their library says about them
 * (src/view), while they run.  What is read may change meanwhile; it is proved, and leads to an
 * early end at worst.
 *
 * Needs the right to read the process's memory, as a debugger has it.
 */
#ifndef WIN32_REMOTE_HEAPS_H
#define WIN32_REMOTE_HEAPS_H

#include "halde-win32/tlhelp32.h"
#include "halde-win32/windows.h"
#include "win32/heap_list.h"

/// Lists the heaps of another process, the process heap first; none when it does not use Halde.
/// @return NO_ERROR, or the last error to set; then the list is empty
DWORD remote_heaps_list(DWORD process_id, struct heap_list *list);

/// Where a walk of another process's heap is.
struct remote_position {
    ULONG_PTR heap;
    ULONG_PTR address; ///< of the element before
    bool was_busy;     ///< that element
    bool is_first;     ///< there is none before
};
/// The next element that is no region.
/// @return NO_ERROR, or the last error to set; then `*result` has not changed
DWORD remote_heaps_entry(
    DWORD process_id, const struct remote_position *position, HEAPENTRY32 *result);

/// Copies memory of another process. @return NO_ERROR, or the last error to set
DWORD remote_heaps_read(DWORD process_id, const void *address, void *buffer, size_t size);

/// HEAPENTRY32.dwResvd: enough to resume.
enum {
    CURSOR_NOT_BUSY = 0,
    CURSOR_BUSY = 1,
};

#endif
