// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "target/scan.h"

#include "base/layout.h"
#include "cli/memory.h"
#include "target/identity.h"
#include "target/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    DATA_SIZE_MAX = 16 << 20, // of one mapping that is searched
    PIECE_SIZE = 256 << 10,
};

pid_t *scan_processes(size_t *count)
{
    pid_t *ids = process_list("/proc", count);
    return ids != NULL ? ids : must_allocate(1, sizeof(*ids));
}

// ---- Processes ----------------------------------------------------------------------------------

static const char *file_name(const struct target_mapping *mapping)
{
    const char *slash = mapping->is_file ? strrchr(mapping->path, '/') : NULL;
    return slash != NULL ? slash + 1 : "";
}

// Whether a piece of memory that lay at `address` holds a layout that says so.
static bool has_layout(const char *piece, size_t size, uint64_t address)
{
    for (size_t at = (size_t)(-address % LAYOUT_ALIGNMENT); at + 24 <= size;
         at += LAYOUT_ALIGNMENT) {
        uint64_t self;
        memcpy(&self, piece + at + offsetof(struct layout, self), sizeof(self));
        if (memcmp(piece + at, LAYOUT_MAGIC, sizeof(LAYOUT_MAGIC)) == 0 && self == address + at) {
            return true;
        }
    }
    return false;
}

static bool search_mapping(pid_t pid, const struct target_mapping *mapping, char *piece)
{
    uint64_t end = mapping->end;
    if (end - mapping->start > DATA_SIZE_MAX) {
        end = mapping->start + DATA_SIZE_MAX;
    }
    for (uint64_t at = mapping->start; at < end; at += PIECE_SIZE) {
        size_t size = end - at < PIECE_SIZE ? end - at : PIECE_SIZE;
        struct iovec local = {piece, size}, remote = {(void *)at, size};
        ssize_t got = process_vm_readv(pid, &local, 1, &remote, 1, 0);
        if (got <= 0) {
            return false;
        }
        if (has_layout(piece, (size_t)got, at)) {
            return true;
        }
    }
    return false;
}

// Initialised data of the program and its libraries is searched for a layout.
static bool has_linked_in(pid_t pid, const struct target_mapping *mappings, size_t count)
{
    char *piece = must_allocate(PIECE_SIZE, 1);
    bool is_found = false;
    for (size_t i = 0; i < count && !is_found; i++) {
        if (mappings[i].is_file && mappings[i].is_writable && mappings[i].is_readable &&
            !mappings[i].is_shared) {
            is_found = search_mapping(pid, &mappings[i], piece);
        }
    }
    free(piece);
    return is_found;
}

enum scan_answer scan_process(pid_t pid)
{
    char *text = process_read(pid, "maps", NULL);
    if (text != NULL && *text == 0) {
        free(text); // the first thread has ended, perhaps others have not
        pid = process_living_thread(pid);
        text = process_read(pid, "maps", NULL);
    }
    if (text == NULL) {
        return errno == EACCES || errno == EPERM ? SCAN_HIDDEN : SCAN_NO;
    }
    size_t count;
    struct target_mapping *mappings = process_parse_maps(text, &count);
    enum scan_answer answer = SCAN_NO;
    for (size_t i = 0; i < count && answer == SCAN_NO; i++) {
        if (strncmp(file_name(&mappings[i]), "libhalde", 8) == 0) {
            answer = SCAN_LIBRARY;
        }
    }
    if (answer == SCAN_NO && has_linked_in(pid, mappings, count)) {
        answer = SCAN_STATIC;
    }
    free(mappings);
    free(text);
    return answer;
}

const char *scan_allocator(const struct target_mapping *mappings, size_t count)
{
    static const struct {
        const char *file, *name;
    } KNOWN[] = {
        {"libasan.", "AddressSanitizer's"},
        {"libjemalloc", "jemalloc"},
        {"libtcmalloc", "tcmalloc"},
        {"libmimalloc", "mimalloc"},
        {"libsnmallocshim", "snmalloc"},
        {"librpmalloc", "rpmalloc"},
        {"libhardened_malloc", "hardened_malloc"},
        {"libc.musl", "musl's"},
        {"ld-musl", "musl's"},
        {"libc.so", "the C library's"},
        {"libc-", "the C library's"},
    };
    for (size_t k = 0; k < sizeof(KNOWN) / sizeof(KNOWN[0]); k++) {
        for (size_t i = 0; i < count; i++) {
            if (strncmp(file_name(&mappings[i]), KNOWN[k].file, strlen(KNOWN[k].file)) == 0) {
                return KNOWN[k].name;
            }
        }
    }
    return "its own";
}

// ---- Files --------------------------------------------------------------------------------------

bool scan_is_static(const char *path)
{
    struct identity identity;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    bool is_static = identity_of_descriptor(&identity, fd) && !identity.has_interpreter;
    close(fd);
    return is_static;
}

const char *scan_bundled(const char *path)
{
    // Words that each of them leaves in the file's data, whatever was stripped.
    static const struct {
        const char *mark, *name;
    } MARKS[] = {
        {"AddressSanitizer: CHECK failed", "AddressSanitizer"},
        {"<jemalloc>: ", "jemalloc"},
        {"tcmalloc: large alloc", "tcmalloc"},
        {"MALLOC:   %14", "tcmalloc"},
        {"mimalloc: ", "mimalloc"},
        {"\xff Go buildinf:", "Go"},
    };
    struct stat information;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &information) != 0 || information.st_size <= 0) {
        if (fd >= 0) {
            close(fd);
        }
        return NULL;
    }
    size_t size = (size_t)information.st_size;
    const char *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (bytes == MAP_FAILED) {
        return NULL;
    }
    const char *name = NULL;
    for (size_t i = 0; i < sizeof(MARKS) / sizeof(MARKS[0]) && name == NULL; i++) {
        if (memmem(bytes, size, MARKS[i].mark, strlen(MARKS[i].mark)) != NULL) {
            name = MARKS[i].name;
        }
    }
    void *mapping = (void *)(uintptr_t)bytes;
    munmap(mapping, size);
    return name;
}
