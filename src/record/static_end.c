// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// The end of a program that is linked with libhalde.a and calls _exit(), which runs no exit
// handlers.  Part of that library only, and of a program only if it calls these by name: others end
// by libc's own.

#include "malloc/family.h"
#include "os/channel.h"
#include "record/record.h"

#include <stdlib.h>
#include <unistd.h>

HALDE_API __attribute__((weak)) _Noreturn void _exit(int status)
{
    malloc_recorder_end(CHANNEL_QUICK_EXIT);
    os_end_process(status);
}

HALDE_API __attribute__((weak)) _Noreturn void _Exit(int status)
{
    malloc_recorder_end(CHANNEL_QUICK_EXIT);
    os_end_process(status);
}
