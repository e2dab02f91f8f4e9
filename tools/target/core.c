// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "target/core.h"

#include "cli/memory.h"
#include "image/by_address.h"
#include "target/core_notes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SEGMENTS_MAX = 1 << 20,
    NOTES_SIZE_MAX = 256 << 20,
    MODULES_MAX = 4096, // files of which something is read
};

// Memory that reads as zero although the file has nothing of it. More is no process's, but a trap
// for those who read all there is.
static const uint64_t UNTOUCHED_MAX = 16ULL << 30;

struct segment {
    uint64_t start;
    uint64_t end;
    uint64_t offset;
    uint64_t file_size; // bytes of it that are in the core file
    uint32_t flags;     // PF_*
    bool is_omitted;    // the file was meant to have nothing of it
};

// A program's or library's file, once something of it was needed.
struct core_module {
    const char *path; // in the notes
    int fd;           // -1: not there, or not the same one
};

struct core {
    int fd;
    uint64_t size; // of the core file
    uint64_t time;
    char *executable;
    struct segment *segments; // by address; none overlaps another
    size_t segment_count;
    size_t segment_capacity;
    struct core_notes notes;
    struct target_mapping *mappings;
    size_t mapping_count;
    size_t mapping_capacity;
    struct core_module *modules;
    size_t module_count;
    size_t module_capacity;
    char warning[400];
};

static void *bad(struct target_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void *bad(struct target_error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    error->trouble = TARGET_BAD_FILE;
    vsnprintf(error->text, sizeof(error->text), format, arguments);
    va_end(arguments);
    return NULL;
}

static bool read_file(int fd, uint64_t offset, void *buffer, size_t size)
{
    size_t done = 0;
    while (done < size) {
        if (offset > INT64_MAX - size) {
            return false;
        }
        ssize_t got = pread(fd, (char *)buffer + done, size - done, (off_t)(offset + done));
        if (got <= 0 && !(got < 0 && errno == EINTR)) {
            return false;
        }
        done += got > 0 ? (size_t)got : 0;
    }
    return true;
}

enum core_kind core_kind_of(int fd)
{
    static const unsigned char COMPRESSED[][4] = {
        {0x28, 0xb5, 0x2f, 0xfd}, // zstd
        {0x04, 0x22, 0x4d, 0x18}, // lz4
        {0xfd, '7', 'z', 'X'},    // xz
    };
    Elf64_Ehdr header;
    if (!read_file(fd, 0, &header, 20)) { // up to the type, the same in 32-bit files
        return CORE_OTHER;
    }
    for (size_t i = 0; i < sizeof(COMPRESSED) / sizeof(COMPRESSED[0]); i++) {
        if (memcmp(&header, COMPRESSED[i], 4) == 0) {
            return CORE_COMPRESSED;
        }
    }
    if (header.e_ident[0] == 0x1f && header.e_ident[1] == 0x8b) { // gzip
        return CORE_COMPRESSED;
    }
    if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
        return CORE_OTHER;
    }
    return header.e_type == ET_CORE ? CORE_FILE : CORE_PROGRAM;
}

// ---- Opening ------------------------------------------------------------------------------------

static bool check_header(const char *path, const Elf64_Ehdr *header, struct target_error *error)
{
    if (header->e_ident[EI_CLASS] != ELFCLASS64) {
        bad(error, "%s is a core file of a 32-bit program: Halde is 64-bit only", path);
    } else if (header->e_ident[EI_DATA] != ELFDATA2LSB || header->e_machine != ARCH_ELF_MACHINE) {
        bad(error,
            "%s is a core file of another kind of machine (ELF machine %u): look at it on such a "
            "machine",
            path, header->e_machine);
    } else if (header->e_phentsize != sizeof(Elf64_Phdr) || header->e_phnum == 0) {
        bad(error, "%s is damaged: its table of segments has %u entries of %u bytes", path,
            header->e_phnum, header->e_phentsize);
    } else {
        return true;
    }
    return false;
}

