// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "target/target.h"

#include "cli/memory.h"
#include "image/by_address.h"
#include "image/resident.h"
#include "target/bulk.h"
#include "target/internal.h"
#include "target/permission.h"
#include "target/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    READ_SIZE_MAX = 1 << 30, // of one call
};

void target_say(struct target_error *error, enum target_trouble trouble, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    error->trouble = trouble;
    vsnprintf(error->text, sizeof(error->text), format, arguments);
    va_end(arguments);
}

// ---- Opening ------------------------------------------------------------------------------------

static struct target *create(pid_t pid)
{
    struct target *target = must_allocate(1, sizeof(*target));
    target->pid = pid;
    target->memory = -1;
    target->patience_ns = TARGET_PATIENCE_NS;
    return target;
}

void target_take_mappings(struct target *target, char *text)
{
    free(target->maps);
    free(target->mappings);
    target->maps = text;
    target->mappings = process_parse_maps(text, &target->mapping_count);
}

// Whether what it runs is a 64-bit program.
static bool check_program(const struct target *target, struct target_error *error)
{
    char path[64];
    Elf64_Ehdr header;
    snprintf(path, sizeof(path), "/proc/%d/exe", (int)target->reached);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? 0 : pread(fd, &header, sizeof(header), 0);
    if (fd >= 0) {
        close(fd);
    }
    if (size == sizeof(header) && memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
        header.e_ident[EI_CLASS] != ELFCLASS64) {
        error->trouble = TARGET_NOT_SUPPORTED;
        snprintf(error->text, sizeof(error->text),
            "process %d (%s) is a 32-bit program: Halde is 64-bit only", (int)target->pid,
            target->name);
        return false;
    }
    return true;
}

struct target *target_open_process(pid_t pid, struct target_error *error)
{
    struct process_status status;
    pid_t reached = pid;
    if (process_status(pid, &status)) {
        pid = status.group; // a thread's id stands for its process
        reached = process_living_thread(pid);
        if (pid == getpid() || reached == 0 || !process_status(reached, &status) ||
            !status.has_memory) {
            permission_explain(pid, EPERM, error);
            return NULL;
        }
    }
    char *maps = process_read(reached, "maps", NULL);
    if (maps == NULL || *maps == 0) {
        int number = errno;
        free(maps);
        permission_explain(pid, maps == NULL ? number : EPERM, error);
        return NULL;
    }
    struct target *target = create(pid);
    target->reached = reached;
    target->name = process_name(reached);
    stop_init(&target->stop, pid);
    target_take_mappings(target, maps);
    if (!check_program(target, error)) {
        target_close(target);
        return NULL;
    }
    return target;
}

// The program's name: notes have its first 15 characters only; its file is the one it was entered
// in.
static char *name_of_core(const struct core *core)
{
    size_t count;
    const struct target_mapping *mappings = core_mappings(core, &count);
    const char *path = "";
    for (size_t i = 0; i < count; i++) {
        if (core_entry(core) >= mappings[i].start && core_entry(core) < mappings[i].end &&
            mappings[i].is_file) {
            path = mappings[i].path;
        }
    }
    return process_choose_name(core_name(core), path, core_arguments(core));
}

struct target *target_open_core(
    const char *path, const char *executable, struct target_error *error)
{
    struct core *core = core_open(path, executable, error);
    if (core == NULL) {
        return NULL;
    }
    struct target *target = create(core_process_id(core));
    target->core = core;
    target->name = name_of_core(core);
    core_threads(core, &target->thread_count);
    return target;
}

void target_close(struct target *target)
{
    if (target == NULL) {
        return;
    }
    if (target->core != NULL) {
        core_close(target->core);
    } else {
        stop_release(&target->stop);
    }
    if (target->memory >= 0) {
        close(target->memory);
    }
    if (target->has_resident) {
        resident_close(&target->resident);
    }
    copy_destroy(target->copy);
    free(target->stopped_maps);
    free(target->mappings);
    free(target->maps);
    free(target->name);
    free(target);
}

bool target_is_live(const struct target *target)
{
    return target->core == NULL;
}

pid_t target_process_id(const struct target *target)
{
    return target->pid;
}

const char *target_name(const struct target *target)
{
    return target->name;
}

const char *target_warning(const struct target *target)
{
    return target->core != NULL ? core_warning(target->core) : "";
}

uint64_t target_read_size(const struct target *target)
{
    return target->read_size;
}

const struct target_mapping *target_mappings(const struct target *target, size_t *count)
{
    if (target->core != NULL) {
        return core_mappings(target->core, count);
    }
    *count = target->mapping_count;
    return target->mappings;
}

// ---- Reading ------------------------------------------------------------------------------------

