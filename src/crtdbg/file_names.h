// SPDX-FileCopyrightText: 2026 The Halde authors
// SPDX-License-Identifier: MIT

/**
 * Copies of the file names that debug blocks carry, so that a report can still name the file of a
 * module that was unloaded.  A name is copied when a pointer to it is seen for the first time.
 * Lock-free for readers; bounded: when the table is full, names are not copied.
 */
#ifndef CRTDBG_FILE_NAMES_H
#define CRTDBG_FILE_NAMES_H

#include "base/compiler.h"

/// The number of the copy of a name; 0 for NULL, for a name that cannot be read, and when the table
/// is full.
uint32_t file_name_number(const char *name);

/// The copy, or NULL for 0.
const char *file_name_of_number(uint32_t number);

/// Where the copies are, for readers outside of the process: the entry of number n is n - 1.
struct file_name_table {
    const void *entries;
    uint32_t count;
    uint32_t entry_size;  ///< bytes
    uint32_t copy_offset; ///< within an entry: the address of the copy, or NULL
};
void file_names_describe(struct file_name_table *table);

#endif
