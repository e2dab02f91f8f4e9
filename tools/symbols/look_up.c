// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

#include "cli/memory.h"
#include "symbols/demangle.h"
#include "symbols/internal.h"
#include "symbols/paths.h"
#include "symbols/roles.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// A name as programmers write it, as long as options allow. In the pool.
static const char *readable_name(struct symbols *symbols, const char *linkage)
{
    // "f.constprop.0" is f, to who looks for it in the source.
    char *plain = must_copy_text(linkage);
    char *version = strchr(plain, '@');
    if (version != NULL && version != plain) {
        *version = 0;
    }
    demangle_normalise(plain);
    // glibc's mark for calls inside of it.
    const char *base = strncmp(plain, "__GI_", 5) == 0 ? plain + 5 : plain;
    char *name = demangle(base);
    if (name == NULL) {
        name = must_copy_text(base);
    }
    free(plain);
    if (symbols->options.has_short_templates) {
        demangle_shorten_templates(name);
    }
    demangle_limit(name, symbols->options.name_limit);
    const char *kept = text_pool_keep(&symbols->pool, name);
    free(name);
    return kept;
}

/// "libfoo.so.1.2" is libfoo.so, whatever its version.
static uint64_t hash_module(uint64_t hash, const char *name)
{
    const char *mark = strstr(name, ".so");
    return text_hash(hash, name, mark != NULL ? (size_t)(mark - name) + 3 : strlen(name));
}

static uint64_t hash_frame(const struct symbol_frame *frame)
{
    uint64_t hash = TEXT_HASH_START;
    if (frame->module[0] == 0) {
        // Code that was made at run time lies elsewhere each time.
        hash = text_hash(hash, "?", 1);
    } else if (frame->function[0] == 0) {
        char offset[24];
        int size = snprintf(offset, sizeof(offset), "+%" PRIx64, frame->offset);
        hash = text_hash(hash, offset, (size_t)size);
    } else {
        char *name = must_copy_text(frame->function);
        demangle_normalise(name);
        hash = text_hash(hash, name, strlen(name) + 1);
        free(name);
    }
    return hash_module(hash, frame->module_name);
}

static void set_file(
    struct symbols *symbols, struct symbol_frame *frame, const char *path, const char *directory)
{
    if (path == NULL || path[0] == 0) {
        return;
    }
    bool is_relative = path[0] != '/' && directory != NULL && directory[0] != 0;
    char *full = is_relative ? must_format("%s/%s", directory, path) : must_copy_text(path);
    char *place = must_copy_text(directory != NULL ? directory : "");
    path_simplify(full);
    path_simplify(place);
    frame->file = text_pool_keep(&symbols->pool, full);
    // What lies below the directory that we are in is clearest as seen from here.
    const char *near = path_below(full, symbols->directory);
    frame->short_file =
        text_pool_keep(&symbols->pool, near != NULL ? near : path_shorten(full, place));
    free(full);
    free(place);
}

static bool is_mangled(const char *name)
{
    return strncmp(name, "_Z", 2) == 0 || strncmp(name, "_R", 2) == 0;
}

/// Whether a C library's internal name, such as __GI___strdup, has a public one beside it.
static bool is_better(
    const struct elf_name *symbol, const struct dwarf_frame *from, const char *linkage)
{
    return !is_mangled(linkage) && !is_mangled(symbol->name) && symbol->address == from->start &&
           strncmp(linkage, "__", 2) == 0 && strncmp(symbol->name, "__", 2) != 0;
}

/// A function's name: debug information says it for each inlined one; the symbol table may know
/// better, for the function that really is there.
static void set_function(struct symbols *symbols, struct symbol_frame *frame,
    const struct dwarf_frame *from, const struct elf_name *symbol)
{
    const char *linkage = from->linkage;
    if (linkage == NULL && symbol != NULL && (is_mangled(symbol->name) || from->name == NULL)) {
        linkage = symbol->name;
    }
    if (from->name != NULL) {
        frame->plain = text_pool_keep(&symbols->pool, from->name);
    }
    if (linkage == NULL) {
        linkage = from->name;
    }
    if (linkage != NULL && symbol != NULL && is_better(symbol, from, linkage)) {
        linkage = symbol->name;
    }
    if (linkage != NULL) {
        frame->linkage = text_pool_keep(&symbols->pool, linkage);
        bool has_full_name = linkage == from->name && from->full_name != NULL;
        frame->function = readable_name(symbols, has_full_name ? from->full_name : linkage);
    }
}

