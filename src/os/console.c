// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "os/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    FULL_WAIT_MS = 1000
};

// Not write(), read() and their kin: those are points where a thread may be cancelled.
static ssize_t write_some(int descriptor, const char *bytes, size_t size)
{
    return syscall(SYS_write, descriptor, bytes, size);
}

// Whether a descriptor that was full takes more now.
static bool wait_until_writable(int descriptor)
{
    struct pollfd poll = {.fd = descriptor, .events = POLLOUT};
    const struct timespec limit = {.tv_sec = FULL_WAIT_MS / 1000};
    return syscall(SYS_ppoll, &poll, 1, &limit, NULL, 0) > 0;
}

void os_write(int descriptor, const char *bytes, size_t size)
{
    const int saved_errno = errno;
    while (size > 0) {
        const ssize_t written = write_some(descriptor, bytes, size);
        if (written > 0) {
            bytes += written;
            size -= (size_t)written;
        } else if (written == 0 || (errno != EINTR && errno != EAGAIN)) {
            break;
        } else if (errno == EAGAIN && !wait_until_writable(descriptor)) {
            break;
        }
    }
    errno = saved_errno;
}

static int open_file(const char *path, int flags)
{
    const int saved_errno = errno;
    const int descriptor = (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0666);
    errno = saved_errno;
    return descriptor;
}

int os_open_append(const char *path)
{
    return open_file(path, O_WRONLY | O_CREAT | O_APPEND);
}

void os_close(int descriptor)
{
    const int saved_errno = errno;
    syscall(SYS_close, descriptor);
    errno = saved_errno;
}

bool os_is_same_file(int left, int right)
{
    const int saved_errno = errno;
    struct stat left_state;
    struct stat right_state;
    const bool is_same = fstat(left, &left_state) == 0 && fstat(right, &right_state) == 0 &&
                         left_state.st_dev == right_state.st_dev &&
                         left_state.st_ino == right_state.st_ino;
    errno = saved_errno;
    return is_same;
}

bool os_is_open(int descriptor)
{
    return os_is_same_file(descriptor, descriptor);
}

// A question to a terminal in the background would stop the process.
static bool is_in_foreground(int descriptor)
{
    return tcgetpgrp(descriptor) == getpgrp();
}

int os_terminal_open(void)
{
    const int saved_errno = errno;
    int terminal = -1;
    if (isatty(STDIN_FILENO) && isatty(STDERR_FILENO)) {
        terminal = open_file("/dev/tty", O_RDWR | O_NOCTTY);
    }
    if (terminal >= 0 && !is_in_foreground(terminal)) {
        os_close(terminal);
        terminal = -1;
    }
    errno = saved_errno;
    return terminal;
}

// The next byte, or -1.
static int read_byte(int descriptor)
{
    char byte;
    ssize_t got;
    do {
        got = syscall(SYS_read, descriptor, &byte, (size_t)1);
    } while (got < 0 && errno == EINTR);
    return got == 1 ? (unsigned char)byte : -1;
}

int os_read_line(int descriptor, char *bytes, size_t capacity)
{
    const int saved_errno = errno;
    size_t size = 0;
    int byte = read_byte(descriptor);
    const bool is_at_end = byte < 0;
    while (byte >= 0 && byte != '\n') {
        if (size < capacity) {
            bytes[size++] = (char)byte;
        }
        byte = read_byte(descriptor);
    }
    errno = saved_errno;
    return is_at_end ? -1 : (int)size;
}

bool os_is_traced(void)
{
    const int saved_errno = errno;
    char status[1024]; // the line stands near the beginning
    bool is_traced = false;
    const int descriptor = open_file("/proc/self/status", O_RDONLY);
    if (descriptor >= 0) {
        const ssize_t size = syscall(SYS_read, descriptor, status, sizeof(status) - 1);
        status[size > 0 ? size : 0] = '\0';
        const char *line = strstr(status, "TracerPid:\t");
        is_traced = line != NULL && line[strlen("TracerPid:\t")] != '0';
        os_close(descriptor);
    }
    errno = saved_errno;
    return is_traced;
}

size_t os_program_path(char *path, size_t capacity)
{
    const int saved_errno = errno;
    const ssize_t size = readlink("/proc/self/exe", path, capacity - 1);
    const size_t length = size > 0 ? (size_t)size : 0;
    path[length] = '\0';
    errno = saved_errno;
    return length;
}

void os_exit(int status)
{
    _exit(status);
}