// With more segments than its field can hold, the number stands in the first section's header.
static uint64_t segment_count(const struct core *core, const Elf64_Ehdr *header)
{
    Elf64_Shdr section;
    if (header->e_phnum != PN_XNUM) {
        return header->e_phnum;
    }
    return read_file(core->fd, header->e_shoff, &section, sizeof(section)) ? section.sh_info : 0;
}

static void add_segment(struct core *core, const Elf64_Phdr *header)
{
    uint64_t end;
    if (header->p_memsz == 0 || __builtin_add_overflow(header->p_vaddr, header->p_memsz, &end)) {
        return;
    }
    uint64_t here = header->p_offset < core->size ? core->size - header->p_offset : 0;
    uint64_t wanted = header->p_filesz < header->p_memsz ? header->p_filesz : header->p_memsz;
    if (wanted > here && core->warning[0] == 0) {
        snprintf(core->warning, sizeof(core->warning),
            "the core file is cut off (%llu bytes): memory from 0x%llx on is missing; was there "
            "room for it on the disk, and is `ulimit -c` unlimited?",
            (unsigned long long)core->size, (unsigned long long)header->p_vaddr + here);
    }
    core->segments = must_grow(
        core->segments, core->segment_count, &core->segment_capacity, sizeof(*core->segments));
    core->segments[core->segment_count++] = (struct segment){
        .start = header->p_vaddr,
        .end = end,
        .offset = header->p_offset,
        .file_size = wanted < here ? wanted : here,
        .flags = header->p_flags,
        .is_omitted = header->p_filesz == 0,
    };
}

static void add_notes(struct core *core, const Elf64_Phdr *header)
{
    if (header->p_filesz == 0 || header->p_filesz > NOTES_SIZE_MAX ||
        header->p_offset > core->size || header->p_filesz > core->size - header->p_offset) {
        return;
    }
    unsigned char *bytes = must_allocate(header->p_filesz, 1);
    if (read_file(core->fd, header->p_offset, bytes, header->p_filesz)) {
        core_notes_parse(&core->notes, bytes, header->p_filesz);
    }
    free(bytes);
}

static int compare_segments(const void *left, const void *right)
{
    const struct segment *a = left, *b = right;
    return (a->start > b->start) - (a->start < b->start);
}

// Orders segments, and drops those that overlap one before them.
static void finish_segments(struct core *core)
{
    size_t kept = 0;
    uint64_t untouched = 0;
    if (core->segment_count > 0) {
        qsort(core->segments, core->segment_count, sizeof(*core->segments), compare_segments);
    }
    for (size_t i = 0; i < core->segment_count; i++) {
        struct segment *segment = &core->segments[i];
        uint64_t size = segment->end - segment->start;
        if (segment->is_omitted && (segment->flags & PF_W) != 0) {
            segment->is_omitted = size <= UNTOUCHED_MAX - untouched;
            untouched += segment->is_omitted ? size : 0;
        }
        if (kept == 0 || segment->start >= core->segments[kept - 1].end) {
            core->segments[kept++] = *segment;
        }
    }
    core->segment_count = kept;
}

static bool load_tables(struct core *core, const char *path, struct target_error *error)
{
    Elf64_Ehdr header;
    if (!read_file(core->fd, 0, &header, sizeof(header))) {
        bad(error, "%s is cut off inside of its header: it holds nothing", path);
        return false;
    }
    if (!check_header(path, &header, error)) {
        return false;
    }
    uint64_t count = segment_count(core, &header);
    if (count > SEGMENTS_MAX || header.e_phoff > core->size ||
        count * sizeof(Elf64_Phdr) > core->size - header.e_phoff) {
        bad(error,
            "%s is damaged or cut off: its table of %llu segments at offset %llu lies beyond "
            "its end",
            path, (unsigned long long)count, (unsigned long long)header.e_phoff);
        return false;
    }
    for (uint64_t i = 0; i < count; i++) {
        Elf64_Phdr segment;
        if (!read_file(core->fd, header.e_phoff + i * sizeof(segment), &segment, sizeof(segment))) {
            break;
        }
        if (segment.p_type == PT_LOAD) {
            add_segment(core, &segment);
        } else if (segment.p_type == PT_NOTE) {
            add_notes(core, &segment);
        }
    }
    finish_segments(core);
    core_notes_finish(&core->notes);
    if (core->segment_count == 0) {
        bad(error,
            "%s holds no memory: it is damaged, or was written with a filter that leaves all "
            "of it out (/proc/PID/coredump_filter)",
            path);
        return false;
    }
    return true;
}

