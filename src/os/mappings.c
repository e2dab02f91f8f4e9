// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "os/mappings.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

// Not open() and read(): those are points where a thread may be cancelled.
struct reader {
    int descriptor;
    size_t used;
    size_t filled;
    char buffer[4096];
};

// The next character, or 0 at the end of the file.
static char next(struct reader *reader)
{
    if (reader->used == reader->filled) {
        long got;
        do {
            got = syscall(SYS_read, reader->descriptor, reader->buffer, sizeof(reader->buffer));
        } while (got < 0 && errno == EINTR);
        if (got <= 0) {
            return '\0';
        }
        reader->used = 0;
        reader->filled = (size_t)got;
    }
    return reader->buffer[reader->used++];
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Stores what stands behind the digits.
static uintptr_t read_hex(struct reader *reader, char *behind)
{
    uintptr_t value = 0;
    char c = next(reader);
    for (int digit = digit_of(c); digit >= 0; digit = digit_of(c)) {
        value = value << 4 | (uintptr_t)digit;
        c = next(reader);
    }
    *behind = c;
    return value;
}

static void skip_until(struct reader *reader, char end)
{
    char c = next(reader);
    while (c != end && c != '\0') {
        c = next(reader);
    }
}

// "start-end rwxp offset device inode  path". False at the end.
static bool read_line(struct reader *reader, struct os_mapping *mapping)
{
    char c;
    mapping->start = read_hex(reader, &c);
    if (c != '-') {
        return false;
    }
    mapping->end = read_hex(reader, &c);
    mapping->is_readable = next(reader) == 'r';
    mapping->is_writable = next(reader) == 'w';
    mapping->is_executable = next(reader) == 'x';
    mapping->is_shared = next(reader) == 's';
    next(reader);
    skip_until(reader, ' '); // offset
    skip_until(reader, ' '); // device
    const char inode = next(reader);
    mapping->is_file = inode > '0' && inode <= '9';
    if (inode != '\n') {
        skip_until(reader, '\n');
    }
    return true;
}

size_t os_mappings_read(struct os_mapping *mappings, size_t capacity)
{
    const int saved_errno = errno;
    struct reader reader = {
        .descriptor =
            (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC, 0),
    };
    size_t count = 0;
    if (reader.descriptor >= 0) {
        struct os_mapping mapping;
        while (read_line(&reader, &mapping)) {
            if (count < capacity) {
                mappings[count] = mapping;
            }
            count++;
        }
        syscall(SYS_close, reader.descriptor);
    }
    errno = saved_errno;
    return count;
}
