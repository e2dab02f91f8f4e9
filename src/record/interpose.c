// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Ends of the process that run no exit handlers, as far as a program reaches them by name.  For the
// preload object only: in a static program these are libc's alone.

#include "malloc/family.h"
#include "os/channel.h"
#include "record/record.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static void (*libc_abort)(void); // constant once the constructors have run

__attribute__((constructor(102))) static void find_abort(void)
{
    *(void **)&libc_abort = dlsym(RTLD_NEXT, "abort");
}

// Whichever of the process's Haldes records.
static void end_recording(enum channel_reason reason)
{
    const struct malloc_family *linked = family_linked();
    if (linked != NULL) {
        linked->end(reason);
    } else {
        malloc_recorder_end(reason);
    }
}

HALDE_API _Noreturn void _exit(int status)
{
    end_recording(CHANNEL_QUICK_EXIT);
    os_end_process(status);
}

HALDE_API _Noreturn void _Exit(int status)
{
    end_recording(CHANNEL_QUICK_EXIT);
    os_end_process(status);
}

HALDE_API _Noreturn void abort(void)
{
    end_recording(CHANNEL_ABORT);
    if (libc_abort != NULL) {
        libc_abort();
    }
    signal(SIGABRT, SIG_DFL);
    raise(SIGABRT);
    os_end_process(127);
}
