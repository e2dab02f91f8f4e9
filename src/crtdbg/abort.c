// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Microsoft's abort(), under a name of its own: libc's abort() keeps its meaning, on which
// debuggers, core dumps and test runners rely.  Programs get this one by HALDE_CRT_ABORT, see
// <stdlib.h>.

#include "crtdbg/api.h"
#include "crtdbg/program.h"
#include "crtdbg/report.h"
#include "crtdbg/report_window.h"
#include "halde-win32/stdlib.h"
#include "os/console.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE "abort() has been called"
#define ALL_BEHAVIOR (_WRITE_ABORT_MSG | _CALL_REPORTFAULT)

enum {
    UNSET = 1 << 8 // the default, which depends on the kind of program
};

static _Atomic(unsigned) behavior = UNSET; // any thread, relaxed

static unsigned current_behavior(void)
{
    const unsigned value = atomic_load_explicit(&behavior, memory_order_relaxed);
    if (value != UNSET) {
        return value;
    }
    return program_is_debug() ? _WRITE_ABORT_MSG : _CALL_REPORTFAULT;
}

unsigned __cdecl _set_abort_behavior(unsigned flags, unsigned mask)
{
    const unsigned old = current_behavior();
    const unsigned changed = (old & ~mask) | (flags & mask & ALL_BEHAVIOR);
    atomic_store_explicit(&behavior, changed, memory_order_relaxed);
    return old;
}

static void put_message(void)
{
    const int result = report(REPORT_ERROR, "%hs", MESSAGE);
    if (result == 1) {
        debug_break();
    } else if (result != 0) {
        os_write(STDERR_FILENO, MESSAGE "\n", strlen(MESSAGE "\n"));
    }
}

void __cdecl halde_crt_abort(void)
{
    const unsigned flags = current_behavior();
    if ((flags & _WRITE_ABORT_MSG) != 0) {
        put_message();
    }
    if ((flags & _CALL_REPORTFAULT) != 0) {
        abort();
    }
    window_abort();
}
