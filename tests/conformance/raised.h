// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Catches the status that a call raises: a structured exception on Windows, Halde's handler
 * elsewhere.
 */
#ifndef CONFORMANCE_RAISED_H
#define CONFORMANCE_RAISED_H

#include <setjmp.h>

#include "conformance.h"

#ifndef _WIN32
#include <halde/win32.h>
#endif

static struct {
    bool is_armed;
    DWORD status;
#ifdef _WIN32
    void *target[5];
#else
    jmp_buf target;
    void *heap;
    size_t bytes;
#endif
} raised;

#ifdef _WIN32
static LONG CALLBACK raised_handler(EXCEPTION_POINTERS *exception)
{
    if (!raised.is_armed) {
        return EXCEPTION_CONTINUE_SEARCH;
    }
    raised.is_armed = false;
    raised.status = exception->ExceptionRecord->ExceptionCode;
    __builtin_longjmp(raised.target, 1);
}
#else
static void raised_handler(uint32_t status, void *heap, size_t bytes)
{
    raised.is_armed = false;
    raised.status = status;
    raised.heap = heap;
    raised.bytes = bytes;
    longjmp(raised.target, 1);
}
#endif

/** Calls `function` and returns the status that it raised, 0 for none. */
__attribute__((noinline)) static DWORD status_raised_by(void (*function)(void *), void *argument)
{
    raised.status = 0;
    raised.is_armed = true;
#ifdef _WIN32
    static void *handle;
    if (handle == NULL) {
        handle = AddVectoredExceptionHandler(1, raised_handler);
    }
    if (!__builtin_setjmp(raised.target)) {
        function(argument);
    }
#else
    halde_set_exception_handler(raised_handler);
    if (!setjmp(raised.target)) {
        function(argument);
    }
#endif
    raised.is_armed = false;
    return raised.status;
}

#endif