// ---- Mappings -----------------------------------------------------------------------------------

static struct target_mapping *add_mapping(struct core *core, uint64_t start, uint64_t end)
{
    core->mappings = must_grow(
        core->mappings, core->mapping_count, &core->mapping_capacity, sizeof(*core->mappings));
    struct target_mapping *mapping = &core->mappings[core->mapping_count++];
    *mapping = (struct target_mapping){.start = start, .end = end, .path = ""};
    return mapping;
}

static void name_mapping(
    const struct core *core, struct target_mapping *mapping, const struct core_file_range *file)
{
    if (file != NULL) {
        mapping->path = file->path;
        mapping->offset = file->offset + (mapping->start - file->start);
        mapping->is_file = true;
    } else if (core->notes.vdso != 0 && core->notes.vdso >= mapping->start &&
               core->notes.vdso < mapping->end) {
        mapping->path = "[vdso]";
    }
}

static int compare_mappings(const void *left, const void *right)
{
    const struct target_mapping *a = left, *b = right;
    return (a->start > b->start) - (a->start < b->start);
}

static const struct segment *segment_at(const struct core *core, uint64_t address)
{
    const size_t until =
        count_until(core->segments, core->segment_count, sizeof(*core->segments), address);
    return until > 0 && address < core->segments[until - 1].end ? &core->segments[until - 1] : NULL;
}

// Segments, and what was mapped of files but has no segment at all.
static void make_mappings(struct core *core)
{
    for (size_t i = 0; i < core->segment_count; i++) {
        const struct segment *segment = &core->segments[i];
        struct target_mapping *mapping = add_mapping(core, segment->start, segment->end);
        mapping->is_readable = (segment->flags & PF_R) != 0;
        mapping->is_writable = (segment->flags & PF_W) != 0;
        mapping->is_executable = (segment->flags & PF_X) != 0;
        name_mapping(core, mapping, core_notes_file_at(&core->notes, segment->start));
    }
    for (size_t i = 0; i < core->notes.file_count; i++) {
        const struct core_file_range *file = &core->notes.files[i];
        if (segment_at(core, file->start) == NULL && segment_at(core, file->end - 1) == NULL) {
            struct target_mapping *mapping = add_mapping(core, file->start, file->end);
            mapping->is_readable = true;
            name_mapping(core, mapping, file);
        }
    }
    qsort(core->mappings, core->mapping_count, sizeof(*core->mappings), compare_mappings);
}

// ---- Reading ------------------------------------------------------------------------------------

// What the core file itself holds, from an address on.
static size_t read_core_only(const struct core *core, uint64_t address, void *buffer, size_t size)
{
    const struct segment *segment = segment_at(core, address);
    if (segment == NULL || address - segment->start >= segment->file_size) {
        return 0;
    }
    uint64_t inside = address - segment->start;
    size_t here = segment->file_size - inside < size ? segment->file_size - inside : size;
    return read_file(core->fd, segment->offset + inside, buffer, here) ? here : 0;
}

static bool read_core_exactly(void *context, uint64_t address, void *buffer, size_t size)
{
    return read_core_only(context, address, buffer, size) == size;
}

