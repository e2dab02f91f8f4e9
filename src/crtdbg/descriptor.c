// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// From streams and descriptors to what _CrtSetReportFile() takes.

#include "crtdbg/api.h"
#include "halde-win32/io.h"
#include "os/console.h"

#include <errno.h>

int __cdecl _fileno(FILE *stream)
{
    return fileno(stream);
}

intptr_t __cdecl _get_osfhandle(int descriptor)
{
    if (descriptor < 0 || !os_is_open(descriptor)) {
        errno = EBADF;
        return -1;
    }
    return descriptor;
}
