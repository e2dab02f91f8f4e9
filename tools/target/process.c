// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "target/process.h"

#include "cli/memory.h"
#include "target/target.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    FIRST_READ_SIZE = 16 << 10,
    TEXT_SIZE_MAX = 1 << 30, // of a file of /proc: beyond that it is not read
};

static char *read_all(int fd, size_t *size)
{
    size_t capacity = FIRST_READ_SIZE, used = 0;
    char *text = must_allocate(capacity, 1);
    for (;;) {
        ssize_t got = read(fd, text + used, capacity - used - 1);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            free(text);
            return NULL;
        }
        used += (size_t)got;
        if (got == 0 || used >= TEXT_SIZE_MAX) {
            break;
        }
        if (capacity - used - 1 < FIRST_READ_SIZE / 2) {
            capacity *= 2;
            text = must_resize(text, capacity, 1);
        }
    }
    text[used] = 0;
    if (size != NULL) {
        *size = used;
    }
    return text;
}

char *process_read(pid_t pid, const char *name, size_t *size)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return NULL;
    }
    char *text = read_all(fd, size);
    int error = errno;
    close(fd);
    errno = error;
    return text;
}

char *process_link(pid_t pid, const char *name)
{
    char path[64];
    char target[PATH_MAX];
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    ssize_t size = readlink(path, target, sizeof(target) - 1);
    if (size < 0) {
        return NULL;
    }
    target[size] = 0;
    return must_copy_text(target);
}

// The value of a line "Key:\tvalue"; "" when there is none.
static const char *status_value(const char *text, const char *key)
{
    size_t size = strlen(key);
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, size) == 0 && line[size] == ':') {
            return line + size + 1 + strspn(line + size + 1, " \t");
        }
    }
    return "";
}

static int status_number(const char *text, const char *key)
{
    return (int)strtol(status_value(text, key), NULL, 10);
}

bool process_status(pid_t pid, struct process_status *status)
{
    char *text = process_read(pid, "status", NULL);
    if (text == NULL) {
        return false;
    }
    *status = (struct process_status){
        .group = status_number(text, "Tgid"),
        .parent = status_number(text, "PPid"),
        .tracer = status_number(text, "TracerPid"),
        .state = *status_value(text, "State"),
        .user = (uid_t)strtoul(status_value(text, "Uid"), NULL, 10),
        .capabilities = strtoull(status_value(text, "CapPrm"), NULL, 16),
        .seccomp = status_number(text, "Seccomp"),
        .has_memory = *status_value(text, "VmSize") != 0,
    };
    free(text);
    return status->group != 0;
}

char process_thread_state(pid_t pid, pid_t thread)
{
    char name[64];
    snprintf(name, sizeof(name), "task/%d/stat", (int)thread);
    char *text = process_read(pid, name, NULL);
    if (text == NULL) {
        return 0;
    }
    // The name stands in brackets and may hold any character, brackets too.
    const char *bracket = strrchr(text, ')');
    char state = bracket != NULL && bracket[1] == ' ' ? bracket[2] : 0;
    free(text);
    return state;
}

static int compare_ids(const void *left, const void *right)
{
    pid_t a = *(const pid_t *)left, b = *(const pid_t *)right;
    return (a > b) - (a < b);
}

pid_t *process_threads(pid_t pid, size_t *count)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    return process_list(path, count);
}

pid_t *process_list(const char *path, size_t *count)
{
    DIR *folder = opendir(path);
    *count = 0;
    if (folder == NULL) {
        return NULL;
    }
    pid_t *ids = NULL;
    size_t capacity = 0;
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (isdigit((unsigned char)entry->d_name[0])) {
            ids = must_grow(ids, *count, &capacity, sizeof(*ids));
            ids[(*count)++] = (pid_t)strtol(entry->d_name, NULL, 10);
        }
    }
    closedir(folder);
    if (*count > 0) {
        qsort(ids, *count, sizeof(*ids), compare_ids);
    }
    return ids;
}

pid_t process_living_thread(pid_t pid)
{
    struct process_status status;
    size_t count;
    if (process_status(pid, &status) && status.state != 'Z' && status.state != 'X') {
        return pid;
    }
    pid_t *ids = process_threads(pid, &count);
    pid_t found = 0;
    for (size_t i = 0; i < count && found == 0; i++) {
        char state = process_thread_state(pid, ids[i]);
        found = state != 0 && state != 'Z' && state != 'X' ? ids[i] : 0;
    }
    free(ids);
    return found;
}

// The last part of a path, up to `end`; to be freed.
static char *last_part(const char *path, const char *end)
{
    const char *start = end;
    while (start > path && start[-1] != '/') {
        start--;
    }
    char *part = must_allocate((size_t)(end - start) + 1, 1);
    memcpy(part, start, (size_t)(end - start));
    return part;
}