// Where in memory the beginning of a file was; 0: nowhere.
static uint64_t start_of_file(const struct core *core, const char *path)
{
    for (size_t i = 0; i < core->notes.file_count; i++) {
        const struct core_file_range *file = &core->notes.files[i];
        if (file->offset == 0 && strcmp(file->path, path) == 0) {
            return file->start;
        }
    }
    return 0;
}

// Whether a file is the one that was mapped then.
static bool is_same_file(struct core *core, const char *path, int fd)
{
    struct identity then, now;
    uint64_t start = start_of_file(core, path);
    return start != 0 && identity_of_memory(&then, read_core_exactly, core, start) &&
           identity_of_descriptor(&now, fd) && identity_is_same(&then, &now);
}

const char *core_file_path(struct core *core, const char *path)
{
    const struct core_file_range *program = core_notes_file_at(&core->notes, core->notes.entry);
    bool is_program = program != NULL && strcmp(program->path, path) == 0;
    return is_program && core->executable != NULL ? core->executable : path;
}

// A core file may name anything: devices and the like are left alone. -1: it cannot be opened.
static int open_regular(const char *path)
{
    struct stat information;
    if (stat(path, &information) != 0) {
        return -1;
    }
    if (!S_ISREG(information.st_mode)) {
        errno = EINVAL;
        return -1;
    }
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

static int open_same_file(struct core *core, const char *path)
{
    const char *candidates[] = {core_file_path(core, path), path};
    for (size_t i = 0; i < 2; i++) {
        int fd = open_regular(candidates[i]);
        if (fd >= 0 && is_same_file(core, path, fd)) {
            return fd;
        }
        if (fd >= 0) {
            close(fd);
        }
    }
    return -1;
}

static int module_file(struct core *core, const char *path)
{
    for (size_t i = 0; i < core->module_count; i++) {
        if (core->modules[i].path == path || strcmp(core->modules[i].path, path) == 0) {
            return core->modules[i].fd;
        }
    }
    if (core->module_count >= MODULES_MAX) {
        return -1;
    }
    core->modules = must_grow(
        core->modules, core->module_count, &core->module_capacity, sizeof(*core->modules));
    int fd = open_same_file(core, path);
    core->modules[core->module_count++] = (struct core_module){.path = path, .fd = fd};
    return fd;
}

// The kernel leaves out writable memory of no file that was never touched: it was zero.
static size_t read_untouched(struct core *core, uint64_t address, void *buffer, size_t size)
{
    const struct segment *segment = segment_at(core, address);
    if (segment == NULL || !segment->is_omitted || (segment->flags & PF_W) == 0 ||
        core_notes_file_at(&core->notes, address) != NULL) {
        return 0;
    }
    size_t here = segment->end - address < size ? segment->end - address : size;
    memset(buffer, 0, here);
    return here;
}

// What the core file omits, out of the file that was mapped there.
static size_t read_module(struct core *core, uint64_t address, void *buffer, size_t size)
{
    const struct core_file_range *file = core_notes_file_at(&core->notes, address);
    if (file == NULL) {
        return 0;
    }
    uint64_t limit = file->end;
    const struct segment *segment = segment_at(core, address);
    if (segment != NULL && segment->end < limit) {
        limit = segment->end;
    }
    size_t here = limit - address < size ? limit - address : size;
    int fd = module_file(core, file->path);
    uint64_t offset;
    if (fd < 0 || __builtin_add_overflow(file->offset, address - file->start, &offset)) {
        return 0;
    }
    return read_file(fd, offset, buffer, here) ? here : 0;
}

size_t core_read(struct core *core, uint64_t address, void *buffer, size_t size)
{
    size_t done = 0;
    while (done < size) {
        uint64_t at;
        if (__builtin_add_overflow(address, done, &at)) {
            break;
        }
        size_t got = read_core_only(core, at, (char *)buffer + done, size - done);
        if (got == 0) {
            got = read_module(core, at, (char *)buffer + done, size - done);
        }
        if (got == 0) {
            got = read_untouched(core, at, (char *)buffer + done, size - done);
        }
        if (got == 0) {
            break;
        }
        done += got;
    }
    return done;
}

// ---- Opening and closing ------------------------------------------------------------------------

// Says so when the program's file given by the user is not the one that wrote the core.
static void check_executable(struct core *core)
{
    const struct core_file_range *program = core_notes_file_at(&core->notes, core->notes.entry);
    if (core->executable == NULL || program == NULL || core->warning[0] != 0) {
        return;
    }
    struct identity then, now;
    uint64_t start = start_of_file(core, program->path);
    int fd = open_regular(core->executable);
    if (fd < 0) {
        snprintf(core->warning, sizeof(core->warning),
            "cannot open %s (%s): names of functions of "
            "the program may be missing",
            core->executable, strerror(errno));
        return;
    }
    if (start != 0 && identity_of_memory(&then, read_core_exactly, core, start) &&
        !(identity_of_descriptor(&now, fd) && identity_is_same(&then, &now))) {
        snprintf(core->warning, sizeof(core->warning),
            "%s is not the program that wrote this core file, which was %s (build-ids differ)",
            core->executable, program->path);
        free(core->executable);
        core->executable = NULL;
    }
    close(fd);
}

static int open_core_descriptor(const char *path, struct target_error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        bad(error, "cannot open %s: %s", path, strerror(errno));
        return -1;
    }
    switch (core_kind_of(fd)) {
    case CORE_FILE:
        return fd;
    case CORE_COMPRESSED:
        bad(error,
            "%s is compressed: unpack it first (unzstd, unlz4, unxz, gunzip; from systemd: "
            "coredumpctl dump -o FILE)",
            path);
        break;
    case CORE_PROGRAM:
        bad(error, "%s is a program or library, not a core file: to run it use `halde run %s`",
            path, path);
        break;
    default:
        bad(error, "%s is neither a core file nor a snapshot", path);
        break;
    }
    close(fd);
    return -1;
}

