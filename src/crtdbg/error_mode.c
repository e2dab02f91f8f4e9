// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Where assert() writes.

#include "crtdbg/error_mode.h"

#include "crtdbg/api.h"
#include "crtdbg/invalid_parameter.h"

#include <errno.h>

static _Atomic(int) error_mode = _OUT_TO_DEFAULT; // any thread, relaxed

int __cdecl _set_error_mode(int mode)
{
    switch (mode) {
    case _OUT_TO_DEFAULT:
    case _OUT_TO_STDERR:
    case _OUT_TO_MSGBOX:
        return atomic_exchange_explicit(&error_mode, mode, memory_order_relaxed);
    case _REPORT_ERRMODE:
        return atomic_load_explicit(&error_mode, memory_order_relaxed);
    default:
        INVALID_PARAMETER("(\"Invalid error_mode\", 0)", EINVAL);
        return -1;
    }
}

bool error_mode_is_window(void)
{
    return atomic_load_explicit(&error_mode, memory_order_relaxed) == _OUT_TO_MSGBOX;
}
