// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

// Opening a file to read it.

#include "capture/reader.h"

#include "capture/section.h"
#include "cli/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t memory_limit; ///< 0: half of the machine's

void capture_set_memory_limit(uint64_t size)
{
    memory_limit = size;
}

static uint64_t usual_memory_limit(void)
{
    long pages = sysconf(_SC_PHYS_PAGES);
    long page_size = sysconf(_SC_PAGESIZE);
    const uint64_t otherwise = (uint64_t)1 << 30;
    return pages > 0 && page_size > 0 ? (uint64_t)pages / 2 * (uint64_t)page_size : otherwise;
}

bool capture_is_snapshot(const char *path)
{
    char magic[SNAPSHOT_MAGIC_SIZE];
    struct stat status;
    // Opening a pipe would wait for its other end.
    if (stat(path, &status) != 0 || !S_ISREG(status.st_mode)) {
        return false;
    }
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t size = read(fd, magic, sizeof(magic));
    close(fd);
    return size == sizeof(magic) && memcmp(magic, SNAPSHOT_MAGIC, sizeof(magic)) == 0;
}

// Opens a plain file. -1: `*error` says why.
static int open_file(const char *path, uint64_t *size, char **error)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status) != 0) {
        *error = must_format("cannot open \"%s\": %s", path, strerror(errno));
    } else if (!S_ISREG(status.st_mode)) {
        *error = must_format("\"%s\" is not a file; a snapshot is read from a file only", path);
    } else {
        *size = (uint64_t)status.st_size;
        return fd;
    }
    if (fd >= 0) {
        close(fd);
    }
    return -1;
}

// Whether the file is one that this reader understands; else `*error` says why not.
static bool check_header(int fd, const char *path, char **error)
{
    uint8_t header[SNAPSHOT_HEADER_SIZE];
    unsigned version = 0;
    unsigned minor = 0;
    ssize_t size = pread(fd, header, sizeof(header), 0);
    switch (file_header_decode(header, size > 0 ? (size_t)size : 0, &version, &minor)) {
    case FILE_HEADER_GOOD:
        return true;
    case FILE_HEADER_NEWER:
        *error = must_format("\"%s\" has version %u.%u of the snapshot format; this halde reads "
                             "versions up to %d: use a newer one",
            path, version, minor, SNAPSHOT_VERSION);
        return false;
    case FILE_HEADER_DAMAGED:
        *error = must_format(
            "the head of \"%s\" is damaged or cut off: nothing of it can be used", path);
        return false;
    default:
        *error = must_format("\"%s\" is not a snapshot", path);
        return false;
    }
}

// A section that must be understood and is not: what it is; NULL: there is none.
static const struct placed_section *find_critical(const struct reader *reader)
{
    for (size_t index = 0; index < reader->section_count; index++) {
        const struct snapshot_section *section = &reader->sections[index].section;
        bool is_known = strcmp(section_type_name(section->type), "unknown") != 0;
        if ((section->flags & SNAPSHOT_CRITICAL) && !is_known) {
            return &reader->sections[index];
        }
    }
    return NULL;
}

static void release(struct reader *reader)
{
    section_source_release(&reader->source);
    free(reader->sections);
    free(reader->payload);
    free(reader->strings);
    free(reader->modules);
    free(reader->frames);
    free(reader->stacks);
    free(reader->intervals);
    free(reader->notes);
}

// A file that has no image of the heaps still says whose it is, and where its stacks lie.
static void fill_without_image(struct reader *reader)
{
    const struct capture_process *process = &reader->capture->process;
    struct image *image = reader->image;
    image->process_id = process->process_id;
    image->name = process->name;
    image->command_line = process->command_line;
    image->mode = process->mode;
    image->sample_interval = process->sample_interval;
    image->taken_at = process->started_at;
    for (uint32_t index = 0; index < reader->module_count; index++) {
        if (!image_add_module(image, &reader->modules[index])) {
            out_of_memory();
        }
    }
    image_sort(image);
}

static struct capture *read_all(struct reader *reader)
{
    struct capture *capture = must_allocate(1, sizeof(*capture));
    reader->capture = capture;
    reader->image = image_create();
    if (!reader->image) {
        out_of_memory();
    }
    reader->image->source = IMAGE_SNAPSHOT;
    capture->image = reader->image;
    capture->file_size = reader->file_size;
    reader_read_names(reader);
    reader_read_course(reader);
    reader_read_image(reader);
    if (!capture->has_image) {
        fill_without_image(reader);
    }
    capture->warning = reader->notes;
    reader->notes = NULL;
    return capture;
}

static struct capture *read_file(struct reader *reader, const char *path, char **error)
{
    reader_find_sections(reader);
    const struct placed_section *critical = find_critical(reader);
    if (critical) {
        *error = must_format("\"%s\" has a section of type %u that must be understood and is not: "
                             "use a newer halde",
            path, critical->section.type);
        return NULL;
    }
    if (reader->section_count == 0) {
        *error = must_format("\"%s\" is empty: nothing was written behind its head", path);
        return NULL;
    }
    return read_all(reader);
}

struct capture *capture_open(const char *path, char **error)
{
    struct reader reader = {
        .memory_limit = memory_limit ? memory_limit : usual_memory_limit(),
    };
    reader.source.fd = open_file(path, &reader.file_size, error);
    if (reader.source.fd < 0) {
        return NULL;
    }
    struct capture *capture = NULL;
    if (check_header(reader.source.fd, path, error)) {
        reader.source.zstd = ZSTD_createDCtx();
        if (!reader.source.zstd) {
            out_of_memory();
        }
        capture = read_file(&reader, path, error);
    }
    release(&reader);
    return capture;
}

void capture_close(struct capture *capture)
{
    if (!capture) {
        return;
    }
    image_destroy(capture->image);
    free(capture->intervals);
    free(capture->changes);
    free(capture->sizes);
    free(capture->warning);
    free(capture);
}

char *capture_missing_image(const struct capture *capture, const char *path)
{
    return capture->has_image
               ? NULL
               : must_format("\"%s\" has no image of the heaps: the process ended before one could "
                             "be taken; \"halde report\" shows what was recorded",
                     path);
}

struct image *capture_load(const char *path, char **message)
{
    *message = NULL;
    struct capture *capture = capture_open(path, message);
    if (!capture) {
        return NULL;
    }
    struct image *image = NULL;
    *message = capture_missing_image(capture, path);
    if (*message == NULL) {
        image = capture->image;
        *message = capture->warning;
        capture->image = NULL;
        capture->warning = NULL;
    }
    capture_close(capture);
    return image;
}
