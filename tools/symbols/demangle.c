// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "symbols/demangle.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    /// A name's references to its own parts can make the result grow like 3^(n/3); with so many it
    /// still stays near a megabyte.
    HARMLESS_REFERENCES = 30,
    CHILD_MEMORY = 256 << 20, ///< bytes that a child may take for a name with more of them
    CHILD_SECONDS = 1,
};

/// Of the C++ run-time library (Itanium C++ ABI, 3.4): its header is for C++ only.
extern char *__cxa_demangle(const char *name, char *buffer, size_t *size, int *status);

/// How many references to earlier parts a C++ name may have: S_, S1A_, T_, T0_.
static size_t count_references(const char *name)
{
    size_t count = 0;
    for (const char *at = name; *at != 0; at++) {
        if (*at != 'S' && *at != 'T') {
            continue;
        }
        const char *end = at + 1;
        while (isdigit((unsigned char)*end) || isupper((unsigned char)*end)) {
            end++;
        }
        count += *end == '_' ? 1 : 0;
    }
    return count;
}

static char *demangle_cxx(const char *name)
{
    int status = 0;
    char *text = __cxa_demangle(name, NULL, NULL, &status);
    if (status != 0 || (text != NULL && strlen(text) > DEMANGLE_OUTPUT_MAX)) {
        free(text);
        return NULL;
    }
    return text;
}

static void write_all(int fd, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t done = write(fd, text, size);
        if (done <= 0) {
            return;
        }
        text += done;
        size -= (size_t)done;
    }
}

/// Bytes of addresses that this process has.
static uint64_t address_space_size(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    char line[64];
    if (file != NULL) {
        if (fgets(line, sizeof(line), file) != NULL) {
            pages = strtoul(line, NULL, 10);
        }
        fclose(file);
    }
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static _Noreturn void demangle_in_child(const char *name, int fd, uint64_t memory)
{
    struct rlimit limit = {.rlim_cur = memory, .rlim_max = memory};
    struct rlimit seconds = {.rlim_cur = CHILD_SECONDS, .rlim_max = CHILD_SECONDS};
    struct rlimit nothing = {0};
    if (setrlimit(RLIMIT_AS, &limit) == 0 && setrlimit(RLIMIT_CPU, &seconds) == 0 &&
        setrlimit(RLIMIT_CORE, &nothing) == 0) {
        char *text = demangle_cxx(name);
        if (text != NULL) {
            write_all(fd, text, strlen(text));
        }
    }
    _exit(0);
}

static size_t read_all(int fd, char *buffer, size_t size)
{
    size_t used = 0;
    while (used < size) {
        ssize_t done = read(fd, buffer + used, size - used);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            break;
        }
        used += (size_t)done;
    }
    return used;
}

/// The run-time library knows no limits: a name that may expand without end is left to a child that
/// has some.
static char *demangle_guarded(const char *name)
{
    int pipes[2];
    if (pipe2(pipes, O_CLOEXEC) != 0) {
        return NULL;
    }
    uint64_t memory = address_space_size() + CHILD_MEMORY;
    pid_t child = fork();
    if (child == 0) {
        demangle_in_child(name, pipes[1], memory);
    }
    close(pipes[1]);
    char *text = child > 0 ? malloc(DEMANGLE_OUTPUT_MAX + 1) : NULL;
    size_t size = text != NULL ? read_all(pipes[0], text, DEMANGLE_OUTPUT_MAX) : 0;
    close(pipes[0]);
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
    if (size == 0) {
        free(text);
        return NULL;
    }
    text[size] = 0;
    return text;
}

char *demangle(const char *name)
{
    if (strnlen(name, DEMANGLE_INPUT_MAX) == DEMANGLE_INPUT_MAX) {
        return NULL;
    }
    char *text = demangle_rust(name);
    if (text != NULL) {
        return text;
    }
    // Other words would be taken for the names of types: "i" is int.
    if (strncmp(name, "_Z", 2) != 0 && strncmp(name, "___Z", 4) != 0) {
        return NULL;
    }
    return count_references(name) <= HARMLESS_REFERENCES ? demangle_cxx(name)
                                                         : demangle_guarded(name);
}