// Bytes from an address to the end of its mapping, if the process can read there; else 0.
static uint64_t readable_size(const struct target *target, uint64_t address)
{
    const size_t until =
        count_until(target->mappings, target->mapping_count, sizeof(*target->mappings), address);
    const struct target_mapping *mapping = until > 0 ? &target->mappings[until - 1] : NULL;
    bool is_readable = mapping != NULL && address < mapping->end && mapping->is_readable;
    return is_readable ? mapping->end - address : 0;
}

// Where a filter forbids the call. This file also shows what the process cannot read itself.
static size_t read_memory_file(struct target *target, uint64_t address, void *buffer, size_t size)
{
    if (target->memory < 0) {
        char path[64];
        snprintf(path, sizeof(path), "/proc/%d/mem", (int)target->reached);
        target->memory = open(path, O_RDONLY | O_CLOEXEC);
    }
    uint64_t here = readable_size(target, address);
    if (target->memory < 0 || here == 0) {
        return 0;
    }
    ssize_t got = pread(target->memory, buffer, here < size ? here : size, (off_t)address);
    return got > 0 ? (size_t)got : 0;
}

static size_t read_live(struct target *target, uint64_t address, void *buffer, size_t size)
{
    if (!target->is_call_refused) {
        struct iovec local = {buffer, size}, remote = {(void *)address, size};
        ssize_t got = process_vm_readv(target->reached, &local, 1, &remote, 1, 0);
        if (got >= 0) {
            return (size_t)got;
        }
        if (errno == EFAULT || errno == ESRCH) {
            return 0;
        }
        target->is_call_refused = true;
    }
    return read_memory_file(target, address, buffer, size);
}

// What is known from one address on, from one source.
static size_t read_piece(struct target *target, uint64_t address, void *buffer, size_t size)
{
    if (target->core != NULL) {
        return core_read(target->core, address, buffer, size);
    }
    if (target->has_copy && copy_has(target->copy, address)) {
        return copy_read(target->copy, address, buffer, size);
    }
    if (target->has_copy) {
        uint64_t gap = copy_next(target->copy, address) - address;
        size = gap < size ? gap : size; // behind it the copy has the word
    }
    return read_live(target, address, buffer, size);
}

size_t target_read(struct target *target, uint64_t address, void *buffer, size_t size)
{
    size_t done = 0;
    while (done < size) {
        uint64_t at;
        size_t left = size - done < READ_SIZE_MAX ? size - done : READ_SIZE_MAX;
        if (__builtin_add_overflow(address, done, &at)) {
            break;
        }
        size_t got = read_piece(target, at, (char *)buffer + done, left);
        if (got == 0) {
            break;
        }
        done += got;
    }
    target->read_size += done;
    return done;
}

size_t target_reader(void *context, uint64_t address, void *buffer, size_t size)
{
    return target_read(context, address, buffer, size);
}

bool target_read_all(void *context, uint64_t address, void *buffer, size_t size)
{
    return target_read(context, address, buffer, size) == size;
}

void target_read_many(void *context, struct view_piece *pieces, size_t count)
{
    struct target *target = context;
    if (target->core != NULL || target->has_copy || target->is_call_refused) {
        for (size_t i = 0; i < count; i++) {
            pieces[i].is_read =
                target_read_all(target, pieces[i].address, pieces[i].to, (size_t)pieces[i].size);
        }
        return;
    }
    bulk_read(target->reached, pieces, count);
    for (size_t i = 0; i < count; i++) {
        target->read_size += pieces[i].is_read ? pieces[i].size : 0;
    }
}

const void *target_hold(void *context, uint64_t address, size_t *size)
{
    const struct target *target = context;
    bool is_here = target->has_copy && copy_has(target->copy, address);
    return is_here ? copy_hold(target->copy, address, size) : NULL;
}

// ---- What holds something -----------------------------------------------------------------------

struct first_run {
    uint64_t start, end;
};

static bool take_first(void *context, uint64_t start, uint64_t end)
{
    struct first_run *run = context;
    *run = (struct first_run){start, end};
    return false;
}

static void find_live(
    struct target *target, uint64_t address, uint64_t end, uint64_t *first, uint64_t *last)
{
    struct first_run run = {end, end};
    if (!target->has_resident) {
        resident_open(&target->resident, (uint32_t)target->reached);
        target->has_resident = true;
    }
    if (resident_find(&target->resident, address, end, RESIDENT_FILLED, take_first, &run)) {
        *first = run.start;
        *last = run.end;
    } else if (end - address > RESIDENT_SPAN_MAX) {
        *first = *last = end; // image/resident.h: nobody can look through it
    }
}

void target_find_filled(
    void *context, uint64_t address, uint64_t end, uint64_t *first, uint64_t *last)
{
    struct target *target = context;
    *first = address;
    *last = end;
    if (target->has_copy && copy_has(target->copy, address)) {
        copy_find(target->copy, address, first, last);
    } else if (target->core == NULL) {
        find_live(target, address, end, first, last);
    }
    *first = *first < address ? address : *first < end ? *first : end;
    *last = *last < end ? *last : end;
}