struct core *core_open(const char *path, const char *executable, struct target_error *error)
{
    int fd = open_core_descriptor(path, error);
    struct stat information;
    if (fd < 0) {
        return NULL;
    }
    if (fstat(fd, &information) != 0 || !S_ISREG(information.st_mode)) {
        close(fd);
        return bad(error, "%s is no regular file: write the core to a file first", path);
    }
    struct core *core = must_allocate(1, sizeof(*core));
    core->fd = fd;
    core->size = (uint64_t)information.st_size;
    core->time = (uint64_t)information.st_mtim.tv_sec;
    core->executable = executable != NULL ? must_copy_text(executable) : NULL;
    if (!load_tables(core, path, error)) {
        core_close(core);
        return NULL;
    }
    check_executable(core);
    make_mappings(core);
    return core;
}

void core_close(struct core *core)
{
    for (size_t i = 0; i < core->module_count; i++) {
        if (core->modules[i].fd >= 0) {
            close(core->modules[i].fd);
        }
    }
    core_notes_release(&core->notes);
    free(core->modules);
    free(core->mappings);
    free(core->segments);
    free(core->executable);
    close(core->fd);
    free(core);
}

const struct target_mapping *core_mappings(const struct core *core, size_t *count)
{
    *count = core->mapping_count;
    return core->mappings;
}

const struct core_thread *core_threads(const struct core *core, size_t *count)
{
    *count = core->notes.thread_count;
    return core->notes.threads;
}

pid_t core_process_id(const struct core *core)
{
    return core->notes.process_id;
}

const char *core_name(const struct core *core)
{
    return core->notes.name;
}

const char *core_arguments(const struct core *core)
{
    return core->notes.arguments;
}

uint64_t core_entry(const struct core *core)
{
    return core->notes.entry;
}

uint64_t core_time(const struct core *core)
{
    return core->time;
}

const char *core_warning(const struct core *core)
{
    return core->warning;
}
