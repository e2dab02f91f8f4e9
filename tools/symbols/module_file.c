// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "symbols/module_file.h"

#include "cli/memory.h"
#include "symbols/download.h"

#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <inttypes.h>
#include <libelf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/// Seconds that a server gets to begin its answer, and then for each 100 KB, unless the user says
/// otherwise; libdebuginfod would wait for 90.
#define DEBUGINFOD_PATIENCE "10"

/// What libdwfl's callback needs of us: there is no other way to hand it over.
static const struct module_places *current_places;
static char *debug_path; ///< of current_places: libdwfl wants the address of a variable

__attribute__((format(printf, 2, 3))) static void note(
    const struct module_places *places, const char *format, ...)
{
    if (places->note == NULL) {
        return;
    }
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    places->note(places->context, text);
}

// ---- Places -------------------------------------------------------------------------------------

/// Whether two paths are one directory.
static bool is_same_directory(const char *left, const char *right)
{
    struct stat left_status;
    struct stat right_status;
    return stat(left, &left_status) == 0 && stat(right, &right_status) == 0 &&
           left_status.st_dev == right_status.st_dev && left_status.st_ino == right_status.st_ino;
}

static char *find_root(const struct image *image)
{
    if (image->source != IMAGE_LIVE || image->process_id == 0) {
        return must_copy_text("");
    }
    char *root = must_format("/proc/%" PRIu32 "/root", image->process_id);
    char *inside = must_format("%s/", root);
    // Of a process that has ended, or that we may not look into, there is nothing but its paths.
    if (access(inside, F_OK) != 0 || is_same_directory(inside, "/")) {
        root[0] = 0;
    }
    free(inside);
    return root;
}

void module_places_init(
    struct module_places *places, const struct image *image, const struct symbols_options *options)
{
    *places = (struct module_places){.image = image,
        .root = find_root(image),
        .can_download = options->can_download,
        .note = options->note,
        .context = options->context};
    const char *own = options->debug_directory;
    const char *root = places->root;
    places->debug_path = must_format("%s%s:.debug:/usr/lib/debug%s%s%s", own != NULL ? ":" : "",
        own != NULL ? own : "", root[0] != 0 ? ":" : "", root,
        root[0] != 0 ? "/usr/lib/debug" : "");
    if (!options->can_download) {
        unsetenv("DEBUGINFOD_URLS"); // libdw asks servers as soon as it exists
    } else if (getenv("DEBUGINFOD_URLS") == NULL) {
        note(places, "--debuginfod: set DEBUGINFOD_URLS to the servers that are to be asked");
    } else {
        setenv("DEBUGINFOD_TIMEOUT", DEBUGINFOD_PATIENCE, false);
        if (isatty(STDERR_FILENO)) {
            setenv("DEBUGINFOD_PROGRESS", "1", false);
        }
    }
}

void module_places_release(struct module_places *places)
{
    free(places->root);
    free(places->debug_path);
}

// ---- libdwfl's way back to us -------------------------------------------------------------------

/// Whether a debug file of that name lies in a place: a directory, in which the file's own
/// directory is repeated, whole or without what it begins with; or one beside the file.
static bool is_in_place(const char *place, const char *file, const char *name)
{
    int length = (int)(strrchr(file, '/') - file);
    bool is_found = false;
    if (place[0] != '/') {
        char *path = must_format("%.*s/%s/%s", length, file, place, name);
        is_found = access(path, F_OK) == 0;
        free(path);
    }
    for (int i = 0; i <= length && place[0] == '/' && !is_found; i++) {
        if (file[i] == '/') {
            char *path = must_format("%s%.*s/%s", place, length - i, file + i, name);
            is_found = access(path, F_OK) == 0;
            free(path);
        }
    }
    return is_found;
}

/// Whether there may be a debug file by name.  Where there is none libdwfl would ask servers, and
/// load all that this takes before it finds that it knows none.
static bool may_be_there(const char *file, const char *link)
{
    if (file == NULL || file[0] != '/' || (link != NULL && strchr(link, '/') != NULL)) {
        return true;
    }
    char *name =
        link != NULL ? must_copy_text(link) : must_format("%s.debug", strrchr(file, '/') + 1);
    char *places = must_format(":%s", debug_path);
    char *rest = places;
    bool is_found = false;
    for (char *place = strsep(&rest, ":"); place != NULL && !is_found; place = strsep(&rest, ":")) {
        is_found = is_in_place(place, file, name);
    }
    free(places);
    free(name);
    return is_found;
}

