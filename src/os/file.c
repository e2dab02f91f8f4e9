// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

int os_file_open(const char *path)
{
    const int saved_errno = errno;
    // Not open(): that is a point where a thread may be cancelled.
    long opened = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
    int descriptor = opened < 0 ? -errno : (int)opened;
    errno = saved_errno;
    return descriptor;
}

bool os_file_read(int descriptor, uint64_t offset, void *buffer, size_t size)
{
    const int saved_errno = errno;
    size_t done = 0;
    while (done < size) {
        long got = syscall(
            SYS_pread64, descriptor, (char *)buffer + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        done += (size_t)got;
    }
    errno = saved_errno;
    return done == size;
}

void os_file_close(int descriptor)
{
    const int saved_errno = errno;
    syscall(SYS_close, descriptor);
    errno = saved_errno;
}
