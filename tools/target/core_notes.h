// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * The notes of a core file: threads, names, and which files were mapped where.
 */
#ifndef TARGET_CORE_NOTES_H
#define TARGET_CORE_NOTES_H

#include "target/core.h"

struct core_file_range {
    uint64_t start;
    uint64_t end;
    uint64_t offset; ///< in the file
    char *path;
};

struct core_notes {
    struct core_thread *threads; ///< in the file's order
    size_t thread_count;
    size_t thread_capacity;
    struct core_file_range *files; ///< by address
    size_t file_count;
    size_t file_capacity;
    pid_t process_id;
    char name[17];
    char arguments[81];
    uint64_t entry; ///< of the program
    uint64_t vdso;  ///< address of the kernel's own module
};

/// Adds what a note segment says.
void core_notes_parse(struct core_notes *notes, const unsigned char *bytes, size_t size);
/// Puts files in order.
void core_notes_finish(struct core_notes *notes);
void core_notes_release(struct core_notes *notes);
/// The range that holds an address; NULL: none.
const struct core_file_range *core_notes_file_at(const struct core_notes *notes, uint64_t address);

#endif
