// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "win32/exception.h"

#include "base/compiler.h"
#include "base/text.h"
#include "engine/engine.h"
#include "halde-win32/winternl.h"
#include "win32/status.h"

#include <halde/win32.h>
#include <stdlib.h>

// Any thread exchanges it; acq_rel, so that what a handler refers to is seen by the thread that
// calls it.
static _Atomic(halde_exception_handler) process_handler;
static THREAD_LOCAL halde_exception_handler thread_handler; // owner thread only

halde_exception_handler halde_set_exception_handler(halde_exception_handler handler)
{
    return atomic_exchange_explicit(&process_handler, handler, memory_order_acq_rel);
}

halde_exception_handler halde_set_thread_exception_handler(halde_exception_handler handler)
{
    halde_exception_handler before = thread_handler;
    thread_handler = handler;
    return before;
}

// Without a heap it is a status raised by the program itself.
static void report(NTSTATUS status, HANDLE heap, SIZE_T bytes, bool has_handler)
{
    char buffer[256];
    struct text text;
    text_init(&text, buffer, sizeof(buffer));
    text_put(&text, "exception ");
    text_put_hex(&text, (DWORD)status, 8);
    text_put(&text, " (");
    text_put(&text, status_name(status));
    text_put(&text, ")");
    if (heap != NULL || bytes != 0) {
        text_put(&text, ": a request for ");
        text_put_decimal(&text, bytes);
        text_put(&text, " bytes from heap ");
        text_put_address(&text, heap);
        text_put(&text, " failed");
    }
    text_put(&text, has_handler ? ", and the handler returned" : ", and no handler is set");
    engine_message(buffer);
}

COLD void exception_raise(NTSTATUS status, HANDLE heap, SIZE_T bytes)
{
    halde_exception_handler handler = thread_handler;
    if (handler == NULL) {
        handler = atomic_load_explicit(&process_handler, memory_order_acquire);
    }
    if (handler != NULL) {
        handler((uint32_t)status, heap, bytes);
    }
    report(status, heap, bytes, handler != NULL);
    abort();
}

VOID NTAPI RtlRaiseStatus(NTSTATUS Status)
{
    exception_raise(Status, NULL, 0);
}
