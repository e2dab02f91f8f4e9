// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Ends of the process that run no exit handlers, and of libraries in it, as far as a program
// reaches them by name.  For the preload object only: in a static program these are libc's alone.

#include "malloc/family.h"
#include "os/channel.h"
#include "record/record.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

// Constant once the constructors have run.
static void (*libc_abort)(void);
static int (*libc_dlclose)(void *library);

__attribute__((constructor(102))) static void find_functions(void)
{
    *(void **)&libc_abort = dlsym(RTLD_NEXT, "abort");
    *(void **)&libc_dlclose = dlsym(RTLD_NEXT, "dlclose");
}

// Asks the collector, by whichever of the process's Haldes records.
static void ask(enum channel_reason reason)
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
    ask(CHANNEL_QUICK_EXIT);
    os_end_process(status);
}

HALDE_API _Noreturn void _Exit(int status)
{
    ask(CHANNEL_QUICK_EXIT);
    os_end_process(status);
}

HALDE_API _Noreturn void abort(void)
{
    ask(CHANNEL_ABORT);
    if (libc_abort != NULL) {
        libc_abort();
    }
    signal(SIGABRT, SIG_DFL);
    raise(SIGABRT);
    os_end_process(127);
}

// Stacks lead through libraries that are gone when the report is written; the collector notes where
// they were.  Signals wait meanwhile: a handler that ends the process has a question, too.
HALDE_API int dlclose(void *library)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    ask(CHANNEL_UNLOAD);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return libc_dlclose != NULL ? libc_dlclose(library) : -1;
}
