// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "os/process.h"

#include "base/bits.h"
#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>
#include <unistd.h>

// ---- Memory that may be unmapped --------------------------------------------------------------

// Bytes up to the end of the page that `address` lies in, at most `size`.
static size_t piece_in_page(uintptr_t address, size_t size)
{
    size_t page_size = os_page_size();
    return size_min(size, page_size - (address & (page_size - 1)));
}

// For systems that forbid process_vm_readv(): the kernel reads the bytes into a pipe, which takes
// at least a page, and answers EFAULT for those it cannot read.
static size_t copy_through_pipe(void *destination, const void *source, size_t size)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        return 0;
    }
    size_t copied = 0;
    while (copied < size) {
        const char *from = (const char *)source + copied;
        ssize_t written = write(ends[1], from, piece_in_page((uintptr_t)from, size - copied));
        if (written <= 0 ||
            read(ends[0], (char *)destination + copied, (size_t)written) != written) {
            break;
        }
        copied += (size_t)written;
    }
    close(ends[0]);
    close(ends[1]);
    return copied;
}

// Page by page, so that a partial answer ends exactly where the readable bytes end.
static size_t copy_by_page(void *destination, const void *source, size_t size, bool *is_refused)
{
    size_t copied = 0;
    while (copied < size) {
        uintptr_t from = (uintptr_t)source + copied;
        size_t piece = piece_in_page(from, size - copied);
        struct iovec local = {.iov_base = (char *)destination + copied, .iov_len = piece};
        struct iovec remote = {.iov_base = (void *)from, .iov_len = piece};
        if (process_vm_readv(getpid(), &local, 1, &remote, 1, 0) != (ssize_t)piece) {
            *is_refused = errno == EPERM || errno == ENOSYS;
            return copied;
        }
        copied += piece;
    }
    return copied;
}

size_t os_copy_memory(void *destination, const void *source, size_t size)
{
    uintptr_t end;
    if (size == 0 || __builtin_add_overflow((uintptr_t)source, size - 1, &end)) {
        return 0;
    }
    int saved_errno = errno;
    bool is_refused = false;
    errno = 0;
    size_t copied = copy_by_page(destination, source, size, &is_refused);
    if (is_refused) {
        copied = copy_through_pipe(destination, source, size);
    }
    errno = saved_errno;
    return copied;
}

// ---- The process's map ------------------------------------------------------------------------

// Reads /proc/self/maps through a small buffer, byte by byte.
struct map_reader {
    int descriptor;
    size_t used, filled;
    char buffer[2048];
};

struct map_line {
    uintptr_t start, end;
    bool is_writable;
};

// The next character, or 0 at the end of the file.
static char next_character(struct map_reader *reader)
{
    if (reader->used == reader->filled) {
        ssize_t got = read(reader->descriptor, reader->buffer, sizeof(reader->buffer));
        if (got <= 0) {
            return '\0';
        }
        reader->filled = (size_t)got;
        reader->used = 0;
    }
    return reader->buffer[reader->used++];
}

// Reads hexadecimal digits; stores the character after them.
static uintptr_t read_hex(struct map_reader *reader, char *after)
{
    uintptr_t value = 0;
    for (;;) {
        char c = next_character(reader);
        if (c >= '0' && c <= '9') {
            value = value << 4 | (uintptr_t)(c - '0');
        } else if (c >= 'a' && c <= 'f') {
            value = value << 4 | (uintptr_t)(c - 'a' + 10);
        } else {
            *after = c;
            return value;
        }
    }
}

// One line: "start-end rwxp ..." and anything up to the newline. False at the end.
static bool read_line(struct map_reader *reader, struct map_line *line)
{
    char c;
    line->start = read_hex(reader, &c);
    if (c != '-') {
        return false;
    }
    line->end = read_hex(reader, &c);
    next_character(reader);
    line->is_writable = next_character(reader) == 'w';
    do {
        c = next_character(reader);
    } while (c != '\n' && c != '\0');
    return true;
}

// Lines come in order of address; `first` moves up while they cover it without a gap.
static bool is_covered_writable(struct map_reader *reader, uintptr_t first, uintptr_t last)
{
    struct map_line line;
    while (read_line(reader, &line)) {
        if (line.end <= first) {
            continue;
        }
        if (line.start > first || !line.is_writable) {
            return false;
        }
        if (line.end > last) {
            return true;
        }
        first = line.end;
    }
    return false;
}

