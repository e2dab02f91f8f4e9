// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "os/remote.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

int os_remote_read(uint32_t process_id, uint64_t address, void *buffer, size_t size)
{
    int saved_errno = errno;
    struct iovec local = {.iov_base = buffer, .iov_len = size};
    struct iovec remote = {.iov_base = (void *)(uintptr_t)address, .iov_len = size};
    ssize_t got = process_vm_readv((pid_t)process_id, &local, 1, &remote, 1, 0);
    int error = got == (ssize_t)size ? 0 : got < 0 ? errno : EFAULT;
    errno = saved_errno;
    return error;
}

// ---- Mappings ---------------------------------------------------------------------------------

// A file, line by line, through a small buffer; what is longer than that is cut.
struct line_reader {
    int descriptor;
    size_t used, filled;
    char buffer[2048];
    char line[256];
};

static bool next_character(struct line_reader *reader, char *character)
{
    if (reader->used == reader->filled) {
        ssize_t got = read(reader->descriptor, reader->buffer, sizeof(reader->buffer));
        if (got <= 0) {
            return false;
        }
        reader->filled = (size_t)got;
        reader->used = 0;
    }
    *character = reader->buffer[reader->used++];
    return true;
}

static bool next_line(struct line_reader *reader)
{
    size_t length = 0;
    char character;
    bool has_any = false;
    while (next_character(reader, &character)) {
        has_any = true;
        if (character == '\n') {
            break;
        }
        if (length + 1 < sizeof(reader->line)) {
            reader->line[length++] = character;
        }
    }
    reader->line[length] = '\0';
    return has_any;
}

// "7f12a0000000-7f12a0021000 rw-p 00000000 08:01 1234   /usr/lib/libx.so"
static bool parse_line(const char *line, struct os_remote_range *range)
{
    char *rest;
    range->start = strtoull(line, &rest, 16);
    if (*rest != '-') {
        return false;
    }
    range->end = strtoull(rest + 1, &rest, 16);
    return rest[0] == ' ' && rest[1] == 'r' && rest[2] == 'w' && rest[3] != '\0' &&
           rest[4] == 'p' && strchr(rest, '/') != NULL && range->start < range->end;
}

static int open_maps(uint32_t process_id)
{
    char path[64];
    struct text text;
    text_init(&text, path, sizeof(path));
    text_put(&text, "/proc/");
    text_put_decimal(&text, process_id);
    text_put(&text, "/maps");
    return open(path, O_RDONLY | O_CLOEXEC);
}

int os_remote_data(
    uint32_t process_id, struct os_remote_range *ranges, size_t capacity, size_t *count)
{
    int saved_errno = errno;
    *count = 0;
    struct line_reader reader = {.descriptor = open_maps(process_id)};
    if (reader.descriptor < 0) {
        int error = errno == ENOENT ? ESRCH : errno == EACCES ? EPERM : errno;
        errno = saved_errno;
        return error;
    }
    while (*count < capacity && next_line(&reader)) {
        *count += parse_line(reader.line, &ranges[*count]);
    }
    close(reader.descriptor);
    errno = saved_errno;
    return 0;
}
