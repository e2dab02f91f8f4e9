// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * @file win32.h
 * What ported Win32 programs need and Windows has no function for: a handler for
 * HEAP_GENERATE_EXCEPTIONS.
 *
 * Windows raises a structured exception, which Linux does not have.  Instead a handler is called on
 * the thread and at the place of the failure, with no lock of this library held by that call.  It
 * may leave by longjmp() or, in C++, by throwing.  If it returns, or there is none, one line on
 * stderr names the status and the process aborts: the caller asked never to see NULL.
 */
#ifndef HALDE_WIN32_H
#define HALDE_WIN32_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef HALDE_API
#define HALDE_API __attribute__((visibility("default")))
#endif

/**
 * @param status  0xC0000017 (STATUS_NO_MEMORY), 0xC0000005 (STATUS_ACCESS_VIOLATION: wrong heap or
 * block), or what was given to RtlRaiseStatus()
 * @param heap    the heap handle of the failed call; NULL from RtlRaiseStatus()
 * @param bytes   the size that was asked for; 0 from RtlRaiseStatus()
 */
typedef void (*halde_exception_handler)(uint32_t status, void *heap, size_t bytes);

/** Sets the handler of all threads that have none of their own; NULL removes it. Returns the one
 * before. Any thread. */
HALDE_API halde_exception_handler halde_set_exception_handler(halde_exception_handler handler);

/** Sets the calling thread's handler, which goes before the process's; NULL removes it. Returns the
 * one before. */
HALDE_API halde_exception_handler halde_set_thread_exception_handler(
    halde_exception_handler handler);

#ifdef __cplusplus
}
#endif

#endif