bool os_is_writable(const void *address, size_t size)
{
    if (size == 0) {
        return true;
    }
    uintptr_t last;
    if (__builtin_add_overflow((uintptr_t)address, size - 1, &last)) {
        return false;
    }
    int saved_errno = errno;
    struct map_reader reader = {.descriptor = open("/proc/self/maps", O_RDONLY | O_CLOEXEC)};
    bool is_writable;
    if (reader.descriptor < 0) {
        // Without /proc only reading can be tested; a real write would race with other threads.
        is_writable = os_is_readable(address, size);
    } else {
        is_writable = is_covered_writable(&reader, (uintptr_t)address, last);
        close(reader.descriptor);
    }
    errno = saved_errno;
    return is_writable;
}

// ---- Files ------------------------------------------------------------------------------------

enum {
    // Programs count on getting the lowest free descriptors, and close all of the first ones.
    KEPT_DESCRIPTOR_MIN = 200,
};

void os_keep_file(struct os_kept_file *file, int descriptor)
{
    int saved_errno = errno;
    struct stat status;
    file->descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, KEPT_DESCRIPTOR_MIN);
    if (file->descriptor < 0) { // the limit may be lower
        file->descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    }
    if (file->descriptor >= 0 && fstat(file->descriptor, &status) == 0) {
        file->device = status.st_dev;
        file->number = status.st_ino;
        file->is_kept = true;
    }
    errno = saved_errno;
}

int os_kept_descriptor(const struct os_kept_file *file)
{
    int saved_errno = errno;
    struct stat status;
    bool is_same = file->is_kept && fstat(file->descriptor, &status) == 0 &&
                   status.st_dev == file->device && status.st_ino == file->number;
    errno = saved_errno;
    return is_same ? file->descriptor : -1;
}

// ---- Processes --------------------------------------------------------------------------------

uint32_t os_process_id(void)
{
    return (uint32_t)getpid();
}

uint32_t os_parent_id(void)
{
    return (uint32_t)getppid();
}

uint32_t os_thread_id(void)
{
    return (uint32_t)gettid();
}

bool os_process_exists(uint32_t process_id)
{
    if (process_id == 0 || process_id > INT32_MAX) {
        return false;
    }
    int saved_errno = errno;
    bool exists = kill((pid_t)process_id, 0) == 0 || errno == EPERM;
    errno = saved_errno;
    return exists;
}

// ---- The machine ------------------------------------------------------------------------------

uint32_t os_processor_count(void)
{
    int saved_errno = errno;
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    errno = saved_errno;
    return count < 1 ? 1 : (uint32_t)count;
}

uintptr_t os_user_space_end(void)
{
#if defined(__x86_64__)
    return ((uintptr_t)1 << 47) - os_page_size();
#elif defined(__aarch64__)
    return (uintptr_t)1 << 48;
#else
    return UINTPTR_MAX / 2 + 1;
#endif
}

// Reads the beginning of a file as text. Returns whether there was any.
static bool read_text(const char *path, char *buffer, size_t capacity)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return false;
    }
    ssize_t got = read(descriptor, buffer, capacity - 1);
    close(descriptor);
    buffer[got > 0 ? got : 0] = '\0';
    return got > 0;
}

static uint64_t read_decimal(const char *text)
{
    uint64_t value = 0;
    for (text += strspn(text, " \t"); *text >= '0' && *text <= '9'; text++) {
        value = value * 10 + (uint64_t)(*text - '0');
    }
    return value;
}

uint64_t os_resident_size(void)
{
    int saved_errno = errno;
    char text[256];
    uint64_t pages = 0;
    if (read_text("/proc/self/statm", text, sizeof(text))) {
        const char *second = strchr(text, ' '); // the first is the address space
        pages = second == NULL ? 0 : read_decimal(second);
    }
    errno = saved_errno;
    return pages * os_page_size();
}

// The bytes on the line of /proc/meminfo that starts with `name`, or `otherwise`.
static uint64_t meminfo_value(const char *meminfo, const char *name, uint64_t otherwise)
{
    const char *line = strstr(meminfo, name);
    return line == NULL ? otherwise : read_decimal(line + strlen(name)) * 1024;
}

void os_memory_counters_read(struct os_memory_counters *counters)
{
    int saved_errno = errno;
    *counters = (struct os_memory_counters){0};
    struct sysinfo system;
    if (sysinfo(&system) == 0) {
        counters->physical_total = (uint64_t)system.totalram * system.mem_unit;
        counters->physical_available = (uint64_t)system.freeram * system.mem_unit;
        counters->swap_total = (uint64_t)system.totalswap * system.mem_unit;
        counters->swap_available = (uint64_t)system.freeswap * system.mem_unit;
    }
    char text[4096];
    if (read_text("/proc/meminfo", text, sizeof(text))) {
        // sysinfo() does not count what the page cache would give up.
        counters->physical_available =
            meminfo_value(text, "MemAvailable:", counters->physical_available);
    }
    if (read_text("/proc/self/statm", text, sizeof(text))) {
        counters->own_address_space = read_decimal(text) * os_page_size();
    }
    errno = saved_errno;
}
