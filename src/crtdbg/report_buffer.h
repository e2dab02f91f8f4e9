// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The memory of one report, 48 KiB: too much for the stack of a small thread, and a report must not
 * ask a heap.  A few buffers are static; when more reports are under way, the system gives pages.
 *
 * A report's hooks may leave it by longjmp() or an exception, which tells nobody.  So a thread's
 * buffers are linked, each with the stack address of its report; one that lies below the stack
 * pointer was abandoned and is taken back when the thread reports next.
 */
#ifndef CRTDBG_REPORT_BUFFER_H
#define CRTDBG_REPORT_BUFFER_H

#include <wchar.h>

#include "base/compiler.h"

enum {
    REPORT_CAPACITY = 4096,                   // characters of a whole report, the null included
    REPORT_MESSAGE_MAX = 4075,                // characters of the message in it
    REPORT_NARROW_SIZE = 4 * REPORT_CAPACITY, // bytes: a wide report in UTF-8 always fits
    REPORT_MARK_WORDS = 64
};

struct report_mark {
    volatile uint64_t words[REPORT_MARK_WORDS];
};

struct report_buffer {
    char narrow[REPORT_NARROW_SIZE]; ///< the whole report
    wchar_t wide[REPORT_CAPACITY];   ///< the same; both always end with a null
    union {
        char narrow[REPORT_CAPACITY];
        wchar_t wide[REPORT_CAPACITY];
    } message; ///< what the caller formatted, in the report's own width

    // Owner thread.
    struct report_buffer *outer;    ///< of the report in which this one is made, or NULL
    const struct report_mark *mark; ///< on the stack of its report
    uint64_t number;                ///< what every word of the mark holds; never used twice
    bool is_assertion;
    bool is_busy_counted; ///< it is in _crtAssertBusy
    bool is_mapped;       ///< own pages, given back at the end

    _Atomic(bool) is_taken; ///< acquire to take, release to give back
};

/// A buffer for a report that begins here; NULL when the system has no memory.
/// @param mark  in the caller's frame; is written
struct report_buffer *report_buffer_take(struct report_mark *mark);
/// Gives back a buffer of this thread, and newer ones, which were abandoned.
void report_buffer_release(struct report_buffer *buffer);
/// The buffer of the report in which the thread is, or NULL.
struct report_buffer *report_buffer_current(void);
/// Takes back what reports have left that ended without saying so. `here` is the address of the
/// caller's frame.
void report_buffer_drop_abandoned(uintptr_t here);

#endif
