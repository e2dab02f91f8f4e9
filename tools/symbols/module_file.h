// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The file of a module, as far as names are concerned: found, checked, opened, with the indexes of
 * its names.  Opened when the first address in it is asked for; its debug information, which
 * libdw has to uncompress whole where it is compressed, when somebody asks for that.
 */
#ifndef SYMBOLS_MODULE_FILE_H
#define SYMBOLS_MODULE_FILE_H

#include "symbols/dwarf_names.h"
#include "symbols/elf_names.h"
#include "symbols/symbols.h"
#include "symbols/text_pool.h"

struct module_file {
    bool is_tried;       ///< to open it
    bool is_dwarf_tried; ///< to find its debug information
    bool has_dwarf;
    Dwfl *dwfl;          ///< NULL: there is no file to be had
    Dwfl_Module *module; ///< of `dwfl`
    GElf_Addr bias;      ///< that the module's addresses have there
    char *path;          ///< that libdwfl knows: as the process saw it
    struct elf_names elf;
    struct dwarf_names dwarf;
};

/// Where files are looked for.
struct module_places {
    const struct image *image;
    char *root;       ///< in front of paths that the process saw; "": its root is ours
    char *debug_path; ///< for libdwfl
    bool can_download;
    void (*note)(void *context, const char *text);
    void *context;
};

void module_places_init(
    struct module_places *places, const struct image *image, const struct symbols_options *options);
void module_places_release(struct module_places *places);

/// Opens the file at the first call. What is missing is said.
void module_file_open(
    struct module_file *file, struct module_places *places, const struct image_module *module);
/// The index of its debug information, looked for at the first call. NULL: there is none.
struct dwarf_names *module_file_dwarf(struct module_file *file, struct module_places *places);
void module_file_release(struct module_file *file);

#endif