static int find_standard(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
    const char *file, const char *link, GElf_Word checksum, char **found)
{
    bool asks_servers = current_places == NULL || current_places->can_download;
    if (!asks_servers) {
        int fd =
            dwfl_build_id_find_debuginfo(module, data, name, base, file, link, checksum, found);
        if (fd >= 0 || !may_be_there(file, link)) {
            return fd;
        }
    }
    return dwfl_standard_find_debuginfo(module, data, name, base, file, link, checksum, found);
}

/// Looks beside the file as the process saw it, then as it is seen from here.
static int find_debug_file(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
    const char *file, const char *link, GElf_Word checksum, char **found)
{
    int fd = find_standard(module, data, name, base, file, link, checksum, found);
    if (fd >= 0 || current_places == NULL || current_places->root[0] == 0 || file == NULL) {
        return fd;
    }
    char *path = must_format("%s%s", current_places->root, file);
    fd = find_standard(module, data, name, base, path, link, checksum, found);
    free(path);
    return fd;
}

static void set_current(const struct module_places *places)
{
    current_places = places;
    debug_path = places != NULL ? places->debug_path : NULL;
}

static const Dwfl_Callbacks callbacks = {
    .find_elf = dwfl_build_id_find_elf,
    .find_debuginfo = find_debug_file,
    .section_address = dwfl_offline_section_address,
    .debuginfo_path = &debug_path,
};

// ---- The file -----------------------------------------------------------------------------------

/// Whether a file has the build-id that was recorded; what cannot be compared is believed.
static bool is_right_file(int fd, const struct image_module *module)
{
    if (module->build_id_size == 0) {
        return true;
    }
    bool is_right = false;
    Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    if (elf != NULL) {
        const void *id = NULL;
        ssize_t size = dwelf_elf_gnu_build_id(elf, &id);
        is_right = size == module->build_id_size && memcmp(id, module->build_id, (size_t)size) == 0;
        elf_end(elf);
    }
    return is_right;
}

static int open_checked(const char *path, const struct image_module *module, bool *is_other)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status;
    if (fd < 0) {
        return -1;
    }
    // A pipe or device of that name is not what was mapped.
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        close(fd);
        errno = ENOENT;
        return -1;
    }
    if (!is_right_file(fd, module)) {
        *is_other = true;
        close(fd);
        errno = ENOENT;
        return -1;
    }
    return fd;
}

/// The file that a living process still has mapped, though its name is gone.
static int open_mapped(const struct module_places *places, const struct image_module *module)
{
    const struct image *image = places->image;
    if (image->source != IMAGE_LIVE) {
        return -1;
    }
    for (size_t i = 0; i < image->mapping_count; i++) {
        const struct image_mapping *mapping = &image->mappings[i];
        if (mapping->start < module->start || mapping->end > module->end || mapping->path == 0) {
            continue;
        }
        char path[96];
        snprintf(path, sizeof(path), "/proc/%" PRIu32 "/map_files/%" PRIx64 "-%" PRIx64,
            image->process_id, mapping->start, mapping->end);
        bool is_other = false;
        int fd = open_checked(path, module, &is_other);
        if (fd >= 0 || errno != ENOENT) {
            return fd;
        }
    }
    return -1;
}

/// The debug file of a build-id, which has all that names need, or the file itself beside it.
static int open_by_build_id(const struct module_places *places, const struct image_module *module)
{
    if (module->build_id_size < 2) {
        return -1;
    }
    char id[2 * sizeof(module->build_id) + 2];
    size_t used = 0;
    for (size_t i = 0; i < module->build_id_size && i < sizeof(module->build_id); i++) {
        used += (size_t)snprintf(
            id + used, sizeof(id) - used, i == 0 ? "%02x/" : "%02x", module->build_id[i]);
    }
    char *paths = must_copy_text(places->debug_path);
    int fd = -1;
    char *rest = paths;
    for (char *place = strsep(&rest, ":"); place != NULL && fd < 0; place = strsep(&rest, ":")) {
        static const char *const endings[] = {"", ".debug"};
        for (size_t i = 0; i < 2 && fd < 0 && place[0] == '/'; i++) {
            char *path = must_format("%s/.build-id/%s%s", place, id, endings[i]);
            bool is_other = false;
            fd = open_checked(path, module, &is_other);
            free(path);
        }
    }
    free(paths);
    return fd;
}