/// All that is the same for the frames of an address.
static struct symbol_frame plain_frame(
    struct symbols *symbols, const struct image_module *module, uint64_t address, uint64_t pc)
{
    const char *path = module != NULL ? image_string(symbols->image, module->path) : "";
    return (struct symbol_frame){.function = "",
        .linkage = "",
        .plain = "",
        .file = "",
        .short_file = "",
        .module = path,
        .module_name = path_last(path),
        .address = address,
        .offset = module != NULL ? pc - module->bias : pc};
}

static void fill_frame(struct symbols *symbols, struct symbol_frame *frame,
    const struct dwarf_frame *from, const struct elf_name *symbol, uint64_t pc_offset)
{
    set_function(symbols, frame, from, symbol);
    set_file(symbols, frame, from->file, from->directory);
    frame->line = from->line;
    uint64_t start = symbol != NULL ? symbol->address : from->start;
    if (!frame->is_inlined && start != 0 && start <= pc_offset) {
        frame->function_offset = frame->offset - start;
    }
}

/// What debug information knows of an address.  What lies before main() is not shown with its
/// lines: no debug information is read for it, which a C library may have many megabytes of.
static size_t find_in_dwarf(struct symbols *symbols, struct module_file *file,
    const struct elf_name *symbol, uint64_t pc_offset, struct dwarf_frame *found)
{
    if (symbol != NULL && roles_starts(symbol->name, path_last(file->path))) {
        return 0;
    }
    struct dwarf_names *names = module_file_dwarf(file, &symbols->places);
    return names != NULL ? dwarf_names_find(names, pc_offset, found) : 0;
}

static struct module_file *file_of(struct symbols *symbols, const struct image_module *module)
{
    size_t index = module != NULL ? (size_t)(module - symbols->image->modules) : SIZE_MAX;
    if (index >= symbols->file_count || symbols->options.is_off) {
        return NULL;
    }
    module_file_open(&symbols->files[index], &symbols->places, module);
    return symbols->files[index].dwfl != NULL ? &symbols->files[index] : NULL;
}

size_t symbols_look_up(
    struct symbols *symbols, uint64_t address, bool is_return, const struct symbol_frame **frames)
{
    // The call lies before the address that it returns to, perhaps in another line or function.
    uint64_t pc = is_return && address > 0 ? address - 1 : address;
    const struct image_module *module = image_module_at(symbols->image, pc);
    struct symbol_frame plain = plain_frame(symbols, module, address, pc);
    uint64_t pc_offset = plain.offset;
    plain.offset += address - pc;

    struct dwarf_frame found[DWARF_FRAMES_MAX];
    struct module_file *file = file_of(symbols, module);
    const struct elf_name *symbol =
        file != NULL ? elf_names_find(&file->elf, pc_offset, true) : NULL;
    size_t count = file != NULL ? find_in_dwarf(symbols, file, symbol, pc_offset, found) : 0;
    if (count == 0) {
        found[0] = (struct dwarf_frame){0};
        count = 1;
    }
    struct symbol_frame *result = text_pool_allocate(&symbols->pool, count * sizeof(*result));
    for (size_t i = 0; i < count; i++) {
        bool is_last = i + 1 == count;
        result[i] = plain;
        result[i].is_inlined = !is_last;
        fill_frame(symbols, &result[i], &found[i], is_last ? symbol : NULL, pc_offset);
        roles_set(&result[i]);
        result[i].hash = hash_frame(&result[i]);
    }
    *frames = result;
    return count;
}

const char *symbols_variable(struct symbols *symbols, uint64_t address, uint64_t *offset)
{
    const struct image_module *module = image_module_at(symbols->image, address);
    const struct module_file *file = file_of(symbols, module);
    if (file == NULL) {
        return NULL;
    }
    uint64_t own_address = address - module->bias;
    const struct elf_name *symbol = elf_names_find(&file->elf, own_address, false);
    if (symbol == NULL) {
        return NULL;
    }
    *offset = own_address - symbol->address;
    return readable_name(symbols, symbol->name);
}
