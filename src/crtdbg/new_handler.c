// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Microsoft's new handler.  operator new knows the handler of the C++ runtime only: there an
// adapter is installed that calls ours, and throws std::bad_alloc when ours gives up.

#include "crtdbg/new_handler.h"

#include "crtdbg/api.h"
#include "crtdbg/invalid_parameter.h"
#include "engine/redirect.h"

#include <errno.h>

typedef void new_handler(void);

// std::set_new_handler() and std::__throw_bad_alloc(), if the program has a C++ runtime.
extern new_handler *_ZSt15set_new_handlerPFvvE(new_handler *handler) __attribute__((weak));
extern _Noreturn void _ZSt17__throw_bad_allocv(void) __attribute__((weak));

static _Atomic(_PNH) current;    // any thread; release and acquire, so that its data is seen
static _Atomic(int) new_mode;    // any thread, relaxed
static THREAD_LOCAL size_t last; // bytes of the thread's last request that failed

void redirect_note_failure(size_t size)
{
    last = size;
}

bool new_mode_is_on(void)
{
    return atomic_load_explicit(&new_mode, memory_order_relaxed) != 0;
}

bool new_handler_call(size_t size)
{
    const _PNH handler = atomic_load_explicit(&current, memory_order_acquire);
    return handler != NULL && handler(size) != 0;
}

// The handler that operator new sees.
static void adapt(void)
{
    if (!new_handler_call(last) && _ZSt17__throw_bad_allocv != NULL) {
        _ZSt17__throw_bad_allocv();
    }
}

_PNH __cdecl _set_new_handler(_PNH handler)
{
    const _PNH old = atomic_exchange_explicit(&current, handler, memory_order_acq_rel);
    if (_ZSt15set_new_handlerPFvvE != NULL) {
        _ZSt15set_new_handlerPFvvE(handler != NULL ? adapt : NULL);
    }
    return old;
}

_PNH __cdecl _query_new_handler(void)
{
    return atomic_load_explicit(&current, memory_order_acquire);
}

int __cdecl _callnewh(size_t size)
{
    return new_handler_call(size);
}

int __cdecl _set_new_mode(int mode)
{
    if (mode != 0 && mode != 1) {
        INVALID_PARAMETER("new_mode == 0 || new_mode == 1", EINVAL);
        return -1;
    }
    return atomic_exchange_explicit(&new_mode, mode, memory_order_relaxed);
}

int __cdecl _query_new_mode(void)
{
    return atomic_load_explicit(&new_mode, memory_order_relaxed);
}