char *process_choose_name(const char *kernel_name, const char *path, const char *arguments)
{
    static const char DELETED[] = " (deleted)";
    size_t path_size = strlen(path), deleted_size = sizeof(DELETED) - 1;
    if (path_size > deleted_size && strcmp(path + path_size - deleted_size, DELETED) == 0) {
        path_size -= deleted_size;
    }
    char *file = last_part(path, path + path_size);
    char *argument = last_part(arguments, arguments + strcspn(arguments, " "));
    size_t size = strlen(kernel_name);
    bool is_cut = size >= 15;
    char *name = NULL;
    if (size > 0 && strncmp(file, kernel_name, size) == 0) {
        name = must_copy_text(is_cut ? file : kernel_name);
    } else if (size > 0 && strncmp(argument, kernel_name, size) == 0) {
        name = must_copy_text(is_cut ? argument : kernel_name); // called by another name
    } else {
        name = must_copy_text(*file != 0 ? file : size > 0 ? kernel_name : "?");
    }
    free(file);
    free(argument);
    return name;
}

char *process_name(pid_t pid)
{
    char *kernel_name = process_read(pid, "comm", NULL);
    char *path = process_link(pid, "exe");
    char *arguments = process_command_line(pid);
    if (kernel_name != NULL) {
        kernel_name[strcspn(kernel_name, "\n")] = 0;
    }
    char *name = process_choose_name(
        kernel_name != NULL ? kernel_name : "", path != NULL ? path : "", arguments);
    free(kernel_name);
    free(path);
    free(arguments);
    return name;
}

char *process_command_line(pid_t pid)
{
    size_t size = 0;
    char *text = process_read(pid, "cmdline", &size);
    if (text == NULL) {
        return must_copy_text("");
    }
    while (size > 0 && text[size - 1] == 0) {
        size--;
    }
    for (size_t i = 0; i < size; i++) {
        text[i] = text[i] == 0 ? ' ' : text[i];
    }
    return text;
}

char *process_thread_name(pid_t pid, pid_t thread, char name[32])
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", (int)pid, (int)thread);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? 0 : read(fd, name, 31);
    if (fd >= 0) {
        close(fd);
    }
    name[size > 0 ? size : 0] = 0;
    name[strcspn(name, "\n")] = 0;
    return name;
}

// Columns of statm, in pages: size, resident, shared ...
static bool statm(pid_t pid, uint64_t *resident, uint64_t *shared)
{
    char *text = process_read(pid, "statm", NULL);
    if (text == NULL) {
        return false;
    }
    char *at = text;
    strtoull(at, &at, 10);
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    *resident = strtoull(at, &at, 10) * page;
    *shared = strtoull(at, &at, 10) * page;
    free(text);
    return true;
}

uint64_t process_resident_bytes(pid_t pid)
{
    uint64_t resident, shared;
    return statm(pid, &resident, &shared) ? resident : 0;
}

uint64_t process_anonymous_bytes(pid_t pid)
{
    uint64_t resident, shared;
    return statm(pid, &resident, &shared) && resident > shared ? resident - shared : 0;
}

// One line: "start-end rwxp offset device inode      path". False: it is none.
static bool parse_mapping(char *line, struct target_mapping *mapping)
{
    char *at = line;
    mapping->start = strtoull(at, &at, 16);
    if (*at != '-') {
        return false;
    }
    mapping->end = strtoull(at + 1, &at, 16);
    if (at[0] != ' ' || strnlen(at, 6) < 6 || mapping->end <= mapping->start) {
        return false;
    }
    mapping->is_readable = at[1] == 'r';
    mapping->is_writable = at[2] == 'w';
    mapping->is_executable = at[3] == 'x';
    mapping->is_shared = at[4] == 's';
    mapping->offset = strtoull(at + 5, &at, 16);
    at += strspn(at, " ");
    at += strcspn(at, " "); // device
    at += strspn(at, " ");
    at += strcspn(at, " "); // inode
    at += strspn(at, " ");
    mapping->path = at;
    mapping->is_file = at[0] == '/';
    return true;
}

struct target_mapping *process_parse_maps(char *text, size_t *count)
{
    struct target_mapping *mappings = NULL;
    size_t capacity = 0;
    *count = 0;
    for (char *line = text; *line != 0;) {
        char *end = strchr(line, '\n');
        char *next = end != NULL ? end + 1 : line + strlen(line);
        if (end != NULL) {
            *end = 0;
        }
        struct target_mapping mapping;
        if (parse_mapping(line, &mapping)) {
            mappings = must_grow(mappings, *count, &capacity, sizeof(*mappings));
            mappings[(*count)++] = mapping;
        }
        line = next;
    }
    return mappings;
}