static int open_module(const struct module_places *places, const struct image_module *module,
    const char *path, bool *is_other)
{
    char *full = must_format("%s%s", places->root, path);
    int fd = open_checked(full, module, is_other);
    int error = errno;
    free(full);
    // A process that has changed its root only: the kernel tells paths as we see them.
    if (fd < 0 && places->root[0] != 0 && module->build_id_size > 0) {
        fd = open_checked(path, module, is_other);
    }
    if (fd < 0) {
        fd = open_mapped(places, module);
    }
    if (fd < 0) {
        fd = open_by_build_id(places, module);
    }
    if (fd < 0 && places->can_download) {
        fd = download_debug_file(module->build_id, module->build_id_size);
    }
    errno = error;
    return fd;
}

/// The path without what the system adds to it when the file is gone.
static char *clean_path(const char *path)
{
    static const char mark[] = " (deleted)";
    char *copy = must_copy_text(path);
    size_t length = strlen(copy);
    if (length > sizeof(mark) - 1 && strcmp(copy + length - (sizeof(mark) - 1), mark) == 0) {
        copy[length - (sizeof(mark) - 1)] = 0;
    }
    return copy;
}

static void add_names(struct module_file *file, struct module_places *places, Dwfl_Module *module)
{
    GElf_Addr bias = 0;
    // The file was reported at address 0: its addresses are ours, but for this.
    if (dwfl_module_getelf(module, &bias) == NULL) {
        bias = 0;
    }
    file->module = module;
    file->bias = bias;
    set_current(places);
    elf_names_init(&file->elf, module, bias);
    set_current(NULL);
}

struct dwarf_names *module_file_dwarf(struct module_file *file, struct module_places *places)
{
    if (!file->is_dwarf_tried && file->module != NULL) {
        file->is_dwarf_tried = true;
        set_current(places);
        Dwarf_Addr dwarf_bias = 0;
        Dwarf *dwarf = dwfl_module_getdwarf(file->module, &dwarf_bias);
        set_current(NULL);
        if (dwarf != NULL) {
            dwarf_names_init(&file->dwarf, dwarf, dwarf_bias - file->bias);
            file->has_dwarf = true;
        }
    }
    return file->has_dwarf ? &file->dwarf : NULL;
}

static bool read_file(struct module_file *file, struct module_places *places, int fd)
{
    file->dwfl = dwfl_begin(&callbacks);
    if (file->dwfl == NULL) {
        close(fd);
        return false;
    }
    dwfl_report_begin(file->dwfl);
    Dwfl_Module *module = dwfl_report_elf(file->dwfl, file->path, file->path, fd, 0, true);
    if (dwfl_report_end(file->dwfl, NULL, NULL) != 0 || module == NULL) {
        note(places, "%s: cannot be read for names: %s", file->path, dwfl_errmsg(-1));
        if (module == NULL) {
            close(fd);
        }
        dwfl_end(file->dwfl);
        file->dwfl = NULL;
        return false;
    }
    add_names(file, places, module);
    return true;
}

void module_file_open(
    struct module_file *file, struct module_places *places, const struct image_module *module)
{
    if (file->is_tried) {
        return;
    }
    file->is_tried = true;
    const char *path = image_string(places->image, module->path);
    // "[vdso]" and the like are no files.
    if (path[0] != '/') {
        return;
    }
    elf_version(EV_CURRENT);
    file->path = clean_path(path);
    bool is_other = false;
    int fd = open_module(places, module, file->path, &is_other);
    if (fd >= 0) {
        read_file(file, places, fd);
    } else if (is_other) {
        note(places,
            "%s is not the file that the process had mapped (its build-id differs): functions of "
            "it "
            "are shown as module+offset",
            file->path);
    } else {
        note(places, "%s cannot be opened (%s): functions of it are shown as module+offset",
            file->path, strerror(errno));
    }
}

void module_file_release(struct module_file *file)
{
    elf_names_release(&file->elf);
    dwarf_names_release(&file->dwarf);
    if (file->dwfl != NULL) {
        dwfl_end(file->dwfl);
    }
    free(file->path);
    *file = (struct module_file){0};
}
