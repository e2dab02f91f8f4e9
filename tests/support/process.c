// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "process.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef __has_feature
#define __has_feature(feature) 0
#endif

#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define HAS_THREAD_SANITIZER 1
#else
#define HAS_THREAD_SANITIZER 0
#endif

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define HAS_ADDRESS_SANITIZER 1
#else
#define HAS_ADDRESS_SANITIZER 0
#endif

// Reads a whole small file of /proc without allocating; returns its length.
static size_t read_small_file(const char *path, char *text, size_t capacity)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return 0;
    }
    ssize_t length = read(file, text, capacity - 1);
    close(file);
    text[length < 0 ? 0 : length] = '\0';
    return length < 0 ? 0 : (size_t)length;
}

static size_t statm_field(int index)
{
    char text[256];
    if (read_small_file("/proc/self/statm", text, sizeof text) == 0) {
        return 0;
    }
    char *position = text;
    unsigned long pages = 0;
    for (int i = 0; i <= index; i++) {
        pages = strtoul(position, &position, 10);
    }
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

size_t process_address_size(void)
{
    return statm_field(0);
}

size_t process_resident_size(void)
{
    return statm_field(1);
}

size_t process_mapping_count(void)
{
    int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return 0;
    }
    size_t count = 0;
    char text[4096];
    ssize_t length;
    while ((length = read(file, text, sizeof text)) > 0) {
        for (ssize_t i = 0; i < length; i++) {
            count += text[i] == '\n';
        }
    }
    close(file);
    return count;
}

bool process_is_under_valgrind(void)
{
    const char *preload = getenv("LD_PRELOAD"); // valgrind's core always adds its vgpreload objects
    return preload && strstr(preload, "vgpreload");
}

bool process_has_thread_sanitizer(void)
{
    return HAS_THREAD_SANITIZER;
}

bool process_can_start_threads_after_fork(void)
{
    return !HAS_THREAD_SANITIZER && !HAS_ADDRESS_SANITIZER;
}

bool process_memory_is_plain(void)
{
    return !HAS_THREAD_SANITIZER && !HAS_ADDRESS_SANITIZER && !process_is_under_valgrind();
}

double process_slowness(void)
{
    if (process_is_under_valgrind()) {
        return 30;
    }
    return HAS_THREAD_SANITIZER || HAS_ADDRESS_SANITIZER ? 6 : 1;
}

size_t process_scaled(size_t count)
{
    size_t scaled = (size_t)((double)count / process_slowness());
    return scaled ? scaled : 1;
}
